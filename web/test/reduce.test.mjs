import assert from "node:assert/strict";
import test from "node:test";
import { leftMs, tasksBefore, reduceClass, reduceClasses, reduceWorks, reduceWorkspace } from "../state/reduce.js";
import { averages, cellState, classClock, figures, isLate, labInHand, matches, medianMs, minutesAt, needs, organisations, turnOf } from "../state/room.js";

const seat = (id, more = {}) => ({ id, class: 1, number: id, name: "", joined: true, hand: 0, lab: "", state: "ready",
	machines: [], points: 0, done: 0, progress: [], ...more });
const row = (id, task, more = {}) => ({ seat: id, lab: "files", task, done: false, caught_up: false, points: 0,
	attempts: 0, hints: 0, last_code: 0, first_at: 0, done_at: 0, ...more });
const classView = () => ({ id: 1, state: "preparing", seats: 2, ready: 1, ready_ms: 0,
	labs: [{ id: "files", tasks: [{ id: "a", optional: false }, { id: "b", optional: true }] }],
	seat: [seat(1), seat(2, { state: "cloning" })] });

test("a seat's event changes that seat and the count of those ready, and keeps its progress", () => {
	const before = classView();
	before.seat[1].progress = [row(2, "a")];
	const { progress, ...event } = seat(2);
	const after = reduceClass(before, "seat", event);
	assert.equal(after.ready, 2);
	assert.deepEqual(after.seat[1].progress, [row(2, "a")]);
	assert.equal(before.seat[1].state, "cloning");
	assert.equal(after.seat[0], before.seat[0]);
});

test("an event of another class changes nothing", () => {
	const before = classView();
	assert.equal(reduceClass(before, "seat", seat(9, { class: 2 })), before);
	assert.equal(reduceClass(before, "class", { id: 2, state: "open" }), before);
	assert.equal(reduceClass(before, "progress", row(9, "a")), before);
});

test("a class's event keeps seats and labs, which it does not carry", () => {
	const after = reduceClass(classView(), "class", { id: 1, state: "open", ready_ms: 8400 });
	assert.equal(after.state, "open");
	assert.equal(after.seat.length, 2);
	assert.equal(after.labs.length, 1);
});

test("progress replaces the row of its task, and the seat's sums follow", () => {
	let view = reduceClass(classView(), "progress", row(1, "a", { attempts: 1 }));
	view = reduceClass(view, "progress", row(1, "a", { done: true, points: 8 }));
	assert.equal(view.seat[0].progress.length, 1);
	assert.deepEqual([view.seat[0].points, view.seat[0].done], [8, 1]);
});

test("the share that is done counts required tasks of those who joined", () => {
	const view = classView();
	view.seat[0].progress = [row(1, "a", { done: true }), row(1, "b", { done: true })];
	view.seat[1].joined = false;
	view.seat[0].hand = 5;
	const now = figures(view);
	assert.deepEqual([now.ready, now.joined, now.hands, now.broken, now.share], [1, 1, 1, 0, 1]);
});

test("a cell tells done, hinted, shown, stuck and at work apart", () => {
	assert.equal(cellState(undefined), "none");
	assert.equal(cellState(row(1, "a", { first_at: 5 })), "none");
	assert.equal(cellState(row(1, "a", { first_at: 5 }), true), "trying");
	assert.equal(cellState(row(1, "a", { attempts: 1 })), "trying");
	assert.equal(cellState(row(1, "a", { attempts: 3 })), "stuck");
	assert.equal(cellState(row(1, "a", { done: true, attempts: 9 })), "done");
	assert.equal(cellState(row(1, "a", { done: true, hints: 1 })), "hinted");
	assert.equal(cellState(row(1, "a", { done: true, caught_up: true })), "helped");
});

const workspace = () => ({ class: { id: 1, state: "open" }, seat: seat(1, { lab: "files" }),
	labs: [{ id: "files", open: true, tasks: [{ id: "a", progress: null }, { id: "b", progress: null }] }] });

test("a task of the workspace ticks by its event", () => {
	const before = workspace();
	const after = reduceWorkspace(before, "progress", row(1, "a", { done: true }));
	assert.equal(after.labs[0].tasks[0].progress.done, true);
	assert.equal(after.labs[0].tasks[1], before.labs[0].tasks[1]);
	assert.equal(reduceWorkspace(before, "progress", row(2, "a")), before);
});

test("a workspace is loaded anew when a reset is over, and when the machines go", () => {
	const resting = reduceWorkspace(workspace(), "seat", seat(1, { hand: 7, lab: "files" }));
	assert.ok(!resting.stale);
	let view = reduceWorkspace(workspace(), "seat", seat(1, { state: "cloning", lab: "files" }));
	assert.ok(!view.stale);
	view = reduceWorkspace(view, "seat", seat(1, { lab: "files" }));
	assert.ok(view.stale);
	assert.ok(reduceWorkspace(workspace(), "seat", seat(1, { state: "removing" })).stale);
});

test("classes come first when they are new, change in place, and go when they are removed", () => {
	let list = reduceClasses([{ id: 1, state: "open" }], "class", { id: 2, state: "draft" });
	assert.deepEqual(list.map((one) => one.id), [2, 1]);
	list = reduceClasses(list, "class", { id: 1, state: "closed" });
	assert.deepEqual(list.map((one) => one.state), ["draft", "closed"]);
	assert.deepEqual(reduceClasses(list, "class", { id: 2, state: "removed" }).map((one) => one.id), [1]);
});

test("work is added once and then changes in place", () => {
	const works = reduceWorks(reduceWorks([], "job", { id: 4, fraction: 0 }), "job", { id: 4, fraction: 0.5 });
	assert.deepEqual(works, [{ id: 4, fraction: 0.5 }]);
	assert.equal(reduceWorks(works, "seat", {}), works);
});

test("what is left of a launch follows from the rate so far", () => {
	assert.equal(leftMs(0, 30, 1000), 0);
	assert.equal(leftMs(20, 30, 6000), 3000);
	assert.equal(leftMs(30, 30, 9000), 0);
});

test("hands come first in their order, then broken machines, then those who tried most", () => {
	const view = classView();
	view.seat = [seat(1, { progress: [row(1, "a", { attempts: 3 })] }), seat(2, { hand: 20 }), seat(3, { hand: 10 }),
		seat(4, { state: "failed" }), seat(5, { progress: [row(5, "a", { attempts: 7 })] }), seat(6)];
	assert.deepEqual(needs(view).map((need) => [need.kind, need.seat.id]),
		[["hand", 3], ["hand", 2], ["machine", 4], ["stuck", 5], ["stuck", 1]]);
});

test("a seat is at the first required task of its open lab that is not done", () => {
	const labs = [{ id: "files", tasks: [{ id: "a" }, { id: "x", optional: true }, { id: "b" }] }];
	assert.equal(turnOf(seat(1, { lab: "files", progress: [row(1, "a", { done: true })] }), labs), "files/b");
	assert.equal(turnOf(seat(1), labs), "");
});

test("what is done for everyone is told to the class that it is done in", () => {
	const before = classView();
	const now = { class: 1, work: 4, kind: "open-lab", lab: "files", seats: 2, arrived: 1, failed: [], running: true };
	assert.equal(reduceClass(before, "everyone", now).everyone, now);
	assert.equal(reduceClass(before, "everyone", { ...now, class: 2 }), before);
});

test("the tasks before one are those of all earlier labs, too", () => {
	const labs = [{ id: "first", tasks: [{ id: "a" }, { id: "b" }] }, { id: "files", tasks: [{ id: "a" }, { id: "b" }] }];
	assert.deepEqual(tasksBefore(labs, "files", "b"), ["first/a", "first/b", "files/a"]);
	assert.deepEqual(tasksBefore(labs, "first", "a"), []);
	assert.deepEqual(tasksBefore(labs, "files", "nope"), []);
});

test("a task's time in the middle of the class counts only those who did it themselves", () => {
	const took = [5000, 90000, 7000, 0].map((ms, at) => seat(at, { progress: [row(at, "a", { done: true, took_ms: ms })] }));
	assert.equal(medianMs(took, "files", "a"), 7000);
	assert.equal(medianMs(took, "files", "b"), 0);
});

const message = (id, more = {}) => ({ id, class: 1, seat: null, from: "hana", text: "Hello", at: id, ...more });

test("a class's messages stand newest first, count their readers once, and go when they are taken back", () => {
	let view = reduceClass({ ...classView(), messages: [] }, "message", message(4));
	view = reduceClass(view, "message", message(5, { seat: 2 }));
	assert.deepEqual(view.messages.map((one) => one.id), [5, 4]);
	for (const type of ["message-read", "message-read"]) view = reduceClass(view, type, { message: 4, class: 1, seat: 2 });
	assert.deepEqual(view.messages[1].read, [2]);
	view = reduceClass(view, "message", message(4));
	assert.deepEqual(view.messages[1].read, [2]);
	view = reduceClass(view, "message", { id: 4, class: 1, gone: true });
	assert.deepEqual(view.messages.map((one) => one.id), [5]);
	assert.equal(reduceClass(view, "message", message(9, { class: 2 })), view);
});

test("a student has those messages that are not read, not taken back, and not another's", () => {
	let view = { ...workspace(), messages: [] };
	for (const one of [message(5), message(4), message(6, { seat: 1 }), message(7, { seat: 2 })]) {
		view = reduceWorkspace(view, "message", one);
	}
	assert.deepEqual(view.messages.map((one) => one.id), [4, 5, 6]);
	view = reduceWorkspace(view, "message-read", { message: 5, class: 1, seat: 2 });
	view = reduceWorkspace(view, "message-read", { message: 4, class: 1, seat: 1 });
	view = reduceWorkspace(view, "message", { id: 6, class: 1, gone: true });
	assert.deepEqual(view.messages.map((one) => one.id), [5]);
});

test("the last ten happenings are kept, each once, newest first", () => {
	let view = { ...classView(), activity: [] };
	for (const id of [1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 11, 10]) view = reduceClass(view, "activity", { id, class: 1, kind: "done" });
	assert.deepEqual(view.activity.map((one) => one.id), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
});

const MINUTE = 60_000;
const course = [{ id: "files", title: { en: "Files", ja: "" }, minutes: 30, tasks: [
	{ id: "a", title: { en: "A", ja: "" }, minutes: 4, optional: false },
	{ id: "b", title: { en: "B", ja: "" }, minutes: 10, optional: false }] }];

test("who is much longer at a task than was planned needs somebody, the furthest over first", () => {
	const at = (id, minutes, more) => seat(id, { lab: "files", task_since: 100 * MINUTE - minutes * MINUTE, ...more });
	const view = { id: 1, labs: course, idle_since: 0, idle_ms: 0, seat: [at(1, 6), at(2, 7), at(3, 30), at(4, 90, { joined: false }),
		at(5, 15, { progress: [row(5, "a", { done: true })] }), at(6, 16, { progress: [row(6, "a", { done: true })] }),
		at(7, 50, { progress: [row(7, "a", { attempts: 3 })] }), seat(8, { hand: 5 }), seat(9, { state: "off" })] };
	assert.deepEqual(needs(view, 100 * MINUTE).map((need) => `${need.seat.id} ${need.kind}`),
		["8 hand", "9 machine", "7 stuck", "3 slow", "2 slow", "6 slow"]);
	assert.equal(minutesAt(view.seat[3], 100 * MINUTE), -1);
	assert.ok(!isLate(6, 4) && isLate(7, 4) && !isLate(99, 0));
	assert.equal(cellState(undefined, true, true), "slow");
	assert.equal(cellState(row(1, "a", { attempts: 3 }), true, true), "stuck");
	assert.equal(cellState(row(1, "a", { done: true }), false, true), "done");
});

test("while a class is paused nobody becomes late, and when it goes on everybody is where they were", () => {
	const at = (id, minutes) => seat(id, { lab: "files", task_since: 100 * MINUTE - minutes * MINUTE });
	const open = { id: 1, labs: course, idle_since: 0, idle_ms: 0, seat: [at(1, 6), at(2, 7)] };
	const late = (view, minute) => needs(view, minute * MINUTE).map((need) => [need.seat.id, need.minutes]);
	assert.deepEqual(late(open, 101), [[2, 8], [1, 7]]);
	const paused = reduceClass(open, "class", { id: 1, idle_since: 100 * MINUTE, idle_ms: 0 });
	for (const minute of [100, 101, 160]) assert.deepEqual(late(paused, minute), [[2, 7]], `${minute}`);
	const goes = reduceClass(paused, "class", { id: 1, idle_since: 0, idle_ms: 60 * MINUTE });
	assert.deepEqual([late(goes, 160), late(goes, 161)], [[[2, 7]], [[2, 8], [1, 7]]]);
	assert.equal(goes.seat, open.seat, "no seat had to be told");
	assert.equal(minutesAt(goes.seat[0], classClock(goes, 165 * MINUTE)), 11);
});

test("averages count who is present, and time only where nobody helped", () => {
	const seats = [seat(1, { progress: [row(1, "a", { done: true, took_ms: 3000 })] }),
		seat(2, { progress: [row(2, "a", { done: true, caught_up: true, took_ms: 0 })] }),
		seat(3, { progress: [row(3, "a", { done: true, took_ms: 9000 }), row(3, "b", { attempts: 1 })] }),
		seat(4, { joined: false, progress: [row(4, "a", { done: true, took_ms: 1 })] })];
	assert.deepEqual(averages(seats, course), [{ key: "files/a", done: 3, present: 3, median_ms: 9000, minutes: 4 },
		{ key: "files/b", done: 0, present: 3, median_ms: 0, minutes: 10 }]);
});

test("seats are found by name, number and organisation", () => {
	const bank = { id: 4, name: "Bank" }, agency = { id: 2, name: "Agency" };
	const one = seat(7, { name: "Aiko Tanaka", organisation: bank });
	for (const text of ["", " tanaka ", "7", "07"]) assert.ok(matches(one, { text, organisation: 0 }), text);
	for (const text of ["sato", "70", "0"]) assert.ok(!matches(one, { text, organisation: 0 }), text);
	assert.ok(matches(one, { text: "", organisation: 4 }));
	assert.ok(!matches(one, { text: "", organisation: 2 }));
	assert.ok(matches(seat(1), { text: "", organisation: -1 }) && !matches(one, { text: "", organisation: -1 }));
	assert.deepEqual(organisations([one, seat(1), seat(2, { organisation: agency }), one]), [agency, bank]);
});

test("the lab in hand is the one that most have open", () => {
	const seats = [[1, "files", 10], [2, "files", 30], [3, "files", 20], [4, "other", 5], [5, "", 0]]
		.map(([id, lab, lab_since]) => seat(id, { lab, lab_since }));
	const { lab, since, seats: count } = labInHand({ labs: course, seat: seats });
	assert.deepEqual([lab.id, since, count], ["files", 20, 3]);
	assert.equal(labInHand({ labs: course, seat: [seat(1)] }), null);
});
