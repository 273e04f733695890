import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import { Daemon } from "./daemon.mjs";
import { BINARY, CLOSE, frame, PING, TEXT, WebSocketClient } from "./websocket.mjs";

let daemon;
before(async () => {
	daemon = await Daemon.start();
});
after(() => daemon?.stop());

const socket = (options = {}) => WebSocketClient.open(daemon, "/ws/check", { protocol: "terakoya.check.1", ...options });

test("anybody may ask for the time and for where ssh is", async () => {
	const { status, json } = await daemon.request("GET", "/api/v1/check");
	assert.equal(status, 200);
	assert.ok(Math.abs(json.now - Date.now()) < 60000);
	assert.equal(json.ssh_port, null, "this daemon was started without ssh");
});

test("anybody may try a WebSocket: it says the same again, within its bounds", async () => {
	const { status, client } = await socket();
	assert.equal(status, 101);
	client.json("hello");
	assert.equal((await client.message((message) => message.opcode === TEXT)).json, "hello");
	client.send(BINARY, Buffer.from([1, 2]));
	assert.deepEqual([...(await client.message((message) => message.opcode === BINARY)).data], [1, 2]);
	client.json("x".repeat(257));
	assert.equal((await client.message((message) => message.opcode === CLOSE)).code, 1008);
	const { client: chatty } = await socket();
	for (let i = 0; i < 65; i++) chatty.json("x");
	assert.equal((await chatty.message((message) => message.opcode === CLOSE)).code, 1008);
	assert.equal((await socket({ headers: { Origin: "https://evil.example" } })).status, 403);
	assert.equal((await socket({ protocol: "chat" })).status, 400);
});

test("who pings and does not read the answers is not read either, and costs no memory", async () => {
	const { client } = await socket(), pings = Buffer.concat(Array(10000).fill(frame(PING, "x".repeat(125))));
	client.socket.removeAllListeners("data");
	client.socket.pause();
	let taken = 0;
	const take = () => new Promise((done) => {
		const late = setTimeout(done, 1000, false);
		client.socket.write(pings, () => (clearTimeout(late), done(true)));
	});
	while (taken < 50 && await take()) taken++; // what lies in the kernel's buffers is a tenth of that
	client.destroy();
	assert.ok(taken < 50, `${taken}0000 pings were taken`);
	assert.equal((await daemon.request("GET", "/api/v1/check")).status, 200);
});

test("a reply in pieces comes in pieces", async () => {
	const times = await new Promise((done, failed) => {
		const all = [];
		http.get({ host: "127.0.0.1", port: daemon.port, path: "/api/v1/check/stream", agent: false }, (reply) => {
			reply.on("data", (data) => String(data).trim().split("\n").forEach(() => all.push(performance.now())));
			reply.on("end", () => done(all));
		}).on("error", failed);
	});
	assert.equal(times.length, 5);
	assert.ok(times[4] - times[0] > 400, `they came within ${times[4] - times[0]} ms`);
});

test("tries are bounded for strangers; who is signed in is let through", async () => {
	const hana = await daemon.account("hana", "instructor");
	const statuses = await Promise.all(Array.from({ length: 160 }, async () => {
		const { status, client } = await socket();
		client?.destroy();
		return status;
	}));
	assert.ok(statuses.includes(429), "some were told to wait");
	assert.ok(statuses.filter((status) => status === 101).length >= 50, "most were not");
	const replies = await Promise.all(Array.from({ length: 160 }, () => daemon.request("GET", "/api/v1/check/stream")));
	const refused = replies.find((reply) => reply.status === 429); // a slow host gives some tries back meanwhile
	assert.ok(refused, "some were told to wait, here, too");
	assert.equal(refused.headers["retry-after"], "1");
	const { status, client } = await socket({ session: hana });
	assert.equal(status, 101);
	client.destroy();
	assert.equal((await daemon.request("GET", "/api/v1/health")).status, 200);
});
