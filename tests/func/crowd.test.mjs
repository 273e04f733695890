// Three hundred students use the page's API at once, each with an event stream of their own, while an instructor watches.
// No host on which tests run has room for their machines, so the class is said to be open in the database.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import http from "node:http";
import { join } from "node:path";
import { Daemon, until } from "./daemon.mjs";

const STUDENTS = 300;
let daemon, hana, made, students;

before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	const names = Array.from({ length: STUDENTS }, (_, i) => `Student ${i + 1}`);
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", names })).json;
	const { state } = daemon;
	await daemon.stop();
	execFileSync("sqlite3", [join(state, "terakoya.db"), "UPDATE class SET state = 'open', opened_at = 1"]);
	daemon = await Daemon.start({ state });
	students = await Promise.all(made.seat.map((seat) => daemon.join(made.code, seat.name)));
}, { timeout: 60000 });
after(() => daemon?.stop());

/** An event stream that stays open: what came so far, by type. */
function follow(session, path) {
	return new Promise((done, failed) => {
		const request = http.get({ host: "127.0.0.1", port: daemon.port, path: `/api/v1${path}`, agent: false,
			headers: { Cookie: session.cookie } }, (reply) => {
			const stream = { seen: [], status: reply.statusCode, end: () => request.destroy() };
			let rest = "";
			reply.setEncoding("utf8");
			reply.on("error", () => {});
			reply.on("data", (text) => {
				const blocks = (rest + text).split("\n\n");
				rest = blocks.pop();
				for (const block of blocks) {
					const type = /^event: (.*)$/m.exec(block)?.[1];
					if (type) stream.seen.push({ type, data: JSON.parse(/^data: (.*)$/m.exec(block)[1]), at: performance.now() });
				}
			});
			done(stream);
		});
		request.on("error", failed);
	});
}

async function timed(calls) {
	const spent = [];
	const replies = await Promise.all(calls.map(async (call) => {
		const begin = performance.now();
		const reply = await call();
		spent.push(performance.now() - begin);
		return reply;
	}));
	spent.sort((a, b) => a - b);
	return { replies, p50: spent[spent.length >> 1], p95: spent[Math.floor(spent.length * 0.95)] };
}

test("each joins a seat of their own", () => {
	assert.equal(new Set(students.map((one) => one.seat)).size, STUDENTS);
});

test("all load their page, and hear of themselves alone; the instructor hears of everybody, once", { timeout: 60000 }, async (context) => {
	const pages = await timed(students.map((one) => () => daemon.as(one, "GET", `/seats/${one.seat}/workspace`)));
	for (const [index, { status, json }] of pages.replies.entries()) {
		assert.equal(status, 200);
		assert.equal(json.seat.id, students[index].seat);
	}
	const watching = await follow(hana, `/events?class=${made.id}`);
	const streams = await Promise.all(students.map((one) => follow(one, `/events?seat=${one.seat}`)));
	assert.ok(streams.every((stream) => stream.status === 200));

	const hands = await timed(students.map((one) => () => daemon.as(one, "POST", `/seats/${one.seat}/hand`, { raised: true })));
	assert.ok(hands.replies.every(({ status }) => status < 300));
	const raised = () => watching.seen.filter(({ type, data }) => type === "seat" && data.hand);
	await until(() => raised().length >= STUDENTS && streams.every((stream) => stream.seen.length));
	assert.deepEqual(raised().map(({ data }) => data.id).sort((a, b) => a - b), students.map((one) => one.seat).sort((a, b) => a - b));
	for (const [index, stream] of streams.entries()) {
		const heard = stream.seen.filter(({ type }) => type === "seat");
		assert.ok(heard.every(({ data }) => data.id === students[index].seat));
		stream.end();
	}
	watching.end();
	context.diagnostic(`${STUDENTS} at once: a workspace p50 ${pages.p50.toFixed(0)} ms, p95 ${pages.p95.toFixed(0)} ms; ` +
		`a raised hand p50 ${hands.p50.toFixed(0)} ms, p95 ${hands.p95.toFixed(0)} ms`);
});

test("none gets at a neighbour's page", async () => {
	const { replies } = await timed(students.map((one, i) => () =>
		daemon.as(one, "GET", `/seats/${students[(i + 1) % STUDENTS].seat}/workspace`)));
	assert.ok(replies.every(({ status }) => status === 403 || status === 404));
});
