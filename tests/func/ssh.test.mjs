// What the ssh gateway does before there is any machine: its key, its port, who is let in, and what strangers may cost.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ecdsaKey, ed25519Key, publicLine, startAgent } from "./agent.mjs";
import { Daemon, flags, freePort, launchedClass, makeState, run } from "./daemon.mjs";

const place = mkdtempSync(join(tmpdir(), "tk-ssh-func-"));
let daemon, hana, made, port;

before(async () => {
	port = await freePort();
	daemon = await Daemon.start({ args: [`--ssh-port=${port}`] });
	hana = await daemon.account("hana", "instructor");
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 2 })).json;
});

after(async () => {
	await daemon.stop();
	rmSync(place, { recursive: true, force: true });
});

const card = async () => (await daemon.as(hana, "POST", `/seats/${made.seat[0].id}/ssh`)).json;

const sshOptions = (name, ...more) => ["-F", "none", "-p", String(port), ...more, "-o", "PreferredAuthentications=password",
	"-o", "StrictHostKeyChecking=no", "-o", `UserKnownHostsFile=${join(place, "known")}`,
	"-o", "NumberOfPasswordPrompts=1", `${name}@127.0.0.1`, "true"];

/** What ssh says, with this name and password. */
function ssh(name, password, ...more) {
	writeFileSync(join(place, "ask"), `#!/bin/sh\necho '${password}'\n`);
	chmodSync(join(place, "ask"), 0o755);
	return new Promise((done) => execFile("ssh", sshOptions(name, ...more),
	{ env: { ...process.env, SSH_ASKPASS: join(place, "ask"), SSH_ASKPASS_REQUIRE: "force" }, timeout: 30000 },
	(error, stdout, stderr) => done({ code: error?.code ?? 0, stderr })));
}

test("a password is made by staff, looks like its card, and replaces the one before", async () => {
	const first = await card(), second = await card();
	assert.match(first.login, /^[a-z]+-[2-9]{3}-01$/);
	assert.equal(first.command, `ssh -p ${port} ${first.login}@127.0.0.1`);
	assert.notEqual(first.password, second.password);
	assert.match((await ssh(first.login, first.password)).stderr, /Permission denied \(\S*password\S*\)/);
});

test("a class that has not begun lets nobody in, and says so to who has the password only", async () => {
	const { login, password } = await card();
	assert.match((await ssh(login, password)).stderr, /terakoya: the class has not begun, or is over/);
	assert.doesNotMatch((await ssh(login, "wrong")).stderr, /not begun/);
});

test("public keys are read with care: what they are, how long, how many", async () => {
	const seat = made.seat[0].id, other = made.seat[1].id;
	const keygen = (name, ...args) => new Promise((done) => execFile("ssh-keygen", ["-q", "-N", "", "-C", name, "-f", join(place, name), ...args],
		() => done(readFileSync(join(place, `${name}.pub`), "utf8"))));
	const add = async (key, id = seat) => daemon.as(hana, "POST", `/seats/${id}/keys`, { key });
	const good = await keygen("good", "-t", "ed25519");
	const weak = await keygen("weak", "-t", "rsa", "-b", "1024");
	for (const [key, why] of [["", /key/], ["hello", /begins with/], [readFileSync(join(place, "good"), "utf8"), /private key/],
		[`command="rm" ${good}`, /begins with/], [good.slice(0, 60), /no whole/], [good.replace("ssh-ed25519", "ssh-rsa"), /no whole/],
		["ssh-dss AAAAB3NzaC1kc3MAAACBAP", /begins with/], [weak, /2048 bits or more/], ["x".repeat(9000), /./]]) {
		const reply = await add(key);
		assert.ok([400, 413].includes(reply.status), `${key.slice(0, 40)}: ${reply.status}`);
		assert.match(reply.json.detail, why);
	}
	const added = await add(`\n${good}`);
	assert.equal(added.status, 201, added.text);
	assert.equal(added.json.comment, "good");
	assert.match(added.json.fingerprint, /^SHA256:[\w+/]{43}$/);
	assert.equal((await add(good)).status, 409, "once is enough");
	assert.equal((await add(good, other)).status, 201, "but another seat may have it, too");
	for (let i = 0; i < 7; i++) assert.equal((await add(await keygen(`more${i}`, "-t", "ed25519"))).status, 201);
	assert.match((await add(await keygen("ninth", "-t", "ed25519"))).json.detail, /at most 8 keys/);
	const listed = (await daemon.as(hana, "GET", `/seats/${seat}/keys`)).json;
	assert.equal(listed.keys.length, 8);
	assert.equal(listed.password, undefined);
	assert.equal((await daemon.as(hana, "DELETE", `/seats/${other}/keys/${listed.keys[0].id}`)).status, 404, "a key is removed at its own seat");
	assert.equal((await daemon.as(hana, "DELETE", `/seats/${seat}/keys/${listed.keys[0].id}`)).status, 204);
	const signIn = (name) => ssh(listed.login, "wrong", "-i", join(place, name), "-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey");
	assert.match((await signIn("more1")).stderr, /the class has not begun, or is over/);
	assert.doesNotMatch((await signIn("good")).stderr, /not begun/, "the removed one is unknown");
});

test("the command line lists, adds and removes a seat's keys", async () => {
	const seat = `${made.id}/2`, file = join(place, "keys");
	const cli = (verb, ...args) => daemon.cli("key", verb, seat, ...args);
	const before = JSON.parse(daemon.cli("--json", "key", "list", seat).stdout);
	for (const { id } of before) assert.equal(cli("remove", String(id), "--yes").status, 0);
	writeFileSync(file, `# two of mine\n${readFileSync(join(place, "more0.pub"), "utf8")}\n${readFileSync(join(place, "more1.pub"), "utf8")}`);
	assert.match(cli("add", file).stdout, /^key \d+  SHA256:\S+  more0\nkey \d+  SHA256:\S+  more1\n$/);
	const [, first] = cli("list").stdout.match(/ssh-ed25519 +(SHA256:\S+) +more0\n/);
	assert.match(cli("add", join(place, "more2")).stderr, /more2, line 1: .*private key/);
	assert.match(cli("add", "/dev/null").stderr, /holds no key/);
	assert.equal(cli("remove", first).status, 4, "it asks first");
	assert.equal(cli("remove", first, "--yes").status, 0);
	assert.equal(cli("remove", first, "--yes").status, 3);
	assert.deepEqual(JSON.parse(daemon.cli("--json", "key", "list", seat).stdout).map((one) => one.comment), ["more1"]);
});

test("a key that the seat knows signs in, by its private half only; its removal ends the connection", async () => {
	const running = await launchedClass(daemon, hana, ["Aoi"]);
	const seat = running.seat[0].id;
	const { login } = (await daemon.as(hana, "POST", `/seats/${seat}/ssh`)).json;
	const key = (await daemon.as(hana, "POST", `/seats/${seat}/keys`, { key: readFileSync(join(place, "more2.pub"), "utf8") })).json;
	const signIn = (name) => ssh(login, "wrong", "-i", join(place, name), "-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey");
	assert.doesNotMatch((await signIn("more2")).stderr, /Permission denied/, "it is in, though there is no machine yet");
	assert.match((await signIn("more3")).stderr, /Permission denied/);
	const audited = (await daemon.as(hana, "GET", `/audit?class=${running.id}`)).text;
	assert.match(audited, /seat\.ssh-key/);
	assert.match(audited, /"by":"key"|\\"by\\":\\"key\\"/);
	assert.equal((await daemon.as(hana, "DELETE", `/seats/${seat}/keys/${key.id}`)).status, 204);
	assert.match((await signIn("more2")).stderr, /Permission denied/);
});

test("keys on security tokens sign in, by a signature of what was asked only", async () => {
	const running = await launchedClass(daemon, hana, ["Mio"]);
	const seat = running.seat[0].id, { login } = (await daemon.as(hana, "POST", `/seats/${seat}/ssh`)).json;
	const socket = join(place, "agent"), by = ["-o", `IdentityAgent=${socket}`, "-o", "PreferredAuthentications=publickey"];
	const signIn = async (key) => {
		const agent = startAgent(socket, key);
		const { stderr } = await ssh(login, "wrong", ...by);
		agent.close();
		return { stderr, signatures: agent.signatures() };
	};
	const entries = async () => (await daemon.as(hana, "GET", `/audit?class=${running.id}`)).json.filter((one) => one.action === "seat.ssh").length;
	for (const [nth, key] of [ed25519Key(), ecdsaKey()].entries()) {
		const unknown = await signIn(key);
		assert.match(unknown.stderr, /Permission denied/);
		assert.equal(unknown.signatures, 0, "a key that is not known is not asked to sign");
		const added = await daemon.as(hana, "POST", `/seats/${seat}/keys`, { key: publicLine(key) });
		assert.equal(added.status, 201, added.text);
		assert.equal(added.json.type, key.type);
		const { stderr, signatures } = await signIn(key);
		assert.equal(signatures, 1, key.type);
		assert.doesNotMatch(stderr, /Permission denied/, key.type);
		assert.equal(await entries(), nth + 1);
		const cut = publicLine({ ...key, blob: key.blob.subarray(0, -8) });
		assert.match((await daemon.as(hana, "POST", `/seats/${seat}/keys`, { key: cut })).json.detail, /no whole sk-/);

		const agent = startAgent(socket, key, { wrong: true });
		const wrong = await ssh(login, "wrong", ...by);
		assert.match(wrong.stderr, /Permission denied/, "it is told, and need not wait");
		assert.equal(agent.signatures(), 1);
		assert.equal(await entries(), nth + 1, `${key.type}: a signature of something else`);
		agent.close();
	}
});

test("names that are nobody's are refused like wrong passwords", async () => {
	for (const name of ["root", "yuzu-999-01", "../../etc"]) {
		const { code, stderr } = await ssh(name, "wrong");
		assert.equal(code, 255);
		assert.match(stderr, /Permission denied \(\S*password\S*\)/, name);
	}
});

test("only passwords are asked for, and three wrong ones end the connection", async () => {
	const { stderr } = await ssh("root", "wrong", "-o", "NumberOfPasswordPrompts=9");
	assert.ok((stderr.match(/Permission denied, please try again/g) ?? []).length <= 3, stderr);
});

test("the host key is private, and stays the same", async () => {
	assert.equal(statSync(join(daemon.state, "ssh_host_ed25519_key")).mode & 0o777, 0o600);
	const before = (await daemon.as(hana, "GET", "/host")).json.ssh;
	assert.equal(before.port, port);
	assert.match(before.fingerprint, /^SHA256:/);
	assert.equal((await card()).fingerprint, before.fingerprint);
});

test("a port that is taken is an error where it was asked for", async () => {
	const { code, output } = await run([...flags(makeState(), await freePort()), `--ssh-port=${port}`]);
	assert.equal(code, 1);
	assert.match(output, new RegExp(`port ${port} is in use by another program.*--ssh-port`));
});

test("strangers who say nothing are few, and cost the others nothing", async () => {
	const open = [], closed = [];
	for (let i = 0; i < 80; i++) {
		const socket = net.connect(port, "127.0.0.1");
		socket.on("error", () => {});
		socket.on("close", () => closed.push(socket));
		open.push(socket);
	}
	const end = Date.now() + 20000;
	while (closed.length < 80 - 48 && Date.now() < end) await new Promise((done) => setTimeout(done, 100));
	assert.equal(closed.length, 80 - 48, "of one address only 48 stay");
	assert.equal((await daemon.as(hana, "GET", "/health")).status, 200);
	for (const socket of open) socket.destroy();
});

test("garbage ends its connection, and nothing else", async () => {
	for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n" + "\0".repeat(5000), "\xff".repeat(20000)]) {
		await new Promise((done) => {
			const socket = net.connect(port, "127.0.0.1", () => socket.end(Buffer.from(bytes, "latin1")));
			socket.on("error", () => {});
			socket.on("close", done);
			socket.resume();
		});
	}
	assert.equal((await daemon.as(hana, "GET", "/health")).status, 200);
});

// The last one: from here on this address has to wait.
test("who guesses on the page waits over ssh, too", async () => {
	const guess = () => daemon.request("POST", "/api/v1/session/join", { body: { code: "HOSHI-999", name: "Eve", language: "en" } });
	let last;
	for (let i = 0; i < 40 && last?.status !== 429; i++) last = await guess();
	assert.equal(last.status, 429, last.text);
	const { login, password } = await card();
	let refused;
	ssh(login, password, "-o", "LogLevel=INFO").then((reply) => (refused = reply));
	while (!refused) await guess(); // on a slow host the wait is over before ssh has asked
	assert.notEqual(refused.code, 0);
	assert.match(refused.stderr, /terakoya: too many failed tries: try again in \d+ s/);
});
