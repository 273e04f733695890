// What is planned for a class: only what can be, done by itself when its time comes, and what was missed is told.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Daemon, makeState, until } from "./daemon.mjs";

const HOUR = 3600000;
const state = makeState();
let daemon, hana, made;
const start = async () => {
	daemon = await Daemon.start({ state });
	hana = await daemon.signIn("hana", "hana-password");
};
const classOf = async () => (await daemon.as(hana, "GET", `/classes/${made.id}`)).json;
const plan = (schedule, more = {}) => daemon.as(hana, "PUT", `/classes/${made.id}/schedule`, { schedule, untested: true, ...more });
const act = (action, body) => daemon.as(hana, "POST", `/classes/${made.id}/${action}`, body);
const sql = (text) => execFileSync("sqlite3", [join(state, "terakoya.db"), text]);
const audit = async () => (await daemon.as(hana, "GET", `/audit?class=${made.id}`)).json;

before(async () => {
	daemon = await Daemon.start({ state });
	hana = await daemon.account("hana", "instructor");
	await daemon.as(hana, "POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.as(hana, "GET", "/images")).json[0].built);
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", names: ["Aoi"] })).json;
});
after(() => daemon?.stop());

test("a plan says which of its times cannot be, and why", async () => {
	const now = Date.now();
	const cases = [
		[[{ at: now - 1000, action: "open" }], 400, /schedule\[0\].*past already/],
		[[{ at: now + 2 * HOUR, action: "open" }, { at: now + HOUR, action: "freeze" }], 400, /schedule\[1\].*not after the one before/],
		[[{ at: now + HOUR, action: "open" }, { at: now + HOUR, action: "freeze" }], 400, /schedule\[1\].*not after/],
		[[{ at: now + HOUR, action: "freeze" }], 400, /schedule\[0\].*draft then, so it cannot freeze/],
		[[{ at: now + HOUR, action: "open" }, { at: now + 2 * HOUR, action: "prepare" }], 400, /schedule\[1\].*open then, so it cannot prepare/],
		[[{ at: now + HOUR, action: "close" }, { at: now + 2 * HOUR, action: "open" }], 400, /schedule\[1\].*closed then/],
		[[{ at: now + HOUR, action: "party" }], 400, /schedule\[0\]: action must be/],
		[[{ at: now + HOUR }], 400, /schedule\[0\].*action is missing/],
		[[{ at: "09:00", action: "open" }], 400, /schedule\[0\].*at must be/],
	];
	for (const [schedule, status, message] of cases) {
		const reply = await plan(schedule);
		assert.equal(reply.status, status, JSON.stringify(schedule));
		assert.match(reply.json.detail, message);
	}
	const untested = await plan([{ at: now + HOUR, action: "open" }], { untested: false });
	assert.equal(untested.status, 409);
	assert.match(untested.json.detail, /has not passed its test/);
});

test("two days are planned, put off and planned again", async () => {
	const now = Date.now();
	const days = [["prepare", 1], ["open", 2], ["freeze", 10], ["resume", 24], ["close", 34]];
	const reply = await plan(days.map(([action, hours]) => ({ at: now + hours * HOUR, action })));
	assert.equal(reply.status, 200, reply.text);
	assert.deepEqual(reply.json.schedule.map((one) => [one.action, one.outcome]), days.map(([action]) => [action, null]));
	const later = await act("extend", { minutes: 30 });
	assert.equal(later.status, 200);
	assert.equal(later.json.schedule[2].at, now + 10 * HOUR + 1800000);
	for (let i = 0; i < 8; i++) await act("extend", { minutes: 90 });
	const refused = await act("extend", { minutes: 120 });
	assert.equal(refused.status, 409);
	assert.match(refused.json.detail, /pass the time when the class is to resume/);
	assert.equal((await plan([])).json.schedule.length, 0);
	assert.match((await act("extend", { minutes: 15 })).json.detail, /nothing ends class/);
});

test("what is planned is done when its time comes, as the schedule", async () => {
	assert.equal((await plan([{ at: Date.now() + 500, action: "prepare" }, { at: Date.now() + HOUR, action: "open" }])).status, 200);
	await until(async () => (await classOf()).state === "preparing");
	const [first, second] = (await classOf()).schedule;
	assert.equal(first.outcome, "");
	assert.equal(second.outcome, null);
	assert.equal((await audit()).find((one) => one.action === "class.prepare").actor, "the schedule");
});

test("a night that passed while the daemon was down is not made up for, and the log says so", async () => {
	await daemon.stop();
	const now = Date.now();
	sql(`UPDATE class SET state = 'open', opened_at = 1; UPDATE machine SET state = 'off', generation = 1; DELETE FROM class_plan;
		INSERT INTO class_plan (class, at, action, untested) VALUES (${made.id}, ${now - 9 * HOUR}, 'freeze', 0),
		(${made.id}, ${now - HOUR}, 'resume', 0), (${made.id}, ${now + 9 * HOUR}, 'close', 0)`);
	await start();
	await until(async () => (await classOf()).schedule[1].outcome !== null);
	const { state: is, schedule } = await classOf();
	assert.equal(is, "open");
	assert.match(schedule[0].outcome, /the night was missed/);
	assert.equal(schedule[1].outcome, "", "it is open already");
	assert.equal(schedule[2].outcome, null);
	assert.ok((await audit()).some((one) => one.action === "class.schedule-missed" && one.detail.includes("freeze")));
});

test("a paused class lets nothing be done in it, and its time stands still", async () => {
	await until(async () => (await daemon.as(hana, "GET", "/host")).json.libvirt);
	const paused = await act("pause");
	assert.equal(paused.status, 200, paused.text);
	assert.ok(paused.json.paused_at > 0);
	assert.equal((await act("pause")).status, 409);
	const reset = await daemon.as(hana, "POST", `/seats/${made.seat[0].id}/reset`, {});
	assert.equal(reset.status, 409);
	assert.match(reset.json.detail, /paused/);
	const lab = await daemon.as(hana, "POST", `/seats/${made.seat[0].id}/labs/${made.labs[0].id}/open`, {});
	assert.equal(lab.status, 409);
	assert.match(lab.json.detail, /paused/);
	await daemon.stop();
	await start();
	assert.ok((await classOf()).paused_at > 0, "it is paused after a restart, too");
	await until(async () => (await daemon.as(hana, "GET", "/host")).json.libvirt);
	const goes = await act("continue");
	assert.equal(goes.json.paused_at, 0);
	assert.equal((await act("continue")).status, 409);
});

test("a close that was missed is made up for", async () => {
	await daemon.stop();
	sql(`UPDATE class_plan SET at = ${Date.now() - HOUR} WHERE outcome IS NULL`);
	await start();
	await until(async () => ["closing", "closed"].includes((await classOf()).state));
});
