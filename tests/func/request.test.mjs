import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { Daemon, until } from "./daemon.mjs";

let daemon, staff;
before(async () => {
	daemon = await Daemon.start();
	staff = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

const alive = async () => assert.equal((await daemon.request("GET", "/api/v1/health")).status, 200);
const post = (body, headers) => daemon.request("POST", "/api/v1/session", { body, headers });

test("an unknown route is a problem of status 404", async () => {
	const reply = await daemon.request("GET", "/api/v1/nothing");
	assert.equal(reply.status, 404);
	assert.equal(reply.headers["content-type"], "application/problem+json");
	assert.deepEqual(Object.keys(reply.json), ["type", "title", "status", "detail", "kind"]);
});

test("a wrong method is told which would do", async () => {
	const reply = await daemon.request("PUT", "/api/v1/session");
	assert.equal(reply.status, 405);
	assert.deepEqual(reply.headers.allow.split(", ").sort(), ["DELETE", "GET", "HEAD", "PATCH", "POST"]);
	assert.equal((await daemon.request("POST", "/index.html")).status, 405);
});

test("HEAD answers like GET, without a body", async () => {
	const reply = await daemon.request("HEAD", "/api/v1/health");
	assert.equal(reply.status, 200);
	assert.equal(reply.text, "");
	assert.ok(Number(reply.headers["content-length"]) > 10);
});

test("JSON has to be said to be JSON", async () => {
	const reply = await post('{"login":"a","password":"b"}', { "Content-Type": "text/plain" });
	assert.equal(reply.status, 415);
});

test("malformed, deep and doubled JSON is refused with the place", async () => {
	const headers = { "Content-Type": "application/json" };
	assert.match((await post('{"login": ', headers)).json.detail, /not JSON: line 1/);
	assert.match((await post("[]", headers)).json.detail, /must be a JSON object/);
	assert.match((await post('{"login":"a","login":"b"}', headers)).json.detail, /not JSON/);
	assert.match((await post('{"login":"\\u0000","password":"b"}', headers)).json.detail, /not JSON/);
	const deep = `{"login":${"[".repeat(100)}${"]".repeat(100)}}`;
	assert.match((await post(deep, headers)).json.detail, /deeper than 16/);
	assert.equal((await post(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), headers)).status, 400);
	await alive();
});

test("a body over 1 MiB is refused, announced or not", async () => {
	const big = "x".repeat(1024 * 1024 + 1);
	const announced = await post(big, { "Content-Type": "application/json" });
	assert.equal(announced.status, 413);
	const chunked = await post(big, { "Content-Type": "application/json", "Content-Length": undefined, "Transfer-Encoding": "chunked" })
		.catch((error) => error);
	assert.equal(chunked.status ?? 413, 413);
	await alive();
});

test("an endless body is cut off", async () => {
	const socket = connect(daemon.port, "127.0.0.1");
	socket.on("error", () => {});
	socket.write(`POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\nTransfer-Encoding: chunked\r\n\r\n`);
	const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
	let sent = 0;
	const more = () => {
		while (socket.writable && sent < 1000) {
			sent++;
			if (!socket.write(chunk)) return void socket.once("drain", more);
		}
	};
	more();
	await new Promise((done) => socket.on("close", done));
	assert.ok(sent < 1000);
	await alive();
});

test("unknown fields, unknown parameters and unwanted bodies are refused by name", async () => {
	const field = await daemon.as(staff, "POST", "/classes", { course: "linux-intro", seats: 1, colour: "red" });
	assert.match(field.json.detail, /colour/);
	const parameter = await daemon.as(staff, "GET", "/classes?size=3");
	assert.equal(parameter.status, 400);
	assert.match(parameter.json.detail, /size/);
	assert.equal((await daemon.as(staff, "DELETE", "/session", { now: true })).status, 400);
});

test("malformed HTTP gets its answer, and nobody else notices", async () => {
	const host = `Host: 127.0.0.1:${daemon.port}`;
	for (const bytes of [
		"\x00\x01\x02\x03\r\n\r\n",
		"GET\r\n\r\n",
		`GET / HTTP/9.9\r\n${host}\r\n\r\n`,
		"GET / HTTP/1.1\r\n\r\n",
		`POST /api/v1/session HTTP/1.1\r\n${host}\r\nContent-Length: -5\r\n\r\n`,
		`POST /api/v1/session HTTP/1.1\r\n${host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
		`GET /${"a".repeat(60000)} HTTP/1.1\r\n${host}\r\n\r\n`,
		`GET / HTTP/1.1\r\n${host}\r\nX: ${"a".repeat(60000)}\r\n\r\n`,
	]) {
		const answer = await daemon.raw(bytes, "\r\n\r\n", 2000);
		assert.doesNotMatch(answer, /^HTTP\/1\.[01] (200|5(?!05)\d\d)/, bytes.slice(0, 60));
		await alive();
	}
});

test("what a request names may have gone when its body comes, and then it is not found", async () => {
	const made = (await daemon.local("POST", "/classes", { course: "linux-intro", seats: 1 })).json;
	const asked = [["PATCH", `/classes/${made.id}`, { joining: "seat" }], ["PATCH", `/seats/${made.seat[0].id}`, { name: "Aoi" }]].map(([method, path, json]) => {
		const body = JSON.stringify(json), socket = connect(daemon.socket), one = { socket, body, said: "" };
		socket.on("data", (data) => (one.said += data)).on("error", () => {});
		socket.write(`${method} /api/v1${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
			+ `Content-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`);
		return one;
	});
	await until(() => asked.every((one) => /100 Continue/.test(one.said)));
	assert.equal((await daemon.local("DELETE", `/classes/${made.id}`)).status, 204);
	for (const one of asked) one.socket.write(one.body);
	await until(() => asked.every((one) => /HTTP\/1.1 [2-5]/.test(one.said)));
	for (const one of asked) assert.match(one.said, /HTTP\/1.1 404/);
	await alive();
});

test("odd paths find nothing outside of the page", async () => {
	for (const path of ["/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd.txt", "/.git/config.txt", "//etc/passwd.txt",
		"/api%00/v1/health", "/a\\..\\b.txt"]) {
		const reply = await daemon.raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\nConnection: close\r\n\r\n`);
		assert.doesNotMatch(reply, /root:/, path);
		assert.match(reply, /^HTTP\/1.1 (400|404|200)/, path);
		if (/^HTTP\/1.1 200/.test(reply)) assert.match(reply, /text\/html/, path);
	}
});

test("a name that is not ours is refused: no DNS rebinding", async () => {
	const evil = await daemon.request("GET", "/api/v1/health", { headers: { Host: "evil.example" } });
	assert.equal(evil.status, 403);
	assert.match(evil.json.detail, /evil\.example/);
	for (const host of ["localhost", `LOCALHOST:${daemon.port}`, "[::1]:80", "127.0.0.1"])
		assert.equal((await daemon.request("GET", "/api/v1/health", { headers: { Host: host } })).status, 200, host);
});

test("a hundred half-open connections disturb nobody", async () => {
	const sockets = Array.from({ length: 100 }, () => {
		const socket = connect(daemon.port, "127.0.0.1");
		socket.on("error", () => {});
		socket.write("GET /api/v1/hea");
		return socket;
	});
	const started = performance.now();
	await alive();
	assert.ok(performance.now() - started < 1000);
	for (const socket of sockets) socket.destroy();
});

test("a client that leaves while its password is hashed disturbs nobody", async () => {
	const body = JSON.stringify({ login: "hana", password: "whatever" });
	const socket = connect(daemon.port, "127.0.0.1");
	socket.write(`POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
		() => socket.destroy());
	await new Promise((done) => setTimeout(done, 500));
	await alive();
});

test("two requests in one packet get two answers", async () => {
	const one = `GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\n`;
	const answer = await daemon.raw(`${one}\r\n${one}Connection: close\r\n\r\n`);
	assert.equal(answer.match(/HTTP\/1.1 200/g).length, 2);
});
