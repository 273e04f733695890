import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { classClock } from "../../web/state/room.js";
import { Daemon, events, until } from "./daemon.mjs";

let daemon, hana, made, aoi, ren;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", names: ["Aoi", "Ren"] })).json;
	const { state } = daemon;
	await daemon.stop();
	const [{ id, tasks }] = made.labs, seat = made.seat[0].id;
	execFileSync("sqlite3", [join(state, "terakoya.db"), `UPDATE class SET state = 'open', opened_at = 1;
		UPDATE seat SET lab = '${id}' WHERE id = ${seat}; INSERT INTO lab_opened VALUES (${seat}, '${id}', 5000, 1);
		INSERT INTO progress (seat, lab, task, done, caught_up, points, attempts, hints, last_code, first_at, done_at, took_ms)
		VALUES (${seat}, '${id}', '${tasks[0].id}', 1, 0, 5, 1, 0, 0, 6000, 9000, 4000),
		(${seat}, '${id}', '${tasks[1].id}', 1, 1, 0, 0, 0, 0, 7000, 8000, 0)`]);
	daemon = await Daemon.start({ state });
});
after(() => daemon?.stop());

const activity = async (query = "") => (await daemon.as(hana, "GET", `/classes/${made.id}/activity${query}`)).json;
const hand = (who, raised, seat = who.seat) => daemon.as(who, "POST", `/seats/${seat}/hand`, { raised });

test("after a restart a class still knows which tasks were done, but for those that were caught up", async () => {
	const [{ id, tasks }] = made.labs;
	assert.deepEqual(await activity(), [{ id: 1, class: made.id, seat: made.seat[0].id, number: 1, at: 9000, kind: "done",
		lab: id, task: tasks[0].id, machine: "" }]);
});

test("a task's clock runs from the last task of the lab that was done", async () => {
	const { seat } = (await daemon.as(hana, "GET", `/classes/${made.id}`)).json;
	assert.deepEqual(seat.map((one) => [one.lab_since, one.task_since]), [[5000, 9000], [0, 0]]);
});

test("a class that is paused does not spend its seats' time, and goes on from there", async () => {
	await until(async () => (await daemon.as(hana, "GET", "/host")).json.libvirt);
	const power = async (what) => (await daemon.as(hana, "POST", `/classes/${made.id}/${what}`)).json;
	const look = async () => (await daemon.as(hana, "GET", `/classes/${made.id}`)).json;
	const spent = (view, seat, now) => classClock(view, now) - seat.task_since;
	const open = await look(), paused = await power("pause"), [seat] = open.seat;
	const spentThen = spent(paused, seat, NaN);
	assert.equal(paused.idle_since, paused.paused_at);
	assert.equal(spentThen, paused.paused_at - 9000, "by the news of the class and what the page had");
	await until(() => Date.now() > paused.paused_at + 300);
	const still = await look();
	assert.equal(spent(still, still.seat[0], NaN), spentThen, "by what is loaded anew");
	const goes = await power("continue"), now = Date.now();
	assert.ok(goes.idle_ms >= 300 && goes.idle_since === 0, JSON.stringify(goes));
	assert.equal(spent(goes, seat, paused.paused_at + goes.idle_ms), spentThen);
	const after = await look();
	assert.equal(spent(after, after.seat[0], now), spent(goes, seat, now));
	const { state } = daemon;
	await daemon.stop();
	daemon = await Daemon.start({ state });
	hana = await daemon.signIn("hana", "hana-password");
	const again = await look();
	assert.deepEqual([again.idle_since, again.idle_ms, again.seat[0].task_since], [0, goes.idle_ms, 9000], "also after a restart");
});

test("who joins, and who raises a hand, is told as it happens, and listed newest first", async () => {
	const heard = events(daemon, `/events?class=${made.id}`, hana,
		{ enough: (all) => all.filter((one) => one.event === "activity").length === 3 });
	await heard.open;
	aoi = await daemon.join(made.code, "Aoi");
	ren = await daemon.join(made.code, "Ren");
	await hand(ren, true);
	await daemon.join(made.code, "Ren").catch(() => {});
	const told = (await heard).events.filter((one) => one.event === "activity").map((one) => JSON.parse(one.data));
	assert.deepEqual(told.map((one) => `${one.number} ${one.kind}`), ["1 joined", "2 joined", "2 hand"]);
	assert.deepEqual((await activity()).map((one) => one.kind), ["hand", "joined", "joined", "done"]);
	assert.deepEqual((await activity("?limit=1")).map((one) => one.kind), ["hand"]);
	assert.deepEqual((await daemon.as(hana, "GET", `/classes/${made.id}`)).json.activity, await activity());
});

test("a hand that was lowered by mistake gets its place in the order back", async () => {
	const before = (await daemon.as(ren, "GET", `/seats/${ren.seat}`)).json.hand;
	await hand(aoi, true);
	assert.equal((await hand(hana, false, ren.seat)).json.hand, 0);
	assert.equal((await hand(hana, true, ren.seat)).json.hand, before);
	assert.deepEqual((await activity()).map((one) => `${one.number} ${one.kind}`).slice(0, 2), ["1 hand", "2 hand"]);
});

test("students do not hear of what others do", async () => {
	assert.equal((await daemon.as(aoi, "GET", `/classes/${made.id}/activity`)).status, 403);
	assert.equal((await daemon.as(hana, "GET", `/classes/${made.id}/activity?limit=51`)).status, 400);
});
