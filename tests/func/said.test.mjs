// What the daemon refuses, as a reader of Japanese is told it: in Japanese, and where it is not known in that, in English
// that is marked as such.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium, signedIn } from "./browser.mjs";
import { Daemon, root } from "./daemon.mjs";

let daemon, browser, page;

before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web") });
	const mika = await daemon.account("mika", "admin");
	await daemon.as(mika, "POST", "/organisations", { name: "あおぞら銀行" });
	browser = await chromium();
	page = await signedIn(browser, daemon, "mika");
	await page.getByRole("button", { name: "日本語" }).click();
	await page.goto(`http://127.0.0.1:${daemon.port}/people`);
}, { timeout: 60000 });
after(async () => {
	await browser?.close();
	await daemon?.stop();
});

async function add(name) {
	await page.getByRole("button", { name: "組織を追加" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("名称").fill(name);
	await dialog.getByRole("button", { name: "作成" }).click();
	return dialog;
}

test("a refusal is told in Japanese, with what it is about", { timeout: 60000 }, async () => {
	const dialog = await add("あおぞら銀行");
	const told = dialog.getByRole("alert").getByText("「あおぞら銀行」という組織はすでにあります。");
	await told.waitFor();
	assert.equal(await told.getAttribute("lang"), "ja");
	await dialog.getByRole("button", { name: "キャンセル" }).click();
});

test("a sentence that is not in the catalogue is shown as it came, and marked as English", { timeout: 60000 }, async () => {
	const detail = "the moon is in the way: wait for the sun";
	await page.route("**/api/v1/organisations", (route, request) => (request.method() !== "POST" ? route.continue() : route.fulfill({
		status: 409, contentType: "application/problem+json", body: JSON.stringify({ kind: "conflict", detail }) })));
	const dialog = await add("みどり証券");
	const told = dialog.getByRole("alert").getByText(detail);
	await told.waitFor();
	assert.equal(await told.getAttribute("lang"), "en");
});
