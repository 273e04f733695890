import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Daemon, events, launchedClass, root, until } from "./daemon.mjs";
import { WebSocketClient } from "./websocket.mjs";

let daemon, hana, mio, watcher, kenji, made, aoi, ren;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	mio = await daemon.account("mio", "assistant");
	watcher = await daemon.account("sora", "observer");
	kenji = await daemon.account("kenji", "instructor");
	made = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
	assert.equal((await daemon.as(hana, "PUT", `/classes/${made.id}/staff/mio`)).status, 200);
	aoi = await daemon.join(made.code, "Aoi");
	ren = await daemon.join(made.code, "Ren");
});
after(() => daemon?.stop());

const toClass = (who, text) => daemon.as(who, "POST", `/classes/${made.id}/messages`, { text });
const toSeat = (who, seat, text) => daemon.as(who, "POST", `/seats/${seat}/messages`, { text });
const sent = async (who = hana) => (await daemon.as(who, "GET", `/classes/${made.id}/messages`)).json;
const unread = async (student) => (await daemon.as(student, "GET", `/seats/${student.seat}/workspace`)).json.messages;
const read = (who, seat, id) => daemon.as(who, "POST", `/seats/${seat}/messages/${id}/read`);

test("a message to everybody stands on every page until it is read there", async () => {
	const { status, json } = await toClass(hana, "Lunch until one.\r\nThe room stays open.");
	assert.equal(status, 201);
	assert.deepEqual({ ...json, id: 0, at: 0 }, { id: 0, class: made.id, seat: null, from: "hana",
		text: "Lunch until one.\nThe room stays open.", at: 0, read: [] });
	assert.deepEqual((await unread(aoi)).map((one) => one.id), [json.id]);
	assert.equal("read" in (await unread(aoi))[0], false);
	assert.equal((await read(aoi, aoi.seat, json.id)).status, 204);
	assert.equal((await read(aoi, aoi.seat, json.id)).status, 204);
	assert.deepEqual(await unread(aoi), []);
	assert.equal((await unread(ren)).length, 1);
	assert.deepEqual((await sent())[0].read, [aoi.seat]);
	assert.equal((await read(ren, ren.seat, json.id)).status, 204);
	const { messages } = (await daemon.as(hana, "GET", `/classes/${made.id}`)).json;
	assert.deepEqual(messages[0].read, [aoi.seat, ren.seat]);
});

test("a message to a seat is that seat's alone", async () => {
	const { json } = await toSeat(mio, aoi.seat, "<b>Look</b> at line 3");
	assert.equal((await unread(aoi))[0].text, "<b>Look</b> at line 3");
	assert.deepEqual(await unread(ren), []);
	assert.equal((await read(ren, ren.seat, json.id)).status, 404);
	assert.equal((await read(ren, aoi.seat, json.id)).status, 404);
	assert.equal((await read(hana, aoi.seat, json.id)).status, 403);
	assert.equal((await unread(aoi)).length, 1);
	await read(aoi, aoi.seat, json.id);
});

test("staff of the class write, students, observers and others do not", async () => {
	for (const who of [aoi, watcher, kenji]) {
		for (const reply of [await toClass(who, "x"), await toSeat(who, aoi.seat, "x"),
			await daemon.as(who, "GET", `/classes/${made.id}/messages`)]) assert.match(String(reply.status), /403|404/);
	}
	assert.equal((await sent(mio)).length, 2);
});

test("what is no message is refused with what it should be", async () => {
	for (const [text, detail] of [["", /text/], ["  \n\n ", /1 to 1000/], ["a\u0007b", /control/], ["語".repeat(1001), /1000/], [7, /text/]]) {
		const reply = await toClass(hana, text);
		assert.equal(reply.status, 400, text);
		assert.match(reply.json.detail, detail);
	}
	assert.equal((await toClass(hana, "語".repeat(1000))).status, 201);
	await daemon.as(hana, "DELETE", `/classes/${made.id}/messages/${(await sent())[0].id}`);
});

test("a message that is taken back is gone from every page", async () => {
	const { json } = await toClass(hana, "Wrong class, sorry.");
	const heard = events(daemon, `/events?seat=${aoi.seat}`, aoi, { enough: (all) => all.some((one) => /"gone":true/.test(one.data)) });
	await heard.open;
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${made.id}/messages/${json.id}`)).status, 204);
	const gone = (await heard).events.find((one) => /gone/.test(one.data ?? ""));
	assert.equal(gone.event, "message");
	assert.equal(JSON.parse(gone.data).id, json.id);
	assert.deepEqual(await unread(aoi), []);
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${made.id}/messages/${json.id}`)).status, 404);
	const { json: rows } = await daemon.as(hana, "GET", `/audit?class=${made.id}`);
	assert.ok(rows.some((row) => row.action === "message.take-back" && row.actor === "hana"));
});

test("the student hears of a message at once, the instructor of its being read", async () => {
	const student = events(daemon, `/events?seat=${ren.seat}`, ren, { enough: (all) => all.some((one) => one.event === "message-read") });
	const staff = events(daemon, `/events?class=${made.id}`, hana,
		{ enough: (all) => all.some((one) => one.event === "message-read") });
	await Promise.all([student.open, staff.open]);
	const { json } = await toClass(hana, "Five more minutes.");
	await read(ren, ren.seat, json.id);
	const heard = (await student).events.filter((one) => one.event?.startsWith("message"));
	assert.deepEqual(heard.map((one) => one.event), ["message", "message-read"]);
	assert.equal(JSON.parse(heard[0].data).text, "Five more minutes.");
	const last = (await staff).events.find((one) => one.event === "message-read");
	assert.deepEqual(JSON.parse(last.data), { message: json.id, class: made.id, seat: ren.seat });
});

test("a class keeps its newest hundred messages", async () => {
	for (let i = 0; i < 101; i++) await toSeat(hana, ren.seat, `Number ${i}`);
	const all = await sent();
	assert.equal(all.length, 100);
	assert.equal(all[0].text, "Number 100");
	assert.equal((await unread(ren)).length, 20);
});

test("the command line writes to a class and to a seat, and says how many have read it", async () => {
	const tool = join(root, process.env.TERAKOYA_BUILD ?? "build", "terakoya");
	const call = (...args) => execFileSync(tool, ["--state-dir", daemon.state, ...args], { input: "Two lines\nby pipe\n" }).toString();
	assert.match(call("class", "message", String(made.id), "From the command line"), /message \d+ sent/);
	assert.match(call("class", "message", `${made.id}/1`, "-"), /message \d+ sent/);
	const [seat, everyone] = await sent();
	assert.equal(seat.text, "Two lines\nby pipe");
	assert.equal(seat.seat, aoi.seat);
	assert.equal(everyone.seat, null);
	assert.match(call("class", "messages", String(made.id)), /From the command line/);
});

test("the student is told who of the staff watches and who helps, and for how long", async () => {
	const [{ id: machine }] = made.seat[0].machines;
	const watchers = async () => (await daemon.as(aoi, "GET", `/seats/${aoi.seat}`)).json.watchers;
	const open = async (session, query) =>
		(await WebSocketClient.open(daemon, `/ws/terminal?machine=${machine}${query}`, { session })).client;
	const own = await open(aoi, "");
	assert.deepEqual(await watchers(), []);
	const looking = await open(hana, "&watch=1");
	assert.deepEqual(await until(async () => (await watchers()).length && watchers()),
		[{ name: "hana", mode: "watch", machine, terminal: 1 }]);
	const helping = await open(hana, "&terminal=2");
	await until(async () => (await watchers())[0].mode === "assist");
	helping.destroy();
	await until(async () => (await watchers())[0].mode === "watch");
	const beside = await open(mio, "&watch=1");
	await until(async () => (await watchers()).length === 2);
	beside.destroy();
	looking.destroy();
	await until(async () => (await watchers()).length === 0);
	own.destroy();
	const { json: rows } = await daemon.as(hana, "GET", `/audit?class=${made.id}`);
	const noted = rows.filter((row) => /^seat\.(watch|assist)$/.test(row.action)).map((row) => `${row.actor} ${row.action}`);
	assert.deepEqual(noted.sort(), ["hana seat.assist", "hana seat.watch", "mio seat.watch"]);
});
