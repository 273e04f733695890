// What a student's page promises beside the terminal itself, in Chromium on a daemon without machines: the class and its
// lab are said to be open in the database, and what would reach a shell is read on its way.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "./browser.mjs";
import { Daemon, launchedClass, root, until } from "./daemon.mjs";

let daemon, browser, hana, made, aoi;
const url = (path) => `http://127.0.0.1:${daemon.port}${path}`;

before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web") });
	hana = await daemon.account("hana", "instructor");
	made = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
	aoi = await daemon.join(made.code, "Aoi");
	const { state } = daemon;
	await daemon.stop();
	execFileSync("sqlite3", [join(state, "terakoya.db"), `UPDATE class SET state = 'open', ready_at = 1, opened_at = 1;
		UPDATE seat SET lab = '${made.labs[0].id}' WHERE id = ${aoi.seat};
		INSERT INTO lab_opened VALUES (${aoi.seat}, '${made.labs[0].id}', 1, 1), (${aoi.seat}, 'permissions', 1, 1)`]);
	daemon = await Daemon.start({ web: join(root, "build/web"), state });
	browser = await chromium();
}, { timeout: 60000 });

after(async () => {
	await browser?.close();
	await daemon?.stop();
});

/** A browser of somebody who is signed in. */
async function open(session, path, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "en-GB", ...options });
	context.setDefaultTimeout(20000);
	const [name, value] = session.cookie.split("=");
	await context.addCookies([{ name, value, url: url("/") }]);
	const page = await context.newPage();
	const sent = [];
	page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(payload.toString())));
	await page.goto(url(path));
	await page.getByRole("heading", { level: 1 }).first().waitFor();
	return { context, page, sent };
}

const workspace = (options) => open(aoi, `/seats/${aoi.seat}`, options);

test("a block of the guide is copied without its prompts, and a line is typed into the terminal without Enter", async () => {
	const { context, page, sent } = await workspace();
	await context.grantPermissions(["clipboard-read", "clipboard-write"]);
	const block = page.locator(".code-block").filter({ hasText: "$ whoami" });
	await block.getByRole("button", { name: "Copy" }).click();
	await block.getByRole("button", { name: "Copied" }).waitFor();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "whoami\ndate");
	await block.getByRole("button", { name: "Type it into the terminal: date" }).click();
	await until(() => sent.includes("date"));
	assert.ok(!sent.some((text) => /[\r\n]/.test(text)), "nobody pressed Enter");
	assert.ok(await page.evaluate(() => document.activeElement.closest(".terminal-view") !== null), "the next key goes there");
	await context.close();
});

test("the pane between guide and terminal is dragged by the mouse, and stays where it was put after a reload", async () => {
	const { context, page } = await workspace();
	const bar = page.getByRole("separator", { name: "Width of the guide" });
	const share = async () => Number(await bar.getAttribute("aria-valuenow"));
	const before = await share(), box = await bar.boundingBox();
	await page.mouse.move(box.x + box.width / 2, box.y + 200);
	await page.mouse.down();
	await page.mouse.move(box.x + 200, box.y + 210, { steps: 5 });
	await page.mouse.up();
	const moved = await share();
	assert.ok(moved > before + 10, `${before} became ${moved}`);
	await page.mouse.move(box.x - 200, box.y + 200);
	assert.equal(await share(), moved, "let go is let go");
	await page.reload();
	await until(async () => (await share()) === moved);
	await context.close();
});

test("the language is remembered by the page and by the daemon", async () => {
	const { context, page } = await workspace();
	const title = made.labs[0].title;
	await page.getByRole("heading", { level: 1, name: title.en }).waitFor();
	await page.getByRole("button", { name: "日本語" }).click();
	await page.getByRole("heading", { level: 1, name: title.ja }).waitFor();
	await until(async () => (await daemon.as(aoi, "GET", "/session")).json.person.language === "ja");
	await page.reload();
	await page.getByRole("heading", { level: 1, name: title.ja }).waitFor();
	await page.getByRole("button", { name: "English" }).click();
	await until(async () => (await daemon.as(aoi, "GET", "/session")).json.person.language === "en");
	await context.close();
});

test("what a check says is said in a live region, so that a screen reader reads it", async () => {
	const { context, page } = await workspace();
	const task = page.locator(".task").first();
	const live = task.locator("[aria-live=polite]").first();
	assert.equal((await live.innerText()).trim(), "", "it is there before there is anything to say");
	await page.route("**/check", (route) => route.fulfill({ json: { verdict: "not-yet", code: 10, points: 0, newly_done: false, duration_ms: 5,
		error: "", feedback: { en: "<p>The file is empty.</p>", ja: "<p>ファイルが空です。</p>" } } }));
	await task.getByRole("button", { name: "Check" }).click();
	await live.getByText("The file is empty.").waitFor();
	await context.close();
});

/** In the page: whether what has the focus has a name that begins so. */
const isFocused = (words) => {
	const one = document.activeElement;
	const name = one === document.body ? "nothing" : one.getAttribute("aria-label") ?? one.textContent.replace(/\s+/g, " ").trim();
	return name.startsWith(words);
};

test("by keyboard alone a task is checked, a hint is seen and the terminal is left again, and the focus is never lost", async () => {
	const { context, page } = await workspace();
	const task = page.locator(".task").first();
	const at = (words) => page.waitForFunction(isFocused, words);
	let verdict = "not-yet", answer;
	await page.route("**/check", async (route) => {
		await new Promise((resolve) => (answer = resolve));
		await route.fulfill({ json: { verdict, code: 10, points: 5, newly_done: verdict === "pass", duration_ms: 5, error: "",
			feedback: { en: "<p>The file is empty.</p>", ja: "<p>ファイルが空です。</p>" } } });
	});
	const check = task.getByRole("button", { name: "Check" });
	await check.focus();
	await page.keyboard.press("Enter");
	await at("Checking");
	await until(() => answer);
	await page.keyboard.press("Enter"); /* is not a second one */
	answer();
	await task.getByText("The file is empty.").waitFor();
	await at("Check");
	await page.keyboard.press("Tab");
	await at("Hint · costs 1");
	await page.keyboard.press("Enter");
	await at("Show it");
	await page.keyboard.press("Enter");
	await task.locator(".hints").getByText("Hint 1").waitFor();
	await at("Hint · costs 2");

	await page.getByText("Ctrl+Shift+L: to the guide").waitFor();
	await page.locator(".terminal-view:not([hidden]) textarea").waitFor({ state: "attached" });
	await page.keyboard.press("Control+Shift+KeyL");
	await page.waitForFunction(() => document.activeElement.closest(".terminal-view"));
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-description")), "Ctrl+Shift+L: to the guide");
	await page.keyboard.press("Control+Shift+KeyL");
	await at("Hint · costs 2");

	await page.keyboard.press("Control+Shift+Slash");
	await at("Close");
	await page.keyboard.press("Escape");
	await at("Hint · costs 2");
	await context.close();
});

test("a quiz says which choice was wrong, and once it is right the focus stays with the task", async () => {
	const { context, page } = await workspace();
	await page.getByRole("navigation", { name: "Labs" }).getByRole("button", { name: /Users and permissions/ }).click();
	const task = page.locator("#task-who-can"), check = task.getByRole("button", { name: "Check" });
	const choose = (name) => task.getByRole("checkbox", { name }).press("Space");
	const told = (text) => task.locator("[aria-live=polite]").first().getByText(text).waitFor();
	await choose(/add a line/);
	await check.press("Enter");
	await told(/the file's own mode counts/);
	await choose(/add a line/);
	await choose(/read the report/);
	await check.press("Enter");
	await told(/can do more/);
	await choose(/remove the report/);
	await check.press("Enter");
	await told("That is right.");
	await page.waitForFunction(() => document.activeElement.id === "title-who-can");
	await context.close();
});

/** In the page: what still moves, or would. */
const moving = () => [...document.querySelectorAll("*")].flatMap((one) => [null, "::before", "::after"].flatMap((part) => {
	const { animationName, transitionDuration } = getComputedStyle(one, part);
	const moves = animationName !== "none" || transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
	return moves ? [`${one.tagName}.${one.className} ${part ?? ""}: ${animationName} ${transitionDuration}`] : [];
}));

test("whoever asked for reduced motion sees none; others do", async () => {
	for (const [session, path] of [[aoi, `/seats/${aoi.seat}`], [hana, `/classes/${made.id}`], [hana, "/classes/new"]]) {
		const { context, page } = await open(session, path, { reducedMotion: "reduce" });
		await page.waitForFunction(() => document.querySelector(".workspace, .matrix, form"));
		assert.deepEqual(await page.evaluate(moving), [], path);
		await page.emulateMedia({ reducedMotion: "no-preference" });
		assert.notDeepEqual(await page.evaluate(moving), [], path);
		await context.close();
	}
});

test("times are in the reader's zone, also in what is planned and in tables for spreadsheets", async () => {
	const planned = await daemon.as(hana, "PUT", `/classes/${made.id}/schedule`, { schedule: [{ at: Date.UTC(2031, 0, 15, 23, 30), action: "close" }] });
	assert.equal(planned.status, 200, planned.text);
	for (const [timezoneId, shown, time, east] of [["Asia/Tokyo", "Jan 16, 08:30", "08:30", 540],
		["America/New_York", "Jan 15, 18:30", "18:30", -300]]) {
		const { context, page } = await open(hana, `/classes/${made.id}`, { timezoneId });
		await page.getByText(`Next: close, ${shown}`).waitFor();
		await page.getByRole("button", { name: "Schedule" }).click();
		await page.getByText(`Times are in your zone, ${timezoneId}`, { exact: false }).waitFor();
		assert.match(await page.getByLabel("Time 1", { exact: true }).inputValue(), new RegExp(`T${time}$`));
		await page.goto(url(`/classes/${made.id}/results`));
		const link = await page.getByRole("link", { name: "CSV: one row per person" }).getAttribute("href");
		const away = new URL(link, url("/")).searchParams.get("east");
		assert.ok(Math.abs(Number(away) - east) <= 60, `${away} minutes east, of ${east} in winter`);
		await context.close();
	}
});

test("by keyboard an instructor opens a seat, closes it with Escape, and goes on from it", async () => {
	const { context, page } = await open(hana, `/classes/${made.id}`);
	for (const look of ["Progress", "Seats"]) {
		await page.getByRole("button", { name: look, exact: true }).click();
		const seat = page.locator(".room").getByRole("button", { name: /Aoi/ });
		await seat.focus();
		await page.keyboard.press("Enter");
		await page.locator(".drawer h2:focus").waitFor();
		await page.keyboard.press("Escape");
		await page.locator(".drawer").waitFor({ state: "detached" });
		assert.ok(await seat.evaluate((one) => one === document.activeElement), look);
	}
	await context.close();
});
