// After a class: results as tables, certificates with a code, and the end of what was kept.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Daemon, launchedClass, until, terakoya } from "./daemon.mjs";

const AT = Date.UTC(2026, 5, 9, 1, 30); /* 10:30 in Tokyo */
let daemon, hana, mika, made, seats, first;

const sql = (text) => execFileSync("sqlite3", [join(daemon.state, "terakoya.db"), text], { encoding: "utf8" }).trim();
const get = async (path, who = hana) => (await daemon.as(who, "GET", path)).json;
const table = async (query) => (await daemon.as(hana, "GET", `/classes/${made.id}/results.csv?${query}`)).text;

before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	mika = await daemon.account("mika", "admin");
	made = await launchedClass(daemon, hana, [{ name: "青木 葵", mail: "aoi@example.com", organisation: "さくら銀行", language: "ja" },
		{ name: "=HYPERLINK(\"http://evil.example\")", organisation: "+Kiri, \"Bank\"" }, { name: "Absent" }]);
	await daemon.join(made.code, "青木 葵");
	await daemon.join(made.code, "=HYPERLINK(\"http://evil.example\")");
	seats = made.seat.map((one) => one.id);
	/* What was achieved is written while nobody runs: checks need machines. */
	await daemon.stop();
	const [lab] = made.labs, [one, two] = lab.tasks;
	first = { lab: lab.id, task: one.id };
	sql(`INSERT INTO progress (seat, lab, task, done, caught_up, points, attempts, hints, last_code, first_at, done_at, took_ms) VALUES
		(${seats[0]}, '${lab.id}', '${one.id}', 1, 0, 8, 3, 1, 0, ${AT}, ${AT + 90000}, 90000),
		(${seats[0]}, '${lab.id}', '${two.id}', 1, 1, 0, 0, 0, 0, 0, ${AT + 100000}, 0)`);
	sql(`INSERT INTO message (class, seat, at, sender, text) VALUES (${made.id}, ${seats[0]}, ${AT}, 'hana', '葵さん')`);
	sql(`INSERT INTO attempt (seat, lab, task, at, verdict, trigger, code, duration_ms) VALUES
		(${seats[0]}, '${lab.id}', '${one.id}', ${AT}, 'not-yet', 'student', 11, 5),
		(${seats[0]}, '${lab.id}', '${one.id}', ${AT + 90000}, 'pass', 'student', 0, 5)`);
	daemon = await Daemon.start({ state: daemon.state, port: daemon.port });
});
after(() => daemon?.stop());

test("results say per seat, and per seat and task, what was achieved", async () => {
	const view = await get(`/classes/${made.id}/results`);
	const [aoi] = view.seats;
	assert.deepEqual({ name: aoi.name, mail: aoi.mail, organisation: aoi.organisation, done: aoi.tasks_done, points: aoi.points, hints: aoi.hints,
		caught: aoi.caught_up, attempts: aoi.attempts, first: aoi.first_at, last: aoi.last_at, took: aoi.took_ms },
	{ name: "青木 葵", mail: "aoi@example.com", organisation: "さくら銀行", done: 2, points: 8, hints: 1, caught: 1, attempts: 3, first: AT,
		last: AT + 90000, took: 90000 });
	const tasks = made.labs.reduce((sum, lab) => sum + lab.tasks.length, 0);
	assert.equal(aoi.tasks, tasks);
	assert.equal(view.tasks.length, 3 * tasks);
	const row = view.tasks.find((one) => one.seat === seats[0] && one.lab === first.lab && one.task === first.task);
	assert.deepEqual([row.done, row.points, row.hints, row.done_at], [true, 8, 1, AT + 90000]);
});

test("the tables open in a spreadsheet, in either language and the reader's time", async () => {
	const english = await table("form=summary&east=540");
	assert.equal(english.codePointAt(0), 0xfeff);
	const [head, aoi] = english.slice(1).split("\r\n");
	assert.match(head, /^"Seat","Name","Mail","Organisation","Joined"/);
	assert.match(aoi, /^1,"青木 葵","aoi@example.com","さくら銀行",/);
	assert.match(aoi, /"2026-06-09 10:30:00","2026-06-09 10:31:30",2$/);
	assert.match(await table("form=summary&language=ja"), /"席","氏名"/);
	const tasks = (await table("form=tasks&language=ja")).split("\r\n");
	assert.equal(tasks.length, 1 + 3 * made.labs.reduce((sum, lab) => sum + lab.tasks.length, 0) + 1);
	const { headers } = await daemon.as(hana, "GET", `/classes/${made.id}/results.csv`);
	assert.equal(headers["content-type"], "text/csv; charset=utf-8");
	assert.match(headers["content-disposition"], /attachment; filename="class-\d+-tasks.csv"/);
	for (const query of ["form=x", "language=fr", "east=2000"])
		assert.equal((await daemon.as(hana, "GET", `/classes/${made.id}/results.csv?${query}`)).status, 400, query);
});

test("what a student calls themselves is never a formula", async () => {
	const text = await table("form=summary");
	assert.ok(text.includes(`"'=HYPERLINK(""http://evil.example"")"`), text);
	assert.ok(text.includes(`"'+Kiri, ""Bank"""`), text);
	assert.doesNotMatch(text, /(^|,)"?[=+@-]/m);
});

test("the command line shows results as a list, a table and JSON", () => {
	const cli = (...args) => daemon.cli(...args);
	assert.match(cli("class", "results", String(made.id)).stdout, /青木 葵 +さくら銀行/);
	assert.match(cli("class", "results", String(made.id), "--csv").stdout, /^\ufeff"Seat",/);
	assert.match(cli("class", "results", String(made.id), "--csv", "--tasks", "--language", "ja").stdout, /"課題"/);
	assert.equal(JSON.parse(cli("--json", "class", "results", String(made.id)).stdout).seats.length, 3);
	assert.equal(cli("class", "results", "x").status, 2);
});

/* ---- certificates ---- */

const dates = { begins: "2026-06-09", ends: "2026-06-10", minutes: 360 };
const issue = (who, body) => daemon.as(who, "POST", `/classes/${made.id}/certificates`, body);
let code;

test("certificates are issued for those who were there, once each", async () => {
	const before = await get(`/classes/${made.id}/certificates`);
	assert.deepEqual(before.seats.map((one) => [one.seat, one.tasks_done]), [[seats[0], 2], [seats[1], 0]]);
	assert.deepEqual(before.certificates, []);
	assert.ok(before.minutes > 0);
	const reply = await issue(hana, { ...dates, seats: [{ seat: seats[0] }] });
	assert.equal(reply.status, 201, reply.text);
	const [one] = reply.json.certificates;
	assert.match(one.code, /^[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2}$/);
	assert.deepEqual([one.name, one.organisation, one.language, one.begins, one.ends, one.minutes],
		["青木 葵", "さくら銀行", "ja", "2026-06-09", "2026-06-10", 360]);
	assert.equal(one.url, `http://127.0.0.1:${daemon.port}/verify/${one.code}`);
	code = one.code;
	const again = await issue(hana, { ...dates, begins: "2026-06-10", seats: [{ seat: seats[0] }, { seat: seats[1] }] });
	assert.deepEqual(again.json.certificates.map((one) => one.begins), ["2026-06-09", "2026-06-10"]);
	assert.equal(again.json.certificates[0].code, code);
});

test("what cannot be certified is refused, and nothing is issued then", async () => {
	for (const [body, status, message] of [
		[{ ...dates, seats: [{ seat: seats[2] }] }, 409, /nobody joined at seat 03/], [{ ...dates, seats: [{ seat: 4711 }] }, 404, /seat/],
		[{ ...dates, seats: [] }, 400, /seats/], [{ ...dates, begins: "2026-13-01", seats: [{ seat: seats[0] }] }, 400, /dates/],
		[{ ...dates, begins: "2026-06-11", seats: [{ seat: seats[0] }] }, 400, /order/], [{ ...dates, minutes: 0, seats: [{ seat: seats[0] }] }, 400, /minutes/],
	]) {
		const reply = await issue(hana, body);
		assert.equal(reply.status, status, JSON.stringify(body));
		assert.match(reply.json.detail, message);
	}
	assert.equal((await get(`/classes/${made.id}/certificates`)).certificates.length, 2);
});

test("anybody who holds the paper can have it confirmed, however the code is typed, and learns no more", async () => {
	for (const typed of [code, code.toLowerCase(), code.replaceAll("-", ""), encodeURIComponent(code.replaceAll("-", " ")),
		encodeURIComponent([...code].map((c) => (c === "-" ? "－" : String.fromCodePoint(c.codePointAt(0) + 0xfee0))).join(""))]) {
		const reply = await daemon.request("GET", `/api/v1/certificates/${typed}`);
		assert.equal(reply.status, 200, typed);
		assert.deepEqual(Object.keys(reply.json).sort(), ["begins", "code", "ends", "name", "site", "title"]);
		assert.deepEqual([reply.json.code, reply.json.name, reply.json.begins], [code, "青木 葵", "2026-06-09"]);
	}
	for (const typed of ["2222-2222-2222", "x", "1".repeat(40)])
		assert.equal((await daemon.request("GET", `/api/v1/certificates/${typed}`)).status, 404, typed);
});

test("a revoked certificate is not confirmed any more", async () => {
	const { certificates } = await get(`/classes/${made.id}/certificates`);
	const other = certificates.find((one) => one.seat === seats[1]).code;
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${made.id}/certificates/${other}`)).status, 204);
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${made.id}/certificates/${other}`)).status, 404);
	assert.equal((await daemon.request("GET", `/api/v1/certificates/${other}`)).status, 404);
	const log = (await get(`/audit?class=${made.id}`)).map((row) => row.action);
	assert.ok(log.includes("class.certify") && log.includes("certificate.revoke"));
});

/* ---- retention ---- */

const keep = (untilAt, who = hana) => daemon.as(who, "PUT", `/classes/${made.id}/retention`, { until: untilAt });

test("a class that closes gets a date from the settings; its instructor chooses another", async () => {
	assert.equal((await keep(Date.now() + 1000)).status, 409); /* it is not closed yet */
	assert.equal((await daemon.as(mika, "PATCH", "/settings", { "results.days": 30 })).status, 200);
	assert.equal((await daemon.as(hana, "POST", `/classes/${made.id}/close`)).status, 202);
	const closed = await until(async () => {
		const view = await get(`/classes/${made.id}`);
		return view.state === "closed" && view;
	});
	assert.equal(closed.results_until, closed.closed_at + 30 * 86400000);
	assert.equal(closed.results_removed_at, 0);
	assert.equal((await keep(Date.now() + 20 * 366 * 86400000)).status, 400);
	const later = Date.now() + 40 * 86400000;
	assert.equal((await keep(later)).json.results_until, later);
	assert.equal((await get(`/classes/${made.id}/results`)).seats.length, 3);
});

test("when the date has come the results go by themselves, also from a daemon that was away meanwhile", async () => {
	await daemon.stop();
	sql(`UPDATE retention SET until = ${Date.now() + 500} WHERE class = ${made.id}`);
	daemon = await Daemon.start({ state: daemon.state, port: daemon.port });
	const view = await until(async () => {
		const now = await get(`/classes/${made.id}`);
		return now.results_removed_at && now;
	});
	assert.ok(view.seat.every((one) => one.name === "" && !one.joined && one.points === 0 && !one.mail && !one.organisation && one.progress.length === 0));
	assert.deepEqual((await get(`/classes/${made.id}/results`)).seats, []);
	for (const from of ["progress", "attempt", "hint_use", "lab_opened", "seat_key", "message", "person WHERE login IS NULL"])
		assert.equal(sql(`SELECT count(*) FROM ${from}`), "0", from);
	const [row] = (await get(`/audit?class=${made.id}`)).filter((one) => one.action === "class.results-removed");
	assert.equal(row.actor, "system");
	assert.equal((await keep(Date.now() + 1000)).status, 409); /* gone is gone */
});

test("results whose date has passed, be it the first of all, go at once", async () => {
	const two = (await daemon.as(hana, "POST", "/classes", { course: made.course, seats: 1 })).json;
	assert.equal((await daemon.as(hana, "POST", `/classes/${two.id}/close`)).status, 202);
	await until(async () => (await get(`/classes/${two.id}`)).state === "closed");
	assert.ok((await daemon.as(hana, "PUT", `/classes/${two.id}/retention`, { until: 0 })).json.results_removed_at > 0);
});

test("a certificate outlives the results, and goes with the class", async () => {
	assert.equal((await daemon.request("GET", `/api/v1/certificates/${code}`)).json.name, "青木 葵");
	assert.equal((await issue(hana, { ...dates, seats: [{ seat: seats[0] }] })).status, 409);
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${made.id}`)).status, 204);
	assert.equal((await daemon.request("GET", `/api/v1/certificates/${code}`)).status, 404);
});

test("who tries many codes waits, and signs in meanwhile", async () => {
	let reply;
	for (let i = 0; i < 40 && reply?.status !== 429; i++) reply = await daemon.request("GET", "/api/v1/certificates/2222-2222-2223");
	assert.equal(reply.status, 429);
	assert.ok(Number(reply.headers["retry-after"]) >= 1);
	assert.ok((await daemon.signIn("hana", "hana-password")).csrf);
});
