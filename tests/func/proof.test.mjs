import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { packArchive } from "./archive.mjs";
import { chromium, signedIn } from "./browser.mjs";
import { Daemon, root, terakoya, until } from "./daemon.mjs";

let daemon, hana, watcher;
before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web") });
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

describe("a test that is stopped", () => {
	/* Its machines boot for ever: on the test driver no agent answers. */
	const running = () => until(async () => (await daemon.as(hana, "GET", path)).json?.running, 20000);
	const leftOver = () => execFileSync("sqlite3", ["-readonly", "-cmd", ".timeout 5000", join(daemon.state, "terakoya.db"),
		"SELECT count(*) FROM class"], { encoding: "utf8" }).trim();
	const gone = async () => {
		assert.equal((await daemon.as(hana, "GET", path)).json, null, "what it found out is forgotten");
		await until(() => leftOver() === "0");
		const [work] = (await daemon.as(hana, "GET", "/works")).json.filter((one) => one.kind === "proof");
		assert.deepEqual([work.state, work.message], ["failed", "the test was stopped"]);
	};

	before(async () => {
		await daemon.as(hana, "POST", "/images/debian-13/build", {});
		await until(async () => (await daemon.as(hana, "GET", "/images")).json[0].built, 60000);
	});

	test("at the command line, by Ctrl-C, leaves nothing behind", async () => {
		const child = spawn(terakoya, ["--state-dir", daemon.state, "lab", "test", "linux-intro", "files"]);
		let said = "";
		child.stdout.on("data", (data) => (said += data));
		const ended = new Promise((done) => child.on("close", done));
		await running();
		assert.equal((await daemon.as(hana, "DELETE", "/courses/cobol/proof")).status, 404);
		child.kill("SIGINT");
		assert.equal(await ended, 4, said);
		assert.match(said, /^TAP version 13\n[^]*Bail out! The test was stopped\.\n/);
		await gone();
	});

	test("on the page, after a question, leaves nothing behind", async () => {
		const browser = await chromium();
		try {
			const page = await signedIn(browser, daemon, "hana");
			await page.goto(`http://127.0.0.1:${daemon.port}/packs/linux-intro/1.0.0`);
			await page.getByRole("button", { name: "Run the test" }).click();
			await running();
			await page.getByRole("button", { name: "Stop the test" }).click();
			await page.getByRole("dialog").getByText("its machines are removed").waitFor();
			await page.getByRole("dialog").getByRole("button", { name: "Stop the test" }).click();
			await page.getByText("This version was never tested here.").waitFor();
			await page.getByRole("button", { name: "Run the test" }).waitFor();
			await gone();
		} finally {
			await browser.close();
		}
	});

	test("another one begins at once", async () => {
		assert.equal((await daemon.as(hana, "POST", path, { labs: ["files"] })).status, 202);
		await running();
		assert.equal((await daemon.as(hana, "DELETE", path)).status, 204);
		assert.equal((await daemon.as(hana, "DELETE", path)).status, 404);
		await gone();
	});
});
