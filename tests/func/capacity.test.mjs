// Whether a class fits: from figures measured on this host, beside other classes, at every gate, in the page's and the
// command line's words. No machine runs: figures are written where the daemon keeps them. The tests go in order.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { chromium, picture, signedIn } from "./browser.mjs";
import { Daemon, launchedClass, makeState, root, until } from "./daemon.mjs";

const MIB = 1024 * 1024;
const state = makeState();
let daemon, hana, running, draft, browser, page;

const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "terakoya.db"), text]);
const start = () => Daemon.start({ state, web: join(root, "build/web") });
const capacityOf = async (seats) => (await daemon.as(hana, "GET", `/courses/linux-intro/capacity?seats=${seats}`)).json;
const classCapacity = (id) => daemon.as(hana, "GET", `/classes/${id}/capacity`);
const act = (id, action, body) => daemon.as(hana, "POST", `/classes/${id}/${action}`, body);

/** Every machine of the course took so much, at the end of a day. */
async function measured(memory, { worked = 1, ready = 200 } = {}) {
	const templates = (await daemon.as(hana, "GET", "/templates")).json.filter((one) => one.course === "linux-intro");
	for (const { machine, key } of templates) {
		assert.match(key, /^[0-9a-f]{64}$/);
		sql(`INSERT OR REPLACE INTO figure VALUES ('linux-intro', '${machine}', 'boot:${key}', ${Math.round(memory)}, ${MIB}, ${worked}, ${MIB}, ${ready}, 1)`);
	}
	return templates.length;
}

before(async () => {
	daemon = await start();
	hana = await daemon.account("hana", "instructor");
	await daemon.account("mika", "admin");
	await daemon.as(hana, "POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.as(hana, "GET", "/images")).json[0].built);
	await until(async () => (await daemon.as(hana, "GET", "/host")).json.libvirt);
	await until(async () => (await daemon.as(hana, "GET", "/templates")).json.some((one) => one.key));
	draft = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 1, name: "afternoon" })).json;
	browser = await chromium();
});
after(async () => {
	await browser?.close();
	await daemon?.stop();
});

test("what was never measured here is said to be estimated", async () => {
	const view = await capacityOf(2);
	assert.equal(view.seats, 2);
	assert.deepEqual([view.measured, view.time_measured, view.kept_for], [false, false, 0]);
	assert.match(view.verdict, /^2 seats need \d+\.\d GB of \d+\.\d GB free memory, ready in about \d+ s; \d+ would fit \(estimated; not measured/);
	assert.equal((await daemon.as(hana, "GET", "/courses/linux-intro/capacity?seats=0")).status, 400);
});

test("figures of this host take the guess's place once the labs were worked through", async () => {
	const guessed = await capacityOf(10);
	const machines = await measured(40 * MIB, { worked: 0 });
	const early = await capacityOf(10);
	assert.deepEqual([early.measured, early.time_measured], [false, true], "fresh machines say nothing of the evening");
	assert.equal(early.memory_needed, guessed.memory_needed);
	assert.equal(early.launch_ms, 500 + 10 * machines * 200);
	await measured(100 * MIB);
	const late = await capacityOf(10);
	assert.equal(late.memory_needed, 10 * machines * 125 * MIB, "with a quarter more");
	assert.match(late.verdict, /\(measured on this host\)$/);
	assert.match((await daemon.cli("class", "capacity", String(draft.id))).stdout, /^1 seat needs .*\(measured on this host\)\n$/);
});

test("what a class has not grown to yet is kept for it: the next one is refused, and told why", async () => {
	const { memory_free: free } = await capacityOf(1);
	const machines = await measured(0.6 * free / 1.25 / 2);
	assert.equal(machines, 2);
	running = await launchedClass(daemon, hana, ["Aoi"]);
	const view = (await classCapacity(draft.id)).json;
	assert.deepEqual([view.fits, view.kept_for, view.seats_that_fit], [false, 1, 0]);
	for (const action of ["launch", "prepare"]) {
		const reply = await act(draft.id, action, { untested: true });
		assert.equal(reply.status, 507, reply.text);
		assert.match(reply.json.detail, /do not fit.*; \d+\.\d GB of memory and \d+\.\d GB of disk are kept for 1 other class .*: close another class, freeze/);
	}
	const told = daemon.cli("class", "capacity", String(draft.id));
	assert.equal(told.status, 5);
	assert.match(told.stderr, /kept for 1 other class/);
	const busy = await classCapacity(running.id);
	assert.equal(busy.status, 409);
	assert.match(busy.json.detail, /preparing/);
});

test("a planned preparation goes through the same gate, and the plan keeps the reason", async () => {
	const reply = await daemon.as(hana, "PUT", `/classes/${draft.id}/schedule`, { untested: true, schedule: [{ at: Date.now() + 3600000, action: "prepare" }] });
	assert.equal(reply.status, 200, reply.text);
	sql(`UPDATE class_plan SET at = at - 3600000 - 900000 WHERE class = ${draft.id}`);
	const planned = async () => (await daemon.as(hana, "GET", `/classes/${draft.id}`)).json;
	const missed = await until(async () => (await planned()).schedule.find((one) => one.outcome));
	assert.match(missed.outcome, /do not fit.*kept for 1 other class/);
	assert.equal((await planned()).state, "draft");
});

test("pages say what is kept for others, and the remedy, in both languages", async () => {
	page = await signedIn(browser, daemon, "hana");
	await page.goto(`http://127.0.0.1:${daemon.port}/classes/${draft.id}`);
	await page.getByRole("heading", { name: "It does not fit" }).waitFor();
	await page.getByText(/of memory and .* of disk are kept for another class\./).waitFor();
	await page.getByText("Close another class, freeze one that is planned to come back later, or make fewer seats.").waitFor();
	await picture(page, "capacity-class");
	await page.getByRole("button", { name: "日本語" }).first().click();
	await page.getByText(/ほかの 1 クラスのために、メモリ .* を確保しています。/).waitFor();
	await page.goto(`http://127.0.0.1:${daemon.port}/classes/new`);
	await page.getByRole("heading", { name: "収まりません" }).waitFor();
	await page.getByText("このホストで計測した値によります。").waitFor();
	await page.getByRole("button", { name: "English" }).first().click();
});

test("a frozen class is brought back only when there is room", async () => {
	const other = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 1, name: "overnight" })).json;
	await daemon.stop();
	sql(`UPDATE class SET state = 'frozen', launched_at = 1, opened_at = 1 WHERE id = ${other.id};
		UPDATE machine SET state = 'frozen', generation = 1 WHERE seat IN (SELECT id FROM seat WHERE class = ${other.id})`);
	daemon = await start();
	hana = await daemon.signIn("hana", "hana-password");
	await until(async () => (await daemon.as(hana, "GET", "/host")).json.libvirt);
	const view = (await classCapacity(other.id)).json;
	assert.deepEqual([view.fits, view.launch_ms, view.disk_needed], [false, 0, 0]);
	const reply = await act(other.id, "resume");
	assert.equal(reply.status, 507, reply.text);
	assert.match(reply.json.detail, /^bringing back class \d+ needs .* kept for 1 other class .*: freeze or close another class first$/);
	assert.equal((await act(running.id, "close")).status, 202);
	await until(async () => (await daemon.as(hana, "GET", `/classes/${running.id}`)).json.state === "closed");
	assert.equal((await classCapacity(other.id)).json.fits, true);
	const beside = (await classCapacity(draft.id)).json;
	assert.deepEqual([beside.fits, beside.kept_for], [false, 1], "who froze a class wants it back");
	assert.equal((await act(other.id, "close")).status, 202);
});

test("memory that falls below the reserve while a class runs is told to staff, with the remedy", async () => {
	const host = async () => (await daemon.as(hana, "GET", "/host")).json;
	const mika = await daemon.signIn("mika", "mika-password");
	await measured(MIB);
	await launchedClass(daemon, hana, ["Ren"]);
	assert.equal((await host()).memory_low, false);
	page = await signedIn(browser, daemon, "hana");
	assert.equal((await daemon.as(mika, "PATCH", "/settings", { "host.memory-reserve": 1048576 })).status, 200);
	await until(async () => (await host()).memory_low);
	assert.equal((await host()).memory_reserve, 1048576 * MIB);
	for (const place of ["host", `classes/${draft.id}`]) {
		await page.goto(`http://127.0.0.1:${daemon.port}/${place}`);
		await page.getByText(/Memory is short: .* are free, and .* should be\. Freeze or close a class\./).waitFor();
	}
	await picture(page, "memory-low");
	assert.equal((await daemon.as(mika, "PATCH", "/settings", { "host.memory-reserve": 768 })).status, 200);
	await page.getByText(/Memory is short/).waitFor({ state: "detached" });
	assert.equal((await host()).memory_low, false);
});
