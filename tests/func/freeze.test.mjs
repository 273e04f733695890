// A class between its states: prepared and opened, frozen and resumed. (Machines that are really saved are in
// tests/e2e/freeze.test.mjs; here they are off, so that nothing of them has to be.)
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Daemon, makeState, until } from "./daemon.mjs";

const state = makeState();
let daemon, hana, made;
const classOf = async (id = made.id) => (await daemon.as(hana, "GET", `/classes/${id}`)).json;
const act = (action, body) => daemon.as(hana, "POST", `/classes/${made.id}/${action}`, body);
const reaches = (wanted) => until(async () => (await classOf()).state === wanted);

before(async () => {
	daemon = await Daemon.start({ state });
	hana = await daemon.account("hana", "instructor");
	await daemon.as(hana, "POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.as(hana, "GET", "/images")).json[0].built);
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", names: ["Aoi", "Ren"] })).json;
});
after(() => daemon?.stop());

test("only a class that has machines is frozen, only one that is prepared is opened", async () => {
	for (const [action, message] of [["freeze", /draft; only one that is open or prepared/], ["resume", /draft; only one that is frozen/],
		["open", /draft; only a class that is prepared/]]) {
		const reply = await act(action);
		assert.equal(reply.status, 409, action);
		assert.match(reply.json.detail, message);
	}
});

test("a class that is prepared lets nobody in before it is opened", async () => {
	assert.equal((await act("prepare", {})).status, 409, "it was never tested");
	const reply = await act("prepare", { untested: true });
	assert.equal(reply.status, 202);
	assert.equal(reply.json.state, "preparing");
	assert.equal(reply.json.opened_at, 0);
	const early = await daemon.request("POST", "/api/v1/session/join", { body: { code: made.code, name: "Aoi", language: "en" } });
	assert.equal(early.status, 409);
	assert.match(early.json.detail, /has not begun/);
	const opened = await act("open");
	assert.equal(opened.status, 200);
	assert.ok(opened.json.opened_at > 0);
	assert.ok((await daemon.join(made.code, "Aoi")).seat);
	assert.equal((await act("open")).status, 409, "once is enough");
});

test("freezing, frozen, resuming and open follow each other; a class that is frozen gives no machine away", async () => {
	await daemon.stop();
	execFileSync("sqlite3", [join(state, "terakoya.db"), "UPDATE class SET state = 'open'; UPDATE machine SET state = 'off', generation = 1"]);
	daemon = await Daemon.start({ state });
	hana = await daemon.signIn("hana", "hana-password");
	const aoi = await daemon.join(made.code, "Aoi");
	await until(async () => (await daemon.as(hana, "GET", "/host")).json.libvirt);
	const reply = await act("freeze");
	assert.equal(reply.status, 202, reply.text);
	assert.equal(reply.json.kind, "freeze");
	await reaches("frozen");
	assert.match((await daemon.as(aoi, "POST", `/seats/${aoi.seat}/reset`, {})).json.detail, /frozen/);
	assert.equal((await daemon.as(aoi, "GET", `/seats/${aoi.seat}/workspace`)).json.class.state, "frozen");
	assert.ok((await daemon.join(made.code, "Ren")).seat, "who comes while it is frozen waits on the own page");
	assert.equal((await act("resume")).status, 202);
	await reaches("open");
	const actions = (await daemon.as(hana, "GET", `/audit?class=${made.id}`)).json.map((one) => one.action);
	for (const action of ["class.prepare", "class.open", "class.freeze", "class.resume"]) assert.ok(actions.includes(action), action);
});

test("a daemon that ended in the middle of freezing goes on with it", async () => {
	await daemon.stop();
	execFileSync("sqlite3", [join(state, "terakoya.db"), "UPDATE class SET state = 'freezing'"]);
	daemon = await Daemon.start({ state });
	hana = await daemon.signIn("hana", "hana-password");
	await reaches("frozen");
	assert.equal((await act("close")).status, 202);
	await reaches("closed");
});
