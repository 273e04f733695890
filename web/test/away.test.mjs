import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { Stage } from "./stage.mjs";

const MINUTE = 60000;
const stage = new Stage();
const { TerminalConnection } = await import("../terminal/connection.js");
const { follow, streamState } = await import("../events.js");
const { transport, takeTransport } = await import("../terminal/transport.js");
let connection, shown;

/** A page with a shell at whose prompt somebody types. */
beforeEach(async () => {
	connection?.close();
	Object.assign(stage, { network: true, sockets: true, typed: "", tries: [] });
	takeTransport("websocket");
	shown = "";
	connection = new TerminalConnection({
		machine: 1, terminal: 1, watch: false, size: null, onSkipped: () => assert.fail("bytes were skipped"), onSize() {},
		onBytes: (bytes) => (shown += new TextDecoder().decode(bytes)), onRestart: () => assert.fail("another shell"),
	});
	await stage.pass(1000);
	connection.input("vim");
	await stage.pass(200);
	assert.equal(shown, "vim");
});
after(() => connection.close());

test("a network that is away for six minutes costs no shell: it is tried on and on, at most 17 s apart", async () => {
	stage.cut();
	await stage.pass(20000);
	assert.equal(connection.state.value, "lost", "said within 20 s");
	connection.input(":q!");
	stage.tries = [];
	await stage.pass(6 * MINUTE);
	const gaps = stage.tries.map((at, i) => at - (stage.tries[i - 1] ?? stage.tries[0]));
	assert.ok(stage.tries.length > 20 && Math.max(...gaps) <= 17000, gaps.join());
	stage.network = true;
	await stage.pass(17500);
	assert.equal(connection.state.value, "live");
	connection.input("!");
	await stage.pass(200);
	assert.equal(shown, "vim!", "what was typed blindly is not typed late");
	assert.equal(transport.value, "websocket", "a network that is away is no proxy");
});

test("a page that is told of the network's return tries at once", async () => {
	stage.cut();
	await stage.pass(2 * MINUTE);
	for (let tries = stage.tries.length; stage.tries.length === tries;) await stage.pass(100); // one is under way, in vain
	stage.network = true;
	stage.page.dispatchEvent(new Event("online"));
	await stage.pass(200);
	assert.equal(connection.state.value, "live");
});

test("a stream of events that falls silent is said to be cut, and opened anew until it speaks; then all is loaded", async () => {
	let loads = 0, heard = 0;
	const stop = follow("", () => heard++, () => loads++);
	await stage.pass(2 * MINUTE);
	assert.deepEqual([stage.streams.length, streamState.value, loads], [1, "live", 0], "the daemon says that it is there");
	stage.cut();
	await stage.pass(36000);
	assert.equal(streamState.value, "cut");
	await stage.pass(5 * MINUTE);
	assert.equal(loads, 0);
	stage.network = true;
	stage.page.dispatchEvent(new Event("online"));
	await stage.pass(100);
	assert.deepEqual([streamState.value, loads], ["live", 1]);
	stage.streams.at(-1).dispatchEvent(new MessageEvent("seat", { data: "{}" }));
	assert.equal(heard, 1);
	assert.equal(stage.streams.filter((stream) => stream.readyState !== EventSource.CLOSED).length, 1);
	stop();
});

test("from HTTP a page goes back to WebSocket by itself within five minutes, and no key is lost or typed twice", async () => {
	stage.sockets = false;
	connection.drop();
	await stage.pass(5000);
	assert.equal(transport.value, "stream");
	assert.equal(connection.state.value, "live");
	stage.sockets = true;
	let keys = "vim";
	await stage.pass(5 * MINUTE + 1000, () => {
		const key = "0123456789"[keys.length % 10];
		keys += key;
		connection.input(key);
	});
	assert.equal(transport.value, "websocket");
	await stage.pass(1000);
	assert.equal(stage.typed, keys);
	assert.equal(shown, keys);
});

test("where no WebSocket gets through it stays with HTTP; another network is tried when it comes", async () => {
	stage.sockets = false;
	connection.drop();
	await stage.pass(11 * MINUTE);
	assert.equal(transport.value, "stream");
	stage.sockets = true;
	document.hidden = true;
	stage.page.dispatchEvent(new Event("online"));
	await stage.pass(1000);
	assert.equal(transport.value, "stream", "nobody looks");
	document.hidden = false;
	stage.page.dispatchEvent(new Event("online"));
	await stage.pass(1000);
	assert.equal(transport.value, "websocket");
	assert.equal(connection.state.value, "live");
});

test("what is typed over HTTP while the network is away arrives once, when it is back", async () => {
	stage.sockets = false;
	connection.drop();
	await stage.pass(5000);
	stage.cut();
	connection.input("kept");
	await stage.pass(MINUTE);
	assert.equal(connection.state.value, "lost");
	stage.network = true;
	await stage.pass(17000);
	assert.equal(stage.typed, "vimkept");
});

test("a key that is struck while a socket is being opened waits for it", async () => {
	takeTransport("stream");
	await stage.pass(1000);
	takeTransport("websocket");
	await stage.pass(10);
	connection.input("x");
	await stage.pass(1000);
	assert.equal(stage.typed, "vimx");
	assert.equal(transport.value, "websocket");
});
