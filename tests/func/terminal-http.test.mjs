import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http from "node:http";
import { classOfTwo, until } from "./daemon.mjs";
import { WebSocketClient } from "./websocket.mjs";

let daemon, hana, aoi, own, other;
before(async () => {
	({ daemon, hana, aoi, own, other } = await classOfTwo());
});
after(() => daemon?.stop());

const newLine = () => randomBytes(16).toString("hex");

/** A reply under way: { status, messages, ended, destroy }, messages as { type, data, json }. */
function listen(query, { session = aoi, line = newLine() } = {}) {
	return new Promise((done, failed) => {
		const flow = { line, messages: [], ended: null };
		let rest = Buffer.alloc(0);
		const request = http.get({ host: "127.0.0.1", port: daemon.port, agent: false, headers: { Cookie: session.cookie },
			path: `/api/v1/terminal?line=${line}&${query}` }, (reply) => {
			flow.status = reply.statusCode;
			flow.ended = new Promise((over) => reply.on("close", over));
			flow.destroy = () => request.destroy();
			reply.on("error", () => {});
			reply.on("data", (data) => {
				rest = Buffer.concat([rest, data]);
				while (reply.statusCode === 200 && rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
					const message = { type: String.fromCharCode(rest[0]), data: rest.subarray(5, 5 + rest.readUInt32BE(1)) };
					if (message.type === "t") message.json = JSON.parse(message.data.toString());
					flow.messages.push(message);
					rest = rest.subarray(5 + message.data.length);
				}
			});
			done(flow);
		});
		request.on("error", failed);
	});
}

const heard = (flow, fits) => until(() => flow.messages.find((message) => message.json && fits(message.json)));
const say = (line, body, session = aoi, machine = own) =>
	daemon.as(session, "POST", `/terminal?machine=${machine}&line=${line}`, body);

test("a reply begins with what the line waits for, the terminal's state and its size", async () => {
	const flow = await listen(`machine=${own}&rows=30&columns=90`);
	assert.equal(flow.status, 200);
	const size = await heard(flow, (json) => json.type === "size");
	assert.equal(flow.messages[0].json.next, 1);
	assert.ok(flow.messages[0].json.life > 0);
	assert.equal((await heard(flow, (json) => json.type === "state")).json.state, "away");
	assert.deepEqual([size.json.rows, size.json.columns], [30, 90]);
	flow.destroy();
});

test("each numbered request is taken once and in order, also when it is repeated", async () => {
	const flow = await listen(`machine=${own}&terminal=2`);
	const input = Buffer.from("echo hello\r").toString("base64");
	assert.deepEqual((await say(flow.line, { number: 1, input })).json, { next: 2 });
	assert.equal((await say(flow.line, { number: 3, input })).status, 409);
	const pings = () => flow.messages.filter((message) => message.json?.type === "pong").length;
	for (let i = 0; i < 3; i++) assert.deepEqual((await say(flow.line, { number: 2, ping: 7 })).json, { next: 3 });
	await until(() => pings() > 0);
	assert.deepEqual((await say(flow.line, { number: 3, ping: 8 })).json, { next: 4 });
	await heard(flow, (json) => json.type === "pong" && json.t === 8);
	assert.equal(pings(), 2, "the repeated one was answered once");
	assert.equal((await say(flow.line, { number: 4, input: "not base64!" })).status, 400);
	assert.equal((await say(flow.line, { number: 4, rows: 10 })).status, 400);
	flow.destroy();
});

test("a line outlives its reply, and a new reply ends the one before", async () => {
	const first = await listen(`machine=${own}&terminal=3`);
	await say(first.line, { number: 1, rows: 20, columns: 70 });
	const second = await listen(`machine=${own}&terminal=3`, { line: first.line });
	await first.ended;
	assert.equal((await heard(second, (json) => json.type === "line")).json.next, 2);
	second.destroy();
	await second.ended;
	assert.equal((await say(first.line, { number: 2, ping: 1 })).status, 200);
	const third = await listen(`machine=${own}&terminal=3`, { line: first.line });
	assert.equal((await heard(third, (json) => json.type === "line")).json.next, 3);
	third.destroy();
});

test("a poll ends with the first news, and what is known is none", async () => {
	const query = `machine=${own}&terminal=4&rows=24&columns=80&poll=1`;
	const first = await listen(query);
	await first.ended;
	assert.ok(first.messages.some((message) => message.json?.type === "state"));
	const second = await listen(`${query}&known=1`, { line: first.line });
	let over = false;
	second.ended.then(() => (over = true));
	await new Promise((done) => setTimeout(done, 300));
	assert.equal(over, false);
	assert.equal((await say(first.line, { number: 1, rows: 25, columns: 80 })).status, 200);
	await second.ended;
	assert.ok(second.messages.some((message) => message.json?.type === "size" && message.json.rows === 25));
	const again = await listen(query, { line: first.line });
	await again.ended;
	assert.ok(again.messages.some((message) => message.json?.type === "state"), "without known=1 everything is told");
});

test("both ways see the same terminal", async () => {
	const { client } = await WebSocketClient.open(daemon, `/ws/terminal?machine=${own}&terminal=5&rows=24&columns=80`, { session: aoi });
	const flow = await listen(`machine=${own}&terminal=5&watch=1`, { session: hana });
	await heard(flow, (json) => json.type === "size" && json.rows === 24);
	client.json({ type: "resize", rows: 33, columns: 80 });
	await heard(flow, (json) => json.type === "size" && json.rows === 33);
	client.destroy();
	flow.destroy();
});

test("strangers, other seats, other sessions' lines and malformed requests are refused", async () => {
	const flow = await listen(`machine=${own}&terminal=6`);
	assert.equal((await say(flow.line, { number: 1, ping: 1 }, hana)).status, 404, "the line is another session's");
	assert.equal((await say(newLine(), { number: 1, ping: 1 })).status, 404);
	assert.equal((await say(flow.line, { number: 1, ping: 1 }, aoi, other)).status, 404);
	assert.equal((await say("x", { number: 1 })).status, 400);
	assert.equal((await say(flow.line, { number: 1, colour: "red" })).status, 400);
	const forged = await daemon.request("POST", `/api/v1/terminal?machine=${own}&line=${flow.line}`,
		{ body: { number: 1 }, headers: { Cookie: aoi.cookie } });
	assert.equal(forged.status, 403, "without the CSRF token");
	flow.destroy();
	assert.equal((await listen(`machine=${other}`)).status, 404);
	assert.equal((await listen(`machine=${own}`, { session: { cookie: "x=y" } })).status, 401);
	assert.equal((await listen(`machine=${own}`, { line: "short" })).status, 400);
	assert.equal((await listen(`machine=${own}&poll=2`)).status, 400);
});

test("input before there is a shell is kept within its bound, and more is refused for now", async () => {
	const flow = await listen(`machine=${own}&terminal=7`);
	const input = Buffer.alloc(32 * 1024, 97).toString("base64");
	const answers = [];
	for (let number = 1; number < 8; number++) answers.push((await say(flow.line, { number, input })).status);
	assert.deepEqual(answers.slice(0, 3), [200, 200, 200]);
	assert.ok(answers.includes(503) || answers.includes(409), String(answers));
	assert.equal((await daemon.request("GET", "/api/v1/health")).status, 200);
	flow.destroy();
});

test("signing out ends the session's lines at once", async () => {
	const mine = await daemon.signIn("hana", "hana-password");
	const flow = await listen(`machine=${own}&terminal=8`, { session: mine });
	const bystander = await listen(`machine=${own}&terminal=8`);
	assert.equal((await daemon.as(mine, "DELETE", "/session")).status, 204);
	await flow.ended;
	assert.equal((await say(bystander.line, { number: 1, ping: 1 })).status, 200);
	bystander.destroy();
});
