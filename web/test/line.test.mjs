import assert from "node:assert/strict";
import test from "node:test";
import { Line } from "../terminal/line.js";
import { MessageReader } from "../terminal/messages.js";

const bytes = (text) => new TextEncoder().encode(text);
const settle = () => new Promise((done) => setTimeout(done, 0));

/** A daemon that keeps each number once; `fate` may lose a request or its answer. */
function daemon(fate = () => {}) {
	const kept = { next: 1, typed: "", requests: 0 };
	kept.send = async (_path, piece) => {
		kept.requests++;
		const lost = fate(kept.requests);
		if (lost === "request") throw Object.assign(new Error("offline"), { status: 0 });
		if (piece.number > kept.next) throw Object.assign(new Error("conflict"), { status: 409 });
		if (piece.number === kept.next) {
			kept.typed += atob(piece.input ?? "");
			kept.next++;
		}
		if (lost === "answer") throw Object.assign(new Error("offline"), { status: 0 });
		return { next: kept.next };
	};
	return kept;
}

test("what is typed while a request is under way goes into the next one", async () => {
	const kept = daemon();
	const line = new Line(1, kept.send);
	line.opened(1, 7);
	for (const key of "hello") line.input(bytes(key));
	await settle();
	assert.equal(kept.typed, "hello");
	assert.equal(kept.requests, 2);
});

test("each key is typed once, whether a request or its answer is lost", async () => {
	const kept = daemon((request) => [undefined, "request", "answer", undefined, "answer"][request]);
	const line = new Line(1, kept.send);
	line.opened(1, 7);
	line.input(bytes("a"));
	await settle();
	line.input(bytes("bc"));
	await new Promise((done) => setTimeout(done, 1600));
	assert.equal(kept.typed, "abc");
});

test("what a reply says of the number counts forward only: it may have been held back", async () => {
	const kept = daemon();
	const line = new Line(1, kept.send);
	line.opened(1, 7);
	line.input(bytes("a"));
	await settle();
	line.opened(1, 7);
	line.input(bytes("b"));
	await settle();
	assert.equal(kept.typed, "ab");
});

test("a daemon that forgot the line begins at one again", async () => {
	const first = daemon();
	const line = new Line(1, (path, piece) => line.daemon.send(path, piece));
	line.daemon = first;
	line.opened(1, 7);
	line.input(bytes("a"));
	await settle();
	line.close();
	line.input(bytes("b"));
	line.daemon = daemon();
	line.opened(1, 8);
	await settle();
	assert.equal(line.daemon.typed, "b");
});

test("what waits without a connection is bounded", () => {
	const line = new Line(1, daemon().send);
	for (let i = 0; i < 9; i++) line.input(new Uint8Array(10000));
	assert.equal(line.waiting.length, 65536);
});

test("messages come in pieces of any size", () => {
	const text = bytes('{"type":"beat"}');
	const whole = new Uint8Array([..."t\0\0\0"].map((c) => c.charCodeAt(0)).concat(text.length, ...text,
		..."b\0\0\0".split("").map((c) => c.charCodeAt(0)), 9, 0, 0, 0, 0, 0, 0, 0, 5, 65));
	for (const size of [1, 3, 7, whole.length]) {
		const reader = new MessageReader();
		const all = [];
		for (let at = 0; at < whole.length; at += size) all.push(...reader.take(whole.subarray(at, at + size)));
		assert.deepEqual(all[0], { text: { type: "beat" } });
		assert.deepEqual([...new Uint8Array(all[1].bytes)], [0, 0, 0, 0, 0, 0, 0, 5, 65]);
		assert.equal(all.length, 2);
	}
});
