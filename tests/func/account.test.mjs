import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { Daemon, events, terakoya } from "./daemon.mjs";

let daemon, mika, hana;

before(async () => {
	daemon = await Daemon.start();
	mika = await daemon.account("mika", "admin");
	hana = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

const cli = (input, ...args) => spawnSync(terakoya, ["--state-dir", daemon.state, ...args], { encoding: "utf8", input });
const account = async (login) => (await daemon.as(mika, "GET", "/accounts")).json.find((one) => one.login === login);

test("accounts are listed with their sessions and classes, without a password", async () => {
	await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 1 });
	const view = await account("hana");
	assert.deepEqual({ role: view.role, sessions: view.sessions, classes: view.classes }, { role: "instructor", sessions: 1, classes: 1 });
	assert.ok(view.seen_at > 0);
	assert.doesNotMatch(JSON.stringify(view), /argon2/);
	assert.match(cli("", "account", "list").stdout, /hana +hana +instructor +1 +1 +20/);
});

test("only admins see and change accounts", async () => {
	for (const [method, path, body] of [["GET", "/accounts"], ["PUT", "/accounts/eve", { name: "Eve", role: "admin" }], ["DELETE", "/accounts/mika"],
		["POST", "/accounts/mika/password", {}], ["GET", "/accounts/mika/sessions"], ["DELETE", "/accounts/mika/sessions"]])
		assert.equal((await daemon.as(hana, method, path, body)).status, 403, `${method} ${path}`);
	assert.deepEqual((await daemon.as(mika, "GET", "/accounts")).json.map((one) => one.login), ["hana", "mika"]);
});

test("the log names who changed an account", async () => {
	assert.equal((await daemon.as(mika, "PUT", "/accounts/taro", { name: "太郎", role: "assistant" })).status, 200);
	const [row] = (await daemon.as(mika, "GET", "/audit?limit=1")).json;
	assert.deepEqual([row.actor, row.action, row.object], ["mika", "account.set", "login taro"]);
});

test("what is not named stays as it is: name, role, password and sessions, by the page and by the command line", async () => {
	await daemon.account("rin", "admin");
	const rin = await daemon.signIn("rin", "rin-password"), own = async () => (await daemon.as(rin, "GET", "/session")).json.person;
	const set = async (...what) => {
		const run = cli("", "account", "set", "rin", ...what);
		assert.deepEqual([run.status, run.stdout], [0, "rin: saved\n"]);
		const { name, role } = await own();
		return [name, role];
	};
	assert.equal((await daemon.as(mika, "PATCH", "/accounts/rin", { name: "凛" })).status, 204);
	assert.deepEqual(await set("--name", "凛 森"), ["凛 森", "admin"]);
	assert.deepEqual(await set("--role", "assistant"), ["凛 森", "assistant"]);
	assert.deepEqual(await set(), ["凛 森", "assistant"]);
	assert.deepEqual((await daemon.as(mika, "PUT", "/accounts/rin", { role: "instructor" })).json, {});
	assert.equal((await own()).role, "instructor");
	assert.equal((await daemon.signIn("rin", "rin-password")).person.name, "凛 森");
	assert.match(cli("", "account", "set", "rin", "--new-password").stdout, /^rin {2}password: [a-z2-9-]{23}\n$/);
	assert.equal((await daemon.as(rin, "GET", "/session")).status, 401, "another password ends sessions");
	assert.deepEqual([(await account("rin")).name, (await account("rin")).role], ["凛 森", "instructor"]);
	assert.equal(cli("rin-password\n", "account", "set", "rin", "--password-stdin").status, 0);
	await daemon.signIn("rin", "rin-password");
	assert.equal((await daemon.as(mika, "PATCH", "/accounts/nobody", { role: "admin" })).status, 404);
	const made = cli("", "account", "set", "sho");
	assert.match(made.stdout, /^sho {2}password: /);
	assert.deepEqual([(await account("sho")).name, (await account("sho")).role], ["sho", "instructor"]);
	assert.equal(cli("", "account", "remove", "sho", "--yes").status, 0);
});

test("another role counts from the next thing that is done, also for what streams; nobody changes the own role", async () => {
	const rin = await daemon.signIn("rin", "rin-password");
	assert.equal((await daemon.as(rin, "GET", "/classes")).status, 200);
	const stream = events(daemon, "/events", rin, { milliseconds: 8000 });
	await stream.open;
	assert.equal((await daemon.as(mika, "PATCH", "/accounts/rin", { role: "observer" })).status, 204);
	assert.ok((await stream).ended, "the page opens another");
	assert.equal((await daemon.as(rin, "GET", "/session")).json.person.role, "observer");
	assert.equal((await daemon.as(rin, "POST", "/classes", { course: "linux-intro", seats: 1 })).status, 403);
	for (const method of ["PATCH", "PUT"])
		assert.equal((await daemon.as(mika, method, "/accounts/mika", { role: "observer" })).status, 409, method);
	assert.equal((await daemon.as(mika, "PATCH", "/accounts/rin", { name: "凛", role: "teacher" })).status, 400);
	assert.equal((await daemon.as(mika, "DELETE", "/accounts/rin")).status, 204);
});

test("an account is changed in all that was asked for, or not at all", async () => {
	const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(daemon.state, "terakoya.db"), text]);
	await daemon.account("yui", "assistant");
	const { id } = (await daemon.as(mika, "POST", "/organisations", { name: "Yui Bank" })).json;
	sql("CREATE TRIGGER full BEFORE UPDATE OF organisation ON person BEGIN SELECT RAISE(ABORT, 'disk full'); END");
	for (const method of ["PATCH", "PUT"])
		assert.ok((await daemon.as(mika, method, "/accounts/yui", { name: "結衣", role: "admin", organisation: id })).status >= 400);
	sql("DROP TRIGGER full");
	const { name, role } = await account("yui");
	assert.deepEqual([name, role], ["yui", "assistant"]);
	assert.equal((await daemon.as(mika, "DELETE", "/accounts/yui")).status, 204);
});

test("what is typed as a name is one name to the command line, whatever is in it", async () => {
	await daemon.account("yui", "assistant");
	for (const odd of ["yui?", "yui#", "yui?session=1", "mika/../yui", "../accounts/yui", "yui/sessions", "yui%3f", "yu i", "結衣", "yui%2Fsessions", ".."]) {
		const run = cli("", "account", "remove", odd, "--yes");
		assert.notEqual(run.status, 0, odd);
		assert.match(run.stderr, /there is (no account|nothing at)/, odd);
	}
	for (const odd of ["yui/sessions", "yui%2fsessions"])
		assert.equal((await daemon.as(mika, "DELETE", `/accounts/${encodeURIComponent(odd)}`)).status, 404, odd);
	assert.match(cli("", "account", "sessions", "yui").stdout, /20/, "still there, and signed in");
	assert.match(cli("", "pack", "activate", "linux-intro", "../x y").stderr, /there is nothing at|no /);
	assert.match(cli("", "audit", "list", "--class", "1&actor=mika").stderr, /class/);
	assert.equal(cli("", "account", "remove", "yui", "--yes").status, 0);
});

test("a new password ends the sessions before it; the old one is of no use any more", async () => {
	const old = await daemon.signIn("hana", "hana-password");
	const reply = await daemon.as(mika, "POST", "/accounts/hana/password", {});
	assert.match(reply.json.password, /^[a-z2-9-]{23}$/);
	assert.equal((await daemon.as(old, "GET", "/session")).status, 401);
	assert.equal((await daemon.request("POST", "/api/v1/session", { body: { login: "hana", password: "hana-password" } })).status, 401);
	hana = await daemon.signIn("hana", reply.json.password);
	assert.equal((await account("hana")).role, "instructor");
	assert.equal(cli("a-much-better-one\n", "account", "password", "hana", "--password-stdin").status, 0);
	hana = await daemon.signIn("hana", "a-much-better-one");
	assert.equal((await daemon.as(mika, "POST", "/accounts/nobody/password", {})).status, 404);
	assert.equal((await daemon.as(mika, "POST", "/accounts/hana/password", { password: "short" })).status, 400);
});

test("sessions are listed, and ended one by one or all, with what streams in them", async () => {
	const other = await daemon.signIn("hana", "a-much-better-one");
	const sessions = (await daemon.as(mika, "GET", "/accounts/hana/sessions")).json;
	assert.equal(sessions.length, 2);
	assert.ok(sessions.every((one) => !one.current && /^[0-9a-f]{16}$/.test(one.id)));
	assert.equal((await daemon.as(mika, "GET", "/accounts/mika/sessions")).json.filter((one) => one.current).length, 1);
	assert.equal((await daemon.as(mika, "DELETE", `/accounts/hana/sessions?session=${sessions[0].id}`)).json.ended, 1);
	const left = await Promise.all([hana, other].map((one) => daemon.as(one, "GET", "/session")));
	assert.deepEqual(left.map((reply) => reply.status).sort(), [200, 401]);
	const stream = events(daemon, "/events", left[0].status === 200 ? hana : other, { milliseconds: 8000 });
	await stream.open;
	assert.match(cli("", "account", "sign-out", "hana").stdout, /1 session ended/);
	assert.ok((await stream).ended);
	assert.equal(cli("", "account", "sign-out", "nobody").status, 3);
});

test("a removed account is signed out, its classes stay, and nobody removes the own one", async () => {
	hana = await daemon.signIn("hana", "a-much-better-one");
	assert.equal((await daemon.as(mika, "DELETE", "/accounts/mika")).status, 409);
	assert.equal(cli("", "account", "remove", "hana").status, 4); /* nobody can be asked */
	assert.equal(cli("", "account", "remove", "hana", "--yes").status, 0);
	assert.equal((await daemon.as(hana, "GET", "/session")).status, 401);
	const [made] = (await daemon.as(mika, "GET", "/classes")).json;
	const yuki = await daemon.account("yuki", "instructor");
	assert.equal((await daemon.as(yuki, "DELETE", `/classes/${made.id}`)).status, 204);
});

test("sixteen accounts are made at once while others are answered", async () => {
	const made = Promise.all(Array.from({ length: 16 }, (_, i) =>
		daemon.as(mika, "PUT", `/accounts/person${i}`, { name: `Person ${i}`, role: "observer" })));
	let answers = 0, over = false;
	made.finally(() => (over = true));
	while (!over) {
		await daemon.request("GET", "/api/v1/health");
		answers++;
	}
	assert.deepEqual([...new Set((await made).map((reply) => reply.status))], [200]);
	assert.equal((await daemon.as(mika, "GET", "/accounts")).json.filter((one) => one.login.startsWith("person")).length, 16);
	assert.ok(answers > 64, `${answers} answers meanwhile`); /* one between two hashes, were they on that thread */
});
