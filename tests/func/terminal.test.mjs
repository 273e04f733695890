import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { classOfTwo, events } from "./daemon.mjs";
import { BINARY, CLOSE, PING, PONG, TEXT, WebSocketClient } from "./websocket.mjs";

let daemon, hana, aoi, own, other;
before(async () => {
	({ daemon, hana, aoi, own, other } = await classOfTwo());
});
after(() => daemon?.stop());

const open = (query, options) => WebSocketClient.open(daemon, `/ws/terminal?${query}`, { session: aoi, ...options });
const alive = async () => assert.equal((await daemon.request("GET", "/api/v1/health")).status, 200);

test("the handshake is RFC 6455's own example", async () => {
	const { status, headers, client } = await open(`machine=${own}&terminal=1`);
	assert.equal(status, 101);
	assert.equal(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert.equal(headers["sec-websocket-protocol"], "terakoya.terminal.1");
	client.destroy();
});

test("a terminal of a machine that is not there yet says so, and waits", async () => {
	const { client } = await open(`machine=${own}`);
	const { json } = await client.message((message) => message.json?.type === "state");
	assert.equal(json.state, "away");
	assert.match(json.why, /the machine is/);
	client.destroy();
});

test("pings are answered, those of the protocol and those of ours", async () => {
	const { client } = await open(`machine=${own}`);
	client.json({ type: "ping", t: { any: [1, "x"] } });
	assert.deepEqual((await client.message((message) => message.json?.type === "pong")).json.t, { any: [1, "x"] });
	client.send(PING, "hello");
	assert.equal((await client.message((message) => message.opcode === PONG)).data.toString(), "hello");
	client.destroy();
});

test("the size follows the one who acts, and everybody is told", async () => {
	const { client } = await open(`machine=${own}&terminal=2&rows=30&columns=100`);
	const { client: watcher } = await open(`machine=${own}&terminal=2&watch=1&rows=10&columns=10`, { session: hana });
	await watcher.message((message) => message.json?.type === "size" && message.json.rows === 30);
	client.json({ type: "resize", rows: 40, columns: 120 });
	await watcher.message((message) => message.json?.type === "size" && message.json.rows === 40);
	watcher.json({ type: "resize", rows: 5, columns: 5 });
	client.json({ type: "resize", rows: 41, columns: 120 });
	await watcher.message((message) => message.json?.rows === 41);
	assert.ok(!watcher.messages.some((message) => message.json?.rows === 5));
	client.destroy();
	watcher.destroy();
});

test("a page that comes back names its line: what it typed into the connection before is not taken any more", async () => {
	const line = "0123456789abcdef".repeat(2), query = `machine=${own}&terminal=4`;
	const { client: watcher } = await open(`${query}&watch=1`, { session: hana });
	const { client: first } = await open(`${query}&line=${line}&rows=30`);
	await watcher.message((message) => message.json?.type === "size" && message.json.rows === 30);
	const { client: second } = await open(`${query}&line=${line}&rows=31`);
	const { client: somebodys } = await open(`${query}&line=${line}&watch=1`, { session: hana });
	await first.message((message) => message.opcode === CLOSE);
	first.json({ type: "resize", rows: 32, columns: 80 });
	second.json({ type: "resize", rows: 33, columns: 80 });
	await watcher.message((message) => message.json?.rows === 33);
	assert.ok(!watcher.messages.some((message) => message.json?.rows === 32));
	assert.ok(!second.messages.some((message) => message.opcode === CLOSE));
	assert.equal((await open(`${query}&line=mine`)).status, 400);
	for (const client of [watcher, first, second, somebodys]) client.destroy();
});

test("a console is terminal 0: it waits for its machine, keeps its size, and is its seat's alone", async () => {
	const { client } = await open(`machine=${own}&terminal=0&rows=50&columns=200`);
	const { json } = await client.message((message) => message.json?.type === "state");
	assert.equal(json.state, "away");
	assert.match(json.why, /the machine is/);
	const { json: size } = await client.message((message) => message.json?.type === "size");
	assert.deepEqual([size.rows, size.columns], [24, 80]);
	client.json({ type: "resize", rows: 40, columns: 120 });
	client.json({ type: "ping", t: 1 });
	await client.message((message) => message.json?.type === "pong");
	assert.ok(!client.messages.some((message) => message.json?.rows === 40));
	assert.equal((await open(`machine=${other}&terminal=0`)).status, 404);
	client.destroy();
});

test("another student's terminal, another site's page and a stranger are refused before the handshake", async () => {
	assert.equal((await open(`machine=${other}`)).status, 404);
	assert.equal((await open(`machine=${own}`, { headers: { Origin: "https://evil.example" } })).status, 403);
	assert.equal((await open(`machine=${own}`, { headers: { Origin: undefined } })).status, 403);
	assert.equal((await open(`machine=${own}`, { session: { cookie: "terakoya_session=x" } })).status, 401);
	assert.equal((await open("machine=99999", { session: hana })).status, 404);
});

test("the command line needs no origin", async () => {
	const { status, client } = await open(`machine=${own}&terminal=3`, { local: true, session: undefined });
	assert.equal(status, 101);
	client.destroy();
});

test("what is no handshake is answered with what is wrong", async () => {
	for (const [query, options] of [
		["", {}], ["machine=x", {}], [`machine=${own}&terminal=-1`, {}], [`machine=${own}&terminal=17`, {}], [`machine=${own}&offset=-1`, {}],
		[`machine=${own}&rows=0`, {}], [`machine=${own}&colour=1`, {}],
		[`machine=${own}`, { protocol: "chat" }], [`machine=${own}`, { protocol: null }],
		[`machine=${own}`, { headers: { "Sec-WebSocket-Version": "8" } }], [`machine=${own}`, { headers: { "Sec-WebSocket-Key": "short" } }],
	]) {
		const { status } = await open(query, { session: hana, ...options });
		assert.ok([400, 404].includes(status), `${query} ${JSON.stringify(options)}: ${status}`);
	}
	const plain = await daemon.as(aoi, "GET", "/../../ws/terminal").catch(() => null);
	assert.ok(plain);
	assert.equal((await daemon.request("GET", `/ws/terminal?machine=${own}`, { session: aoi })).status, 400);
});

test("malformed frames end the connection that sent them, and only that one", async () => {
	const { client: bystander } = await open(`machine=${own}&terminal=4`);
	const bad = {
		"an unmasked frame": (client) => client.send(BINARY, "x", { mask: false }),
		"reserved bits": (client) => client.send(BINARY, "x", { rsv: 7 }),
		"an unknown opcode": (client) => client.send(5, "x"),
		"a fragmented ping": (client) => client.send(PING, "x", { fin: false }),
		"an overlong ping": (client) => client.send(PING, "x".repeat(126)),
		"a continuation of nothing": (client) => client.send(0, "x"),
		"text that is no UTF-8": (client) => client.send(TEXT, Buffer.from([0xff, 0xfe])),
		"a message over 64 KiB": (client) => client.send(BINARY, Buffer.alloc(64 * 1024 + 1)),
		"a frame of 4 GiB": (client) => client.send(BINARY, "x", { length: 0xffffffff }),
		"text that is no JSON": (client) => client.send(TEXT, "{"),
		"deep JSON": (client) => client.send(TEXT, `{"t":${"[".repeat(99)}${"]".repeat(99)}}`),
		"a type that is none": (client) => client.json({ type: "reboot" }),
		"a size that is none": (client) => client.json({ type: "resize", rows: 0, columns: 80 }),
		"a size with more to it": (client) => client.json({ type: "resize", rows: 1, columns: 80, depth: 3 }),
	};
	for (const [name, misbehave] of Object.entries(bad)) {
		const { client } = await open(`machine=${own}&terminal=5`);
		misbehave(client);
		const goodbye = await client.message((message) => message.opcode === CLOSE, 3000).catch(() => null);
		assert.ok(goodbye, name);
		assert.ok([1002, 1003, 1005, 1007, 1008, 1009].includes(goodbye.code), `${name}: ${goodbye.code}`);
		client.destroy();
	}
	bystander.json({ type: "ping", t: 1 });
	await bystander.message((message) => message.json?.type === "pong");
	bystander.destroy();
	await alive();
});

test("input before there is a shell is kept within its bound, and the socket pauses", async () => {
	const { client } = await open(`machine=${own}&terminal=6`);
	for (let i = 0; i < 40; i++) client.send(BINARY, Buffer.alloc(16 * 1024, 97));
	await new Promise((done) => setTimeout(done, 300));
	await alive();
	client.destroy();
});

test("a goodbye is answered with one", async () => {
	const { client } = await open(`machine=${own}`);
	client.send(CLOSE, Buffer.from([0x03, 0xe8]));
	assert.equal((await client.message((message) => message.opcode === CLOSE)).code, 1000);
	await client.closed;
});

test("signing out ends the session's terminals and streams at once, and nobody else's", async () => {
	const mine = await daemon.signIn("hana", "hana-password");
	const { client } = await open(`machine=${own}&terminal=7`, { session: mine });
	const { client: other } = await open(`machine=${own}&terminal=7`);
	await client.message((message) => message.json?.type === "state");
	const stream = events(daemon, "/events", mine, { milliseconds: 4000 });
	await stream.open;
	const started = performance.now();
	assert.equal((await daemon.as(mine, "DELETE", "/session")).status, 204);
	assert.equal((await client.message((message) => message.opcode === CLOSE)).code, 1008);
	assert.equal((await stream).ended, true);
	assert.ok(performance.now() - started < 2000);
	other.json({ type: "ping", t: 1 });
	await other.message((message) => message.json?.type === "pong");
	client.destroy();
	other.destroy();
});
