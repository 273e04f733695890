import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { Daemon, flags, freePort, makeState, run } from "./daemon.mjs";

let daemon;
before(async () => (daemon = await Daemon.start()));
after(() => daemon?.stop());

test("health needs no session and says the version", async () => {
	const reply = await daemon.request("GET", "/api/v1/health");
	assert.equal(reply.status, 200);
	assert.equal(reply.json.status, "ok");
	assert.match(reply.json.version, /^\d+\.\d+\.\d+$/);
});

test("the man page names every flag of --help, and its environment variable", async () => {
	const help = (await run(["--help"])).output, man = (await run(["--man"])).output.replaceAll("\\-", "-");
	const named = [...help.matchAll(/^\s+(?:-\w, )?--([a-z-]+)(?:=[A-Z:]+)?/gm)].map((found) => found[1]);
	const own = named.filter((name) => !["help", "usage", "version"].includes(name));
	assert.ok(own.length >= 12);
	for (const name of own) assert.match(man, new RegExp(`\\\\fB--${name}\\\\fR`), name);
	assert.match(man, /^TERAKOYA_TIME_ZONE\nas --time-zone$/m);
	assert.doesNotMatch(man, /--routes/);
});

test("a busy port is named, with what to do", async () => {
	const { code, output } = await run(flags(makeState(), daemon.port));
	assert.equal(code, 1);
	assert.match(output, new RegExp(`127\\.0\\.0\\.1:${daemon.port} is in use`));
	assert.match(output, /--listen/);
});

test("a second daemon on one state directory is refused", async () => {
	const { code, output } = await run(flags(daemon.state, await freePort()));
	assert.equal(code, 1);
	assert.match(output, /another terakoyad works on/);
	assert.equal((await daemon.request("GET", "/api/v1/health")).status, 200);
});

test("an address that is none is refused with an example", async () => {
	const { code, output } = await run([...flags(makeState(), 1), "--listen", "nonsense"]);
	assert.equal(code, 1);
	assert.match(output, /127\.0\.0\.1:8080/);
});

test("a state directory that cannot be made is named", async () => {
	const { code, output } = await run(["--state-dir", "/proc/nowhere"]);
	assert.equal(code, 2);
	assert.match(output, /\/proc\/nowhere/);
});

test("the unix socket is the owner's alone", () => {
	assert.equal(statSync(daemon.socket).mode & 0o777, 0o600);
});

test("the unix socket's peer is an admin by the name of its unix user", async () => {
	const reply = await daemon.local("GET", "/session");
	assert.equal(reply.status, 200);
	assert.equal(reply.json.person.role, "admin");
	assert.notEqual(reply.json.person.name, "");
});

test("SIGTERM ends it cleanly, also with streams and requests open", async () => {
	const other = await Daemon.start();
	const session = await other.account("iku", "instructor");
	const stream = fetch(`http://127.0.0.1:${other.port}/api/v1/events`, { headers: { Cookie: session.cookie } });
	const body = (await stream).body.getReader();
	await body.read();
	assert.equal(await other.stop(), 0);
	await body.read().catch(() => {});
});
