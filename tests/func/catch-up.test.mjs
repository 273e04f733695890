import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon, launchedClass } from "./daemon.mjs";

let daemon, hana, running, aoi;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	running = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
	aoi = await daemon.join(running.code, "Aoi");
});
after(() => daemon?.stop());

const ask = (who, seat, body) => daemon.as(who, "POST", `/seats/${seat}/catch-up`, body);

test("a lab or task that the course lacks is named", async () => {
	const cases = [[{ lab: "cobol" }, 404, /cobol/], [{ lab: "files", task: "cobol" }, 404, /cobol/], [{}, 400, /lab/], [{ lab: "files", n: 1 }, 400, /n/]];
	for (const [body, status, message] of cases) {
		const reply = await ask(hana, running.seat[0].id, body);
		assert.equal(reply.status, status, JSON.stringify(body));
		assert.match(reply.json.detail, message);
	}
});

test("a student is caught up in the own seat only, and not twice at once", async () => {
	const other = running.seat.find((seat) => seat.id !== aoi.seat).id;
	assert.equal((await ask(aoi, other, { lab: "files" })).status, 404);
	const reply = await ask(aoi, aoi.seat, { lab: "files" });
	assert.equal(reply.status, 202);
	assert.equal(reply.json.kind, "catch-up");
	assert.equal((await ask(aoi, aoi.seat, { lab: "files" })).status, 409);
});

test("a reset ends it", async () => {
	assert.equal((await daemon.as(hana, "POST", `/seats/${aoi.seat}/reset`, {})).status, 202);
	const [work] = (await daemon.as(hana, "GET", "/works")).json.filter((one) => one.kind === "catch-up");
	assert.equal(work.state, "failed");
	assert.match(work.message, /reset meanwhile/);
});
