import assert from "node:assert/strict";
import test from "node:test";
import { TerminalStream } from "../terminal/stream.js";

const bytes = (text) => new TextEncoder().encode(text);
const text = (taken) => (taken.bytes ? new TextDecoder().decode(taken.bytes) : null);

function frame(offset, body) {
	const out = new Uint8Array(8 + body.length);
	new DataView(out.buffer).setBigUint64(0, BigInt(offset));
	out.set(bytes(body), 8);
	return out.buffer;
}

test("a page that is loaded takes the ring from where it begins, without a mark", () => {
	const stream = new TerminalStream();
	assert.deepEqual(stream.take(5000, bytes("abc")), { bytes: bytes("abc"), skipped: 0, restarted: false });
	assert.equal(stream.next, 5003);
});

test("frames carry a big-endian offset of eight bytes", () => {
	const stream = new TerminalStream();
	assert.equal(text(stream.accept(frame(2 ** 40, "hi"))), "hi");
	assert.equal(stream.next, 2 ** 40 + 2);
});

test("what was there already is not shown again", () => {
	const stream = new TerminalStream();
	stream.take(100, bytes("abcdef"));
	assert.equal(text(stream.take(103, bytes("defgh"))), "gh");
	assert.equal(text(stream.take(100, bytes("abc"))), null);
	assert.equal(stream.next, 108);
});

test("a jump forward is told to the byte, and what follows is shown", () => {
	const stream = new TerminalStream();
	stream.take(10, bytes("ab"));
	const taken = stream.take(20, bytes("cd"));
	assert.equal(taken.skipped, 8);
	assert.equal(text(taken), "cd");
	assert.equal(stream.next, 22);
});

test("a new connection goes on where the last one stopped", () => {
	const stream = new TerminalStream();
	stream.take(0, bytes("abc"));
	stream.connected();
	const taken = stream.take(3, bytes("de"));
	assert.deepEqual([text(taken), taken.skipped, taken.restarted], ["de", 0, false]);
});

test("a terminal that begins at 0 again after a lost connection is a new one", () => {
	const stream = new TerminalStream();
	stream.take(0, bytes("old shell"));
	stream.connected();
	const taken = stream.take(0, bytes("new"));
	assert.equal(taken.restarted, true);
	assert.equal(text(taken), "new");
	assert.equal(stream.next, 3);
});

test("after an end that was told, the next terminal starts on a clear screen, without a mark", () => {
	const stream = new TerminalStream();
	stream.take(70, bytes("x"));
	stream.restart();
	stream.connected();
	assert.deepEqual(stream.take(0, bytes("y")), { bytes: bytes("y"), skipped: 0, restarted: true });
	assert.equal(stream.take(1, bytes("z")).restarted, false);
});
