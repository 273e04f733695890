import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon, events, launchedClass } from "./daemon.mjs";

let daemon, hana, made, aoi;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	made = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
	aoi = await daemon.join(made.code, "Aoi");
});
after(() => daemon?.stop());

/** Each call changes it, so each is an event. */
const raised = new Map();
const hand = (seat) => {
	raised.set(seat, !raised.get(seat));
	return daemon.as(hana, "POST", `/seats/${seat}/hand`, { raised: raised.get(seat) });
};
const own = () => aoi.seat;
const other = () => made.seat.find((seat) => seat.id !== aoi.seat).id;
const ofType = (type, count = 1) => (all) => all.filter((event) => event.event === type).length >= count;

test("what happens is told at once, with an id", async () => {
	const stream = events(daemon, "/events", hana, { enough: ofType("seat") });
	await stream.open;
	await hand(own());
	const { headers, events: all } = await stream;
	assert.equal(headers["content-type"], "text/event-stream");
	const event = all.find((one) => one.event === "seat");
	assert.match(event.id, /^\d+$/);
	assert.equal(JSON.parse(event.data).id, own());
});

test("events come one by one, many of them, to many", async () => {
	const streams = Array.from({ length: 20 }, () => events(daemon, `/events?class=${made.id}`, hana, { enough: ofType("seat", 20) }));
	await Promise.all(streams.map((stream) => stream.open));
	for (let i = 0; i < 20; i++) await hand(own());
	for (const { events: all } of await Promise.all(streams)) {
		const ids = all.filter((event) => event.event === "seat").map((event) => Number(event.id));
		assert.equal(ids.length, 20);
		assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
	}
});

test("who comes back gets exactly what was missed", async () => {
	const first = events(daemon, "/events", hana, { enough: ofType("seat") });
	await first.open;
	await hand(own());
	const last = (await first).events.at(-1).id;
	await hand(own());
	await hand(other());
	const { events: missed } = await events(daemon, "/events", hana, { headers: { "Last-Event-ID": last }, enough: ofType("seat", 2) });
	assert.deepEqual(missed.filter((event) => event.event === "seat").map((event) => JSON.parse(event.data).id), [own(), other()]);
});

test("who was away for too long is told to load anew", async () => {
	for (const id of ["1", "99999999999999999", "x"]) {
		const { events: all } = await events(daemon, "/events", hana, { headers: { "Last-Event-ID": id }, enough: ofType("reload") });
		assert.equal(all[0].event, "reload", id);
		assert.match(all[0].id, /^\d+$/);
	}
});

test("who slept through more than a stream takes is told to load anew, not hung up on", async () => {
	const first = events(daemon, "/events", hana, { enough: ofType("seat") });
	await first.open;
	await hand(own());
	const last = (await first).events.at(-1).id;
	const text = "あ".repeat(1000);
	for (let i = 0; i < 90; i++) assert.equal((await daemon.as(hana, "POST", `/classes/${made.id}/messages`, { text })).status, 201);
	const back = { headers: { "Last-Event-ID": last }, enough: ofType("reload") };
	const { events: all, ended } = await events(daemon, "/events", hana, back);
	assert.equal(ended, false);
	assert.deepEqual(all.map((event) => event.event), ["reload"]);
});

test("a student hears of the own seat only", async () => {
	const stream = events(daemon, "/events", aoi, { enough: ofType("seat") });
	await stream.open;
	await hand(other());
	await hand(other());
	await hand(own());
	const seen = (await stream).events.filter((event) => event.data).map((event) => JSON.parse(event.data));
	assert.ok(seen.length >= 1);
	for (const data of seen) assert.equal(data.id, own());
});

test("a client that does not read holds up nobody", async () => {
	const { connect } = await import("node:net");
	const socket = connect(daemon.port, "127.0.0.1");
	socket.on("error", () => {});
	socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${hana.cookie}\r\n\r\n`);
	socket.pause();
	const stream = events(daemon, "/events", hana, { enough: ofType("seat", 5) });
	await stream.open;
	for (let i = 0; i < 5; i++) await hand(own());
	assert.ok(ofType("seat", 5)((await stream).events));
	socket.destroy();
});

test("a stream ends with a 401 where there is no session", async () => {
	assert.equal((await events(daemon, "/events", { cookie: "terakoya_session=x" })).status, 401);
});
