import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { packArchive } from "./archive.mjs";
import { Daemon, until } from "./daemon.mjs";

let daemon, hana, made;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	await daemon.as(hana, "POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.as(hana, "GET", "/images")).json[0].built);
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 1 })).json;
});
after(() => daemon?.stop());

const launch = (body) => daemon.as(hana, "POST", `/classes/${made.id}/launch`, body);

test("a class of a course that never passed its test is not launched, and the refusal names the remedy", async () => {
	assert.equal(made.proven_at, 0);
	for (const body of [undefined, {}, { untested: false }]) {
		const reply = await launch(body);
		assert.equal(reply.status, 409);
		assert.match(reply.json.detail, /linux-intro.*`terakoya lab test linux-intro`/);
	}
	assert.equal((await daemon.as(hana, "GET", `/classes/${made.id}`)).json.state, "draft");
	assert.equal((await launch({ untested: "yes" })).status, 400);
});

test("of a version that is not the active one the remedy names the version", async () => {
	const archive = packArchive({ id: "linux-intro", version: "0.9.0" });
	const older = await daemon.request("POST", "/api/v1/packs", { local: true, body: archive, headers: { "Content-Type": "application/gzip" } });
	assert.equal(older.status, 201, older.text);
	const { id } = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", version: "0.9.0", seats: 1 })).json;
	const reply = await daemon.as(hana, "POST", `/classes/${id}/launch`);
	assert.equal(reply.status, 409);
	assert.match(reply.json.detail, /linux-intro 0\.9\.0.*`terakoya lab test linux-intro --version 0\.9\.0`/);
});

test("whoever says that it is known launches it, and the audit log says who", async () => {
	assert.equal((await launch({ untested: true })).status, 202);
	const [line] = (await daemon.as(hana, "GET", `/audit?class=${made.id}`)).json.filter((one) => one.action === "class.launch");
	assert.equal(line.actor, "hana");
	assert.match(JSON.stringify(line.detail), /untested/);
});
