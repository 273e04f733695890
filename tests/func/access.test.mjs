// Who may see what: every route, as everybody; then streams, terminals and ssh.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Daemon, events, freePort, launchedClass, run, until } from "./daemon.mjs";
import { CLOSE, WebSocketClient } from "./websocket.mjs";

/* One class of Hana's, in which Mio helps and Aoi and Ren learn; another of Kenji's, in which Rio helps and Sora
 * learns. The walk asks for the first class, for Aoi's seat and for a machine of it. Columns, in this order: */
const columns = ["nobody", "mika", "hana", "kenji", "mio", "rio", "aoi", "ren", "sora", "own", "strange"];
/* mika: admin. own, strange: observers, of Aoi's organisation and of another one.
 * A backup, and the way back, are for the unix socket only, which the walk does not use.
 *
 * . let in (what follows may fail for other reasons)    1 sign in first    3 not for you    4 there is no such thing */
const matrix = `
	...........  GET    /health
	...........  GET    /site
	...........  GET    /check
	...........  GET    /check/stream
	...........  GET    /ws/check
	...........  POST   /session
	...........  POST   /session/join
	1..........  GET    /session
	1..........  PATCH  /session
	1..........  DELETE /session
	1.....33333  GET    /host
	1.333333333  GET    /host/doctor
	1.....33333  GET    /stats
	1.333333333  GET    /audit
	1..43333333  GET    /audit?class
	1.333333333  GET    /audit/verify
	1.333333333  POST   /audit/forget
	13333333333  POST   /backup
	13333333333  POST   /restore
	1.333333333  GET    /settings
	1.333333333  PATCH  /settings
	1...3333333  GET    /organisations
	1...3333333  POST   /organisations
	1.333333333  PATCH  /organisations/{organisation}
	1.333333333  DELETE /organisations/{organisation}
	1.333333333  POST   /organisations/{organisation}/merge
	1.333333333  GET    /accounts
	1.333333333  PUT    /accounts/{login}
	1.333333333  PATCH  /accounts/{login}
	1.333333333  DELETE /accounts/{login}
	1.333333333  POST   /accounts/{login}/password
	1.333333333  GET    /accounts/{login}/sessions
	1.333333333  DELETE /accounts/{login}/sessions
	1.....33333  GET    /courses
	1.....33333  GET    /courses/problems
	1.....33333  GET    /courses/{course}/capacity
	1...3333333  POST   /courses/{course}/bake
	1.....33333  GET    /courses/{course}/proof
	1...3333333  POST   /courses/{course}/proof
	1...3333333  DELETE /courses/{course}/proof
	1.....33333  GET    /images
	1...3333333  GET    /images/{image}
	1.333333333  DELETE /images/{image}
	1.....33333  GET    /images/{image}/log
	1...3333333  POST   /images/{image}/build
	1.....33333  GET    /templates
	1.333333333  POST   /trials
	1.333333333  GET    /trials/{trial}
	1.333333333  DELETE /trials/{trial}
	1.333333333  POST   /trials/{trial}/reload
	1.333333333  POST   /trials/{trial}/solve
	1.....33333  GET    /works
	1.....33333  GET    /works/{work}
	1.....33333  GET    /packs
	1.333333333  POST   /packs
	1.....33333  GET    /packs/{course}/{version}
	1.....33333  GET    /packs/{course}/{version}/labs/{lab}
	1...3333333  GET    /packs/{course}/{version}/archive
	1.333333333  POST   /packs/{course}/{version}/activate
	1.333333333  DELETE /packs/{course}/{version}
	1...3333333  POST   /roster/preview
	1.....33333  GET    /classes
	1...3333333  POST   /classes
	1..4.433333  GET    /classes/{class}
	1..4.433333  GET    /classes/{class}/capacity
	1..43333333  PATCH  /classes/{class}
	1..43333333  DELETE /classes/{class}
	1..43333333  POST   /classes/{class}/launch
	1..43333333  POST   /classes/{class}/prepare
	1..43333333  POST   /classes/{class}/open
	1..43333333  POST   /classes/{class}/freeze
	1..43333333  POST   /classes/{class}/resume
	1..43333333  PUT    /classes/{class}/schedule
	1..43333333  POST   /classes/{class}/extend
	1..43333333  POST   /classes/{class}/pause
	1..43333333  POST   /classes/{class}/continue
	1..43333333  POST   /classes/{class}/close
	1..43333333  POST   /classes/{class}/catch-up
	1..43333333  POST   /classes/{class}/labs/{lab}/open
	1..4.433333  GET    /classes/{class}/activity
	1..4.433333  GET    /classes/{class}/messages
	1..4.433333  POST   /classes/{class}/messages
	1..4.433333  DELETE /classes/{class}/messages/{message}
	1..43333333  GET    /classes/{class}/staff
	1..43333333  PUT    /classes/{class}/staff/{login}
	1..43333333  DELETE /classes/{class}/staff/{login}
	1.....333..  GET    /results
	1..4.4333.4  GET    /classes/{class}/results
	1..4.4333.4  GET    /classes/{class}/results.csv
	1..43333333  GET    /classes/{class}/codes
	1..43333333  POST   /classes/{class}/cards
	1..4.433333  GET    /classes/{class}/entrance
	1..43333333  PUT    /classes/{class}/retention
	1..43333333  GET    /classes/{class}/certificates
	1..43333333  POST   /classes/{class}/certificates
	1..43333333  DELETE /classes/{class}/certificates/{certificate}
	...........  GET    /certificates/{certificate}
	1..4.4.4433  GET    /seats/{seat}
	1..4.433333  PATCH  /seats/{seat}
	1..4.4.4433  POST   /seats/{seat}/reset
	1..4.4.4433  POST   /seats/{seat}/power
	1..4.4.4433  POST   /seats/{seat}/hand
	1..4.4.4433  POST   /seats/{seat}/catch-up
	1..4.433333  POST   /seats/{seat}/join-link
	1..4.433333  POST   /seats/{seat}/ssh
	1..4.433333  POST   /seats/{seat}/messages
	1..4.4.4433  POST   /seats/{seat}/messages/{message}/read
	1..4.4.4433  GET    /seats/{seat}/keys
	1..4.4.4433  POST   /seats/{seat}/keys
	1..4.4.4433  DELETE /seats/{seat}/keys/{key}
	1..4.4.4433  GET    /seats/{seat}/attempts
	1..4.4.4433  GET    /seats/{seat}/workspace
	1..4.4.4433  GET    /seats/{seat}/labs/{lab}
	1..4.4.4433  POST   /seats/{seat}/labs/{lab}/open
	1..4.4.4433  POST   /seats/{seat}/labs/{lab}/tasks/{task}/check
	1..4.4.4433  POST   /seats/{seat}/labs/{lab}/tasks/{task}/hints/{hint}
	1........33  GET    /events
	1..4.4..433  GET    /events?class
	1..4.4.4433  GET    /events?seat
	1........33  GET    /terminal
	1..4.4.4433  GET    /terminal?machine
	1........33  POST   /terminal
	1..4.4.4433  POST   /terminal?machine
	1........33  GET    /ws/terminal
	1..4.4.4433  GET    /ws/terminal?machine
`;

const people = {};
const place = mkdtempSync(join(tmpdir(), "tk-access-"));
let daemon, port, made, other, seat, machine, version, routes;

before(async () => {
	port = await freePort();
	daemon = await Daemon.start({ args: [`--ssh-port=${port}`] });
	routes = JSON.parse((await run(["--routes"])).output);
	for (const [name, role] of [["mika", "admin"], ["hana", "instructor"], ["kenji", "instructor"], ["mio", "assistant"],
		["rio", "assistant"], ["own", "observer"], ["strange", "observer"]])
		people[name] = await daemon.account(name, role);
	for (const [name, organisation] of [["own", "Sakura Bank"], ["strange", "Kiri Bank"]]) {
		const { id } = (await daemon.as(people.mika, "POST", "/organisations", { name: organisation })).json;
		await daemon.as(people.mika, "PATCH", `/accounts/${name}`, { name, role: "observer", organisation: id });
		people[name] = await daemon.signIn(name, `${name}-password`);
	}
	made = await launchedClass(daemon, people.hana, [{ name: "Aoi", organisation: "Sakura Bank" }, { name: "Ren" }]);
	other = await launchedClass(daemon, people.kenji, ["Sora"]);
	for (const [owner, one, login] of [["hana", made, "mio"], ["kenji", other, "rio"]])
		assert.equal((await daemon.as(people[owner], "PUT", `/classes/${one.id}/staff/${login}`)).status, 200);
	people.aoi = await daemon.join(made.code, "Aoi");
	people.ren = await daemon.join(made.code, "Ren");
	people.sora = await daemon.join(other.code, "Sora");
	seat = people.aoi.seat;
	machine = made.seat.find((one) => one.id === seat).machines[0].id;
	version = (await daemon.as(people.mika, "GET", "/packs")).json.find((one) => one.id === "linux-intro").version;
});
after(async () => {
	rmSync(place, { recursive: true, force: true });
	await daemon?.stop();
});

const expected = matrix.trim().split("\n").map((line) => {
	const [marks, method, path] = line.trim().split(/\s+/);
	return { marks, method, path };
});

/** The address of a row: variables filled in, and of the query those that name something. */
function address(path) {
	const names = { class: made.id, seat, machine, course: "linux-intro", image: "debian-13", version, login: "hana",
		lab: made.labs[0].id, task: made.labs[0].tasks[0].id, hint: 0, key: 1, work: 1, trial: 1, organisation: 1, message: 1,
		certificate: "2222-2222-2222" };
	const [plain, query] = path.split("?");
	const filled = plain.replace(/{(\w+)}/g, (_, name) => {
		assert.ok(name in names, `give {${name}} a value in this test`);
		return names[name];
	});
	return (filled.startsWith("/ws/") ? filled : `/api/v1${filled}`) + (query ? `?${query}=${names[query]}` : "");
}

/** What one of them is told. Whoever is let in fails by a field that no route has: nothing is changed. */
async function mark(name, method, path) {
	const session = people[name];
	const asked = path.startsWith("/events") ? "HEAD" : method;
	const body = method === "GET" ? undefined : { "no such field": true };
	const headers = method === "POST" && path === "/packs" ? { "Content-Type": "application/gzip" } : {};
	const reply = await daemon.request(asked, address(path), { session, body, headers });
	if (reply.status === 401) return "1";
	if (reply.status === 403) return "3";
	const hidden = reply.status === 404 && (asked === "HEAD" || /there is no (class|seat|machine) /.test(reply.json.detail));
	return hidden ? "4" : ".";
}

test("every route says in this test who is let in", () => {
	const given = new Set(expected.map(({ method, path }) => `${method} ${path}`));
	const wanted = routes.filter((route) => route.path.startsWith("/")).flatMap((route) => {
		const path = route.path.replace("/api/v1", "");
		return [path, ...route.query.filter((name) => /^(class|seat|machine)$/.test(name)).map((name) => `${path}?${name}`)]
			.map((one) => `${route.method} ${one}`);
	});
	assert.deepEqual(wanted.filter((one) => !given.has(one)), [], "routes without a line in the matrix above");
	assert.deepEqual([...given].filter((one) => !wanted.includes(one)), [], "lines without a route");
});

test("everybody is told about every route what the matrix says", async () => {
	const wrong = [];
	for (const { marks, method, path } of expected) {
		const found = (await Promise.all(columns.map((name) => mark(name, method, path)))).join("");
		if (found !== marks) wrong.push(`${method} ${path}: ${found}, not ${marks}`);
	}
	assert.deepEqual(wrong, []);
});

test("what one may not know of answers like what is not there", async () => {
	for (const [name, path, id] of [["kenji", "/classes/ID", made.id], ["rio", "/classes/ID", made.id], ["ren", "/seats/ID", seat],
		["kenji", "/seats/ID/workspace", seat], ["sora", "/events?class=ID", made.id], ["mio", "/audit?class=ID", made.id],
		["kenji", "/classes/ID/staff", made.id]]) {
		const [real, none] = await Promise.all([id, 987654].map((one) => daemon.as(people[name], "GET", path.replace("ID", one))));
		assert.equal(real.status, none.status, path);
		assert.equal(real.text.replaceAll(String(id), "*"), none.text.replaceAll("987654", "*"), path);
	}
});

test("lists hold what one may see", async () => {
	const list = async (name) => (await daemon.as(people[name], "GET", "/classes")).json.map((one) => one.id).sort();
	assert.deepEqual(await list("mika"), [made.id, other.id].sort());
	assert.deepEqual(await list("hana"), [made.id]);
	assert.deepEqual(await list("mio"), [made.id]);
	assert.deepEqual(await list("kenji"), [other.id]);
	assert.deepEqual(await list("rio"), [other.id]);
});

/* ---- the event stream ---- */

/** Raises and lowers hands in both classes, the one that everybody in question hears at the end. */
const wave = async (name, seats) => {
	for (const id of seats) for (const raised of [true, false])
		assert.equal((await daemon.as(people[name], "POST", `/seats/${id}/hand`, { raised })).status, 200);
};
/** What a stream without a class in its address tells while hands go up in both classes. */
async function heard(name, path = "/events") {
	const last = (all) => all.some((event) => event.event === "seat" && JSON.parse(event.data).class === (name === "kenji" || name === "rio"
		|| name === "sora" ? other.id : made.id) && ++seen >= 2);
	let seen = 0;
	const stream = events(daemon, path, people[name], { enough: last });
	await stream.open;
	await wave("mika", [people.ren.seat, people.sora.seat, seat, people.sora.seat]);
	return (await stream).events.filter((event) => event.event === "seat").map((event) => JSON.parse(event.data));
}

test("a stream tells staff of their own classes, and a student of the own seat", async () => {
	for (const name of ["hana", "mio"]) for (const one of await heard(name)) assert.equal(one.class, made.id, name);
	for (const name of ["kenji", "rio"]) for (const one of await heard(name)) assert.equal(one.class, other.id, name);
	for (const [name, own] of [["aoi", seat], ["sora", people.sora.seat]])
		for (const one of await heard(name)) assert.equal(one.id, own, name);
	assert.equal(new Set((await heard("mika")).map((one) => one.class)).size >= 1, true);
});

test("what a stream missed is filtered by the same rules", async () => {
	const first = await events(daemon, "/events", people.kenji, { enough: (all) => all.length > 0 });
	await wave("mika", [seat, people.sora.seat]);
	const again = await events(daemon, "/events", people.kenji, { headers: { "Last-Event-ID": first.events[0].id },
		enough: (all) => all.filter((event) => event.event === "seat").length >= 2 });
	for (const event of again.events.filter((one) => one.data)) assert.equal(JSON.parse(event.data).class, other.id);
});

test("the work of a class is told and listed to its staff only", async () => {
	const stream = events(daemon, "/events", people.kenji, { enough: (all) => all.some((event) => event.event === "seat") });
	await stream.open;
	const work = await daemon.as(people.hana, "POST", `/seats/${seat}/catch-up`, { lab: made.labs[0].id });
	assert.equal(work.status, 202, work.text);
	await wave("kenji", [people.sora.seat]);
	assert.deepEqual((await stream).events.filter((event) => event.event === "job"), []);
	for (const [name, status] of [["hana", 200], ["mio", 200], ["mika", 200], ["kenji", 404], ["rio", 404]]) {
		assert.equal((await daemon.as(people[name], "GET", `/works/${work.json.id}`)).status, status, name);
		const listed = (await daemon.as(people[name], "GET", "/works")).json.some((one) => one.id === work.json.id);
		assert.equal(listed, status === 200, name);
	}
});

test("an observer gets the results of the own people and of nobody else", async () => {
	const names = async (name, path) => [(await daemon.as(people[name], "GET", path)).json].flat().flatMap((one) => one.seats.map((row) => row.name));
	assert.deepEqual(await names("own", "/results"), ["Aoi"]);
	assert.deepEqual(await names("own", `/classes/${made.id}/results`), ["Aoi"]);
	assert.deepEqual(await names("strange", "/results"), []);
	assert.deepEqual((await names("hana", "/results")).sort(), ["Aoi", "Ren"]);
	assert.deepEqual(await names("mio", `/classes/${made.id}/results`), ["Aoi", "Ren"]);
	assert.deepEqual(await names("kenji", "/results"), ["Sora"]);
	const { tasks } = (await daemon.as(people.own, "GET", `/classes/${made.id}/results`)).json;
	assert.ok(tasks.length > 0 && tasks.every((row) => row.seat === seat));
	const table = (await daemon.as(people.own, "GET", `/classes/${made.id}/results.csv`)).text;
	assert.match(table, /Aoi/);
	assert.doesNotMatch(table, /Ren/);
});

test("every kind of event and of ssh channel has a rule that this test knows", () => {
	const rows = routes.filter((route) => !route.path.startsWith("/")).map((row) => `${row.method} ${row.path}: ${row.rule}`);
	assert.deepEqual(rows, ["event seat: seat", "event progress: seat", "event class: class-member",
		"event message: class-member", "event message-read: seat", "event activity: class-staff", "event everyone: class-staff",
		"event host: staff", "event job: staff", "ssh shell: seat", "ssh exec: seat", "ssh sftp: seat", "ssh direct-tcpip: seat"]);
});

/* ---- terminals ---- */

const terminal = (name) => WebSocketClient.open(daemon, `/ws/terminal?machine=${machine}`, { session: people[name] ?? { cookie: "x=y" } });

test("a terminal opens for its student and the staff of the class", async () => {
	const statuses = [401, 101, 101, 404, 101, 404, 101, 404, 404, 403, 403];
	for (const [i, name] of columns.entries()) {
		const { status, client } = await terminal(name);
		client?.destroy();
		assert.equal(status, statuses[i], name);
	}
});

/** A terminal where no WebSocket gets through: once it speaks, { over }, which comes with its end. */
function followed(name) {
	return new Promise((done, failed) => {
		http.get({ host: "127.0.0.1", port: daemon.port, agent: false, headers: { Cookie: people[name].cookie },
			path: `/api/v1/terminal?machine=${machine}&line=${"0a".repeat(16)}` }, (reply) => {
			reply.on("error", () => {});
			const over = new Promise((ended) => reply.on("close", ended));
			reply.once("data", () => done({ over }));
		}).on("error", failed);
	});
}

test("who is taken off a class hears and sees nothing of it from then on", async () => {
	const { client } = await terminal("mio");
	const stream = events(daemon, `/events?class=${made.id}`, people.mio, { milliseconds: 8000 });
	await stream.open;
	const { over } = await followed("mio");
	assert.equal((await daemon.as(people.hana, "DELETE", `/classes/${made.id}/staff/mio`)).status, 200);
	await Promise.race([over, new Promise((_, failed) => setTimeout(failed, 30000, new Error("the terminal without a WebSocket goes on")).unref())]);
	assert.ok((await stream).ended);
	await client.message((message) => message.opcode === CLOSE);
	client.destroy();
	assert.equal((await daemon.as(people.mio, "GET", `/classes/${made.id}`)).status, 404);
	assert.equal((await daemon.as(people.hana, "DELETE", `/classes/${made.id}/staff/mio`)).status, 404);
	assert.equal((await daemon.as(people.hana, "PUT", `/classes/${made.id}/staff/mio`)).status, 200);
	assert.equal((await daemon.as(people.mio, "GET", `/classes/${made.id}`)).status, 200);
});

/* ---- the staff of a class ---- */

test("instructors and assistants are added to a class, and lead or help there as their role is", async () => {
	const view = (await daemon.as(people.hana, "PUT", `/classes/${made.id}/staff/kenji`)).json;
	assert.equal(view.owner.login, "hana");
	assert.deepEqual(view.staff.map((one) => `${one.login} ${one.role}`), ["kenji instructor", "mio assistant"]);
	assert.deepEqual(view.others.map((one) => one.login), ["rio"]);
	assert.equal((await daemon.as(people.kenji, "GET", `/classes/${made.id}/staff`)).status, 200);
	for (const [login, status] of [["own", 400], ["mika", 400], ["nobody", 404]])
		assert.equal((await daemon.as(people.hana, "PUT", `/classes/${made.id}/staff/${login}`)).status, status, login);
	assert.equal((await daemon.as(people.kenji, "DELETE", `/classes/${made.id}/staff/hana`)).status, 404); /* the owner */
	assert.equal((await daemon.as(people.kenji, "DELETE", `/classes/${made.id}/staff/kenji`)).status, 200);
	const log = (await daemon.as(people.hana, "GET", `/audit?class=${made.id}`)).json.map((row) => row.action);
	assert.ok(log.includes("class.staff-add") && log.includes("class.staff-remove"), log.join());
});

test("the command line lists, adds and removes staff", async () => {
	const cli = (...args) => daemon.cli("class", "staff", String(made.id), ...args);
	assert.match(cli("--add", "rio").stdout, /owner +hana .*instructor\nadded +mio .*\nadded +rio +rio +assistant/);
	assert.doesNotMatch(cli("--remove", "rio").stdout, /rio/);
	assert.equal(cli("--add", "nobody").status, 3);
});

test("an account that is removed is nobody's staff any more", async () => {
	await daemon.account("yui", "assistant");
	await daemon.as(people.hana, "PUT", `/classes/${made.id}/staff/yui`);
	assert.equal((await daemon.as(people.mika, "DELETE", "/accounts/yui")).status, 204);
	const view = (await daemon.as(people.hana, "GET", `/classes/${made.id}/staff`)).json;
	assert.deepEqual(view.staff.map((one) => one.login), ["mio"]);
});

test("an assistant helps in a seat, and neither closes nor removes the class", async () => {
	assert.equal((await daemon.as(people.mio, "POST", `/seats/${seat}/hand`, { raised: true })).status, 200);
	assert.equal((await daemon.as(people.mio, "POST", `/seats/${seat}/reset`, {})).status, 202);
	for (const [method, path] of [["POST", "/close"], ["POST", "/launch"], ["DELETE", ""]])
		assert.equal((await daemon.as(people.mio, method, `/classes/${made.id}${path}`)).status, 403, path);
});

/* ---- ssh ---- */

function ssh(name, password, ...more) {
	writeFileSync(join(place, "ask"), `#!/bin/sh\necho '${password}'\n`);
	chmodSync(join(place, "ask"), 0o755);
	return new Promise((done) => execFile("ssh", ["-F", "none", "-p", String(port), "-o", "PreferredAuthentications=password",
		"-o", "StrictHostKeyChecking=no", "-o", `UserKnownHostsFile=${join(place, "known")}`, "-o", "NumberOfPasswordPrompts=1",
		...more, `${name}@127.0.0.1`, "true"],
	{ env: { ...process.env, SSH_ASKPASS: join(place, "ask"), SSH_ASKPASS_REQUIRE: "force" }, timeout: 30000 },
	(error, stdout, stderr) => done({ code: error?.code ?? 0, stderr })));
}

test("a seat's ssh password opens that seat and no other; staff of another class makes none", async () => {
	const card = async (name, id) => daemon.as(people[name], "POST", `/seats/${id}/ssh`);
	const mine = (await card("mio", seat)).json, ren = (await card("hana", people.ren.seat)).json;
	assert.equal((await card("kenji", seat)).status, 404);
	assert.equal((await card("aoi", seat)).status, 403);
	assert.doesNotMatch((await ssh(mine.login, mine.password)).stderr, /Permission denied/);
	assert.match((await ssh(ren.login, mine.password)).stderr, /Permission denied/);
});

test("when a class is closed, its staff still sees it and nobody else does", async () => {
	assert.equal((await daemon.as(people.hana, "POST", `/classes/${made.id}/close`)).status, 202);
	await until(async () => (await daemon.as(people.mio, "GET", `/classes/${made.id}`)).json.state === "closed");
	assert.equal((await daemon.as(people.kenji, "GET", `/classes/${made.id}`)).status, 404);
	const stream = events(daemon, "/events", people.hana, { enough: (all) => all.some((event) => /removed/.test(event.data)) });
	const elsewhere = events(daemon, "/events", people.kenji, { milliseconds: 1200 });
	await Promise.all([stream.open, elsewhere.open]);
	assert.equal((await daemon.as(people.hana, "DELETE", `/classes/${made.id}`)).status, 204);
	assert.ok((await stream).events.some((event) => /removed/.test(event.data)));
	assert.ok(!(await elsewhere).events.some((event) => event.event === "class"));
});
