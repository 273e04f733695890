import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Daemon, launchedClass, until } from "./daemon.mjs";

let daemon, hana, kenji, watcher, made, running;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	kenji = await daemon.account("kenji", "instructor");
	watcher = await daemon.account("mio", "observer");
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", name: "星の組", names: ["Aoi", "Ren"] })).json;
	running = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
});
after(() => daemon?.stop());

const create = (body) => daemon.as(hana, "POST", "/classes", body);

test("a class is made with its seats, names and code", () => {
	assert.equal(made.name, "星の組");
	assert.equal(made.state, "draft");
	assert.equal(made.seats, 2);
	assert.deepEqual(made.seat.map((seat) => seat.name), ["Aoi", "Ren"]);
	assert.match(made.code, /\w/);
	assert.ok(made.labs.length > 0);
});

test("a class without name or with a number of seats is fine, too", async () => {
	const reply = await create({ course: "linux-intro", seats: 3 });
	assert.equal(reply.status, 201);
	assert.equal(reply.json.seat.length, 3);
	assert.notEqual(reply.json.name, "");
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${reply.json.id}`)).status, 204);
	assert.equal((await daemon.as(hana, "GET", `/classes/${reply.json.id}`)).status, 404);
});

test("what cannot be a class is refused, with the field and the bound", async () => {
	const cases = [
		[{ course: "linux-intro", seats: 0 }, 400, /seats must be .* 1 to 500/],
		[{ course: "linux-intro", seats: 10000 }, 400, /seats must be .* 1 to 500/],
		[{ course: "linux-intro", seats: 2.5 }, 400, /seats/],
		[{ course: "linux-intro", seats: "2" }, 400, /seats/],
		[{ course: "linux-intro" }, 400, /seats or names/],
		[{ seats: 1 }, 400, /course is missing/],
		[{ course: "cobol", seats: 1 }, 404, /cobol/],
		[{ course: "linux-intro", names: [] }, 400, /names/],
		[{ course: "linux-intro", names: ["Aoi", ""] }, 400, /names\[1\]/],
		[{ course: "linux-intro", names: ["Aoi", 5] }, 400, /names\[1\] must be a text/],
		[{ course: "linux-intro", names: ["a\tb"] }, 400, /names\[0\]/],
		[{ course: "linux-intro", seats: 1, name: "x".repeat(101) }, 400, /name must have/],
	];
	for (const [body, status, message] of cases) {
		const reply = await create(body);
		assert.equal(reply.status, status, JSON.stringify(body));
		assert.match(reply.json.detail, message);
	}
});

test("two students of one name are refused by name", async () => {
	const reply = await create({ course: "linux-intro", names: ["Aoi", "Ren", "Aoi"] });
	assert.ok([400, 409].includes(reply.status));
	assert.match(reply.json.detail, /Aoi/);
});

test("a student reaches the own seat, and nothing of anybody else", async () => {
	const aoi = await daemon.join(running.code, "Aoi");
	const [own, other] = [aoi.seat, running.seat.find((seat) => seat.id !== aoi.seat).id];
	assert.equal((await daemon.as(aoi, "GET", `/seats/${own}`)).json.name, "Aoi");
	assert.equal((await daemon.as(aoi, "GET", `/seats/${own}/workspace`)).status, 200);
	assert.equal((await daemon.as(aoi, "GET", `/seats/${own}/attempts`)).status, 200);
	assert.equal((await daemon.as(aoi, "POST", `/seats/${own}/hand`, { raised: true })).status, 200);
	const hidden = [
		["GET", `/seats/${other}`], ["GET", `/seats/${other}/workspace`], ["GET", "/seats/999999"],
		["POST", `/seats/${other}/reset`, {}], ["POST", `/seats/${other}/hand`, { raised: true }],
		["POST", `/seats/${other}/power`, { machine: "desk", action: "off" }],
		["GET", `/events?seat=${other}`], ["GET", `/seats/${other}/labs/files`],
		["POST", `/seats/${other}/labs/files/tasks/x/check`, {}],
	];
	for (const [method, path, body] of hidden)
		assert.equal((await daemon.as(aoi, method, path, body)).status, 404, `${method} ${path}`);
	const denied = [
		["PATCH", `/seats/${own}`, { name: "Boss" }], ["POST", `/seats/${own}/join-link`], ["POST", `/seats/${own}/ssh`],
		["GET", `/classes/${running.id}`], ["GET", "/classes"], ["POST", "/classes", { course: "linux-intro", seats: 1 }],
		["POST", `/classes/${made.id}/launch`], ["POST", `/classes/${made.id}/close`], ["DELETE", `/classes/${made.id}`],
		["GET", "/host"], ["GET", "/audit"], ["GET", "/courses"], ["GET", "/images"], ["GET", "/works"],
		["PUT", "/accounts/aoi", { name: "Aoi", role: "admin" }],
	];
	for (const [method, path, body] of denied)
		assert.equal((await daemon.as(aoi, method, path, body)).status, 403, `${method} ${path}`);
});

test("nobody gets anything without a session", async () => {
	for (const path of ["/session", "/classes", `/classes/${made.id}`, `/seats/${made.seat[0].id}`, "/events", "/host", "/courses"])
		assert.equal((await daemon.request("GET", `/api/v1${path}`)).status, 401, path);
});

test("observers neither look into a class nor change anything in it", async () => {
	assert.equal((await daemon.as(watcher, "GET", `/classes/${made.id}`)).status, 403);
	assert.equal((await daemon.as(watcher, "GET", `/seats/${made.seat[0].id}/workspace`)).status, 403);
	assert.equal((await daemon.as(watcher, "POST", `/seats/${made.seat[0].id}/reset`, {})).status, 403);
	assert.equal((await daemon.as(watcher, "POST", "/classes", { course: "linux-intro", seats: 1 })).status, 403);
});

test("another instructor's class is not closed by mistake", async () => {
	const reply = await daemon.as(kenji, "POST", `/classes/${made.id}/launch`);
	assert.equal(reply.status, 404);
	assert.match(reply.json.detail, /there is no class/);
});

test("only admins make accounts", async () => {
	assert.equal((await daemon.as(hana, "PUT", "/accounts/x", { name: "x", role: "admin" })).status, 403);
	const reply = await daemon.local("PUT", "/accounts/ryo", { name: "Ryo", role: "assistant" });
	assert.equal(reply.status, 200);
	assert.ok(reply.json.password.length >= 12);
	assert.ok((await daemon.signIn("ryo", reply.json.password)).csrf);
	assert.equal((await daemon.local("PUT", "/accounts/ryo", { name: "Ryo", role: "king" })).status, 400);
});

test("a join link lets a student in", async () => {
	const seat = running.seat[1].id;
	const link = await daemon.as(hana, "POST", `/seats/${seat}/join-link`);
	assert.equal(link.status, 201);
	const token = link.json.url.split("/j/")[1];
	assert.equal(link.json.url, `http://127.0.0.1:${daemon.port}/j/${token}`);
	const reply = await daemon.request("POST", "/api/v1/session/join", { body: { token, language: "ja" } });
	assert.equal(reply.status, 200);
	assert.equal(reply.json.seat, seat);
	assert.equal(reply.json.person.language, "ja");
});

test("what is not there is named", async () => {
	const seat = made.seat[0].id;
	for (const [path, name] of [["/classes/4711", "class"], ["/classes/x", "class"], ["/seats/4711", "seat"],
		[`/seats/${seat}/labs/nope`, "lab"], ["/works/77", "work"], ["/courses/nope/capacity", "course"]]) {
		const reply = await daemon.as(hana, "GET", path);
		assert.equal(reply.status, 404, path);
		assert.match(reply.json.detail, new RegExp(name));
	}
	const machine = await daemon.as(hana, "POST", `/seats/${seat}/reset`, { machine: "nope" });
	assert.match(machine.json.detail, /no machine "nope"/);
});

test("a guide comes in both languages, rendered", async () => {
	const seat = made.seat[0].id;
	const lab = made.labs[0].id;
	for (const language of ["en", "ja"]) {
		const { json } = await daemon.as(hana, "GET", `/seats/${seat}/labs/${lab}?language=${language}`);
		assert.equal(json.language, language);
		assert.match(json.guide, /<p>/);
	}
	assert.equal((await daemon.as(hana, "GET", `/seats/${seat}/labs/${lab}?language=fr`)).status, 400);
});

test("who did what is in the audit log", async () => {
	const { json } = await daemon.as(hana, "GET", `/audit?class=${made.id}`);
	assert.ok(json.some((row) => row.action === "class.create" && row.actor === "hana"), JSON.stringify(json.slice(0, 5)));
});

test("a class that has not begun cannot be joined, and says so", async () => {
	const reply = await daemon.request("POST", "/api/v1/session/join", { body: { code: made.code, name: "Aoi" } });
	assert.equal(reply.status, 409);
	assert.match(reply.json.detail, /not begun/);
});

test("building an image is watched work; what is built is not built again", async () => {
	const again = await daemon.as(hana, "POST", "/images/debian-13/build", {});
	assert.equal(again.status, 200);
	assert.equal(again.json.state, "done");
	const forced = await daemon.as(hana, "POST", "/images/debian-13/build", { force: true });
	assert.equal(forced.status, 202);
	const work = await daemon.as(hana, "GET", `/works/${forced.json.id}`);
	assert.equal(work.json.object, "debian-13");
	assert.equal((await daemon.as(hana, "POST", "/images/nope/build", {})).status, 404);
});

test("a launched class is not launched again; a closing one goes", async () => {
	assert.equal((await daemon.as(hana, "POST", `/classes/${running.id}/launch`)).status, 409);
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${running.id}`)).status, 409);
	assert.equal((await daemon.as(hana, "POST", `/classes/${running.id}/close`)).status, 202);
	await until(async () => (await daemon.as(hana, "GET", `/classes/${running.id}`)).json.state === "closed");
	const open = (await daemon.as(hana, "GET", "/classes")).json.map((one) => one.id);
	const all = (await daemon.as(hana, "GET", "/classes?closed=1")).json.map((one) => one.id);
	assert.ok(!open.includes(running.id) && all.includes(running.id));
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${running.id}`)).status, 204);
});

test("a launch that is not written down leaves a draft; one that was cut off at once goes on", async () => {
	const id = (await create({ course: "linux-intro", seats: 2 })).json.id;
	const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(daemon.state, "terakoya.db"), text]);
	const view = async () => (await daemon.as(hana, "GET", `/classes/${id}`)).json;
	sql("CREATE TRIGGER full BEFORE UPDATE OF state ON class BEGIN SELECT RAISE(ABORT, 'disk full'); END");
	assert.ok((await daemon.as(hana, "POST", `/classes/${id}/launch`, { untested: true })).status >= 400);
	sql("DROP TRIGGER full");
	const left = await view();
	assert.deepEqual([left.state, left.launched_at, left.opened_at], ["draft", 0, 0]);
	assert.ok(left.seat.every((seat) => seat.machines.every((machine) => machine.state === "absent")));
	await daemon.stop();
	sql(`UPDATE class SET state = 'preparing', launched_at = 1, opened_at = 1 WHERE id = ${id}`);
	daemon = await Daemon.start({ state: daemon.state });
	hana = await daemon.signIn("hana", "hana-password");
	await until(async () => (await view()).seat.every((seat) => seat.machines.every((machine) => machine.state === "booting")));
});
