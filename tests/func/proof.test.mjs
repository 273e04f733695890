import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { packArchive } from "./archive.mjs";
import { Daemon } from "./daemon.mjs";

let daemon, hana, watcher;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	watcher = await daemon.account("mio", "observer");
});
after(() => daemon?.stop());

const path = "/courses/linux-intro/proof";

test("a course that was never tested says so, and is not proven", async () => {
	const never = await daemon.as(hana, "GET", path);
	assert.deepEqual([never.status, never.json], [200, null]);
	assert.equal((await daemon.as(hana, "GET", `${path}?version=9.9.9`)).status, 404);
	assert.equal((await daemon.as(hana, "GET", "/courses/cobol/proof")).status, 404);
	const [course] = (await daemon.as(hana, "GET", "/courses")).json.filter((one) => one.id === "linux-intro");
	assert.equal(course.proven_at, 0);
});

test("a test that cannot be made is refused, with the field or the name", async () => {
	const cases = [
		[{ seeds: 0 }, 400, /seeds/], [{ seeds: 17 }, 400, /seeds/], [{ seats: 1 }, 400, /seats/], [{ seats: 9 }, 400, /seats/],
		[{ labs: ["no-such-lab"] }, 404, /no-such-lab/], [{ labs: [] }, 400, /labs/], [{ fast: true }, 400, /fast/],
	];
	for (const [body, status, message] of cases) {
		const reply = await daemon.as(hana, "POST", path, body);
		assert.equal(reply.status, status, JSON.stringify(body));
		assert.match(reply.json.detail, message);
	}
	assert.equal((await daemon.as(hana, "POST", "/courses/cobol/proof", {})).status, 404);
	assert.equal((await daemon.as(watcher, "POST", path, {})).status, 403);
});

test("the class of a test is in no list, and nothing of it stays when it could not begin", async () => {
	await daemon.as(hana, "POST", path, { labs: ["no-such-lab"] });
	assert.deepEqual((await daemon.as(hana, "GET", "/classes?closed=1")).json, []);
});

test("while courses are read anew for a test, one that is removed stays removed", async () => {
	const headers = { "Content-Type": "application/gzip" };
	const came = await daemon.request("POST", "/api/v1/packs", { local: true, body: packArchive(), headers });
	assert.equal(came.status, 201, came.text);
	const reading = daemon.local("POST", "/courses/no-such-course/proof", {});
	assert.equal((await daemon.local("DELETE", "/packs/hello/1.0.0")).status, 204);
	assert.equal((await reading).status, 404);
	assert.deepEqual((await daemon.local("GET", "/packs")).json.map((one) => one.id), ["linux-intro"]);
	assert.deepEqual((await daemon.local("GET", "/courses/problems")).json, []);
});
