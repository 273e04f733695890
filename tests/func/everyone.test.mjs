import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon, launchedClass } from "./daemon.mjs";

let daemon, hana, kenji, mio, aoi, running, draft;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	kenji = await daemon.account("kenji", "instructor");
	mio = await daemon.account("mio", "assistant");
	running = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
	draft = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 2 })).json;
	aoi = await daemon.join(running.code, "Aoi");
});
after(() => daemon?.stop());

const catchUp = (who, id, body) => daemon.as(who, "POST", `/classes/${id}/catch-up`, body);
const open = (who, id, lab) => daemon.as(who, "POST", `/classes/${id}/labs/${lab}/open`);

test("a class is brought to a lab by its own instructor only", async () => {
	for (const [who, status] of [[aoi, 403], [mio, 403], [kenji, 404]]) {
		assert.equal((await catchUp(who, running.id, { lab: "files" })).status, status);
		assert.equal((await open(who, running.id, "files")).status, status);
	}
});

test("a lab that the course lacks is named", async () => {
	for (const [body, status, message] of [[{ lab: "cobol" }, 404, /cobol/], [{}, 400, /lab/], [{ lab: "files", task: "x" }, 400, /task/]]) {
		const reply = await catchUp(hana, running.id, body);
		assert.equal(reply.status, status);
		assert.match(reply.json.detail, message);
	}
	const reply = await open(hana, running.id, "cobol");
	assert.equal(reply.status, 404);
	assert.match(reply.json.detail, /lab "cobol"/);
});

test("a class that is not open has nobody to bring anywhere", async () => {
	for (const reply of [await catchUp(hana, draft.id, { lab: "files" }), await open(hana, draft.id, "files")]) {
		assert.equal(reply.status, 409);
		assert.match(reply.json.detail, /is draft/);
	}
	assert.equal((await daemon.as(hana, "GET", `/classes/${draft.id}`)).json.everyone, null);
});
