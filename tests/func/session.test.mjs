import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon } from "./daemon.mjs";

let daemon, hana;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

const signIn = (login, password, headers) =>
	daemon.request("POST", "/api/v1/session", { body: { login, password }, headers });

test("signing in sets a cookie that scripts cannot read and other sites cannot send", async () => {
	const reply = await signIn("hana", "hana-password");
	assert.equal(reply.status, 200);
	assert.equal(reply.json.person.role, "instructor");
	assert.match(reply.headers["set-cookie"][0], /^terakoya_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax/);
	assert.match(reply.json.csrf, /^[0-9a-f]{64}$/);
	assert.equal(reply.headers["cache-control"], "no-store");
});

test("a wrong password and an unknown login get the same answer", async () => {
	const wrong = await signIn("hana", "guess");
	const unknown = await signIn("nobody", "guess");
	assert.equal(wrong.status, 401);
	assert.equal(unknown.status, 401);
	assert.equal(wrong.json.detail, unknown.json.detail);
});

test("guessing is throttled, and says for how long", async () => {
	const other = await Daemon.start();
	let reply;
	for (let i = 0; i < 8; i++)
		reply = await other.request("POST", "/api/v1/session", { body: { login: "mika", password: `${i}` } });
	assert.equal(reply.status, 429);
	assert.ok(Number(reply.headers["retry-after"]) >= 1);
	await other.stop();
});

test("a session says who one is, and ends when one signs out", async () => {
	const mine = await daemon.signIn("hana", "hana-password");
	assert.equal((await daemon.as(mine, "GET", "/session")).json.person.name, "hana");
	assert.equal((await daemon.as(mine, "DELETE", "/session")).status, 204);
	assert.equal((await daemon.as(mine, "GET", "/session")).status, 401);
});

test("a broken, a foreign and an overlong cookie are no session, and no error", async () => {
	for (const value of ["", "x", "0".repeat(64), "%00", "a".repeat(4000), "é"]) {
		const headers = { Cookie: Buffer.from(`a=b; terakoya_session=${value}; c`).toString("latin1") };
		assert.equal((await daemon.request("GET", "/api/v1/session", { headers })).status, 401, value);
	}
});

test("writes need the session's CSRF token", async () => {
	const body = { language: "ja" };
	const bare = { headers: { Cookie: hana.cookie }, body };
	assert.equal((await daemon.request("PATCH", "/api/v1/session", bare)).status, 403);
	bare.headers["X-CSRF-Token"] = "0".repeat(64);
	assert.equal((await daemon.request("PATCH", "/api/v1/session", bare)).status, 403);
	const changed = await daemon.as(hana, "PATCH", "/session", body);
	assert.equal(changed.status, 200);
	assert.equal(changed.json.person.language, "ja");
});

test("another site's page can write nothing, not even sign in", async () => {
	const reply = await signIn("hana", "hana-password", { Origin: "https://evil.example" });
	assert.equal(reply.status, 403);
});

test("a wrong field is named", async () => {
	const cases = [
		[{}, /login is missing/],
		[{ login: "hana" }, /password is missing/],
		[{ login: 7, password: "x" }, /login must be a text/],
		[{ login: "a\nb", password: "x" }, /login must not hold control/],
		[{ login: "x".repeat(65), password: "x" }, /login must have 1 to 64/],
		[{ login: "hana", password: "x", extra: 1 }, /no field extra/],
	];
	for (const [body, message] of cases) {
		const reply = await daemon.request("POST", "/api/v1/session", { body });
		assert.equal(reply.status, 400);
		assert.match(reply.json.detail, message);
	}
});

test("a wrong class code is refused", async () => {
	const reply = await daemon.request("POST", "/api/v1/session/join", { body: { code: "NADA-000", name: "Ken" } });
	assert.equal(reply.status, 404);
	const both = await daemon.request("POST", "/api/v1/session/join", { body: { code: "A", token: "b", name: "Ken" } });
	assert.equal(both.status, 400);
});
