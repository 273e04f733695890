// A class's results on the page of those who lead it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium, picture, signedIn } from "./browser.mjs";
import { Daemon, root, until } from "./daemon.mjs";

let daemon, browser, page, made;

before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web") });
	const hana = await daemon.account("hana", "instructor");
	const people = [["Aoi", "Sakura Bank"], ["Ren", "Kiri Securities"], ["Mio", "Sakura Bank"], ["Sora", ""]].map(([name, organisation]) => ({ name, organisation }));
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", people })).json;
	browser = await chromium();
	page = await signedIn(browser, daemon, "hana");
}, { timeout: 60000 });
after(async () => {
	await browser?.close();
	await daemon?.stop();
});

test("results are filtered by organisation, and those of nobody's are found, too", async () => {
	await page.goto(`http://127.0.0.1:${daemon.port}/classes/${made.id}/results`);
	const names = page.locator("table.results tbody th");
	await until(async () => (await names.count()) === 4);
	const filter = page.getByRole("combobox", { name: "Organisation" });
	for (const [label, wanted] of [["Sakura Bank", ["Aoi", "Mio"]], ["Kiri Securities", ["Ren"]], ["Without one", ["Sora"]]]) {
		await filter.selectOption({ label });
		await page.getByText(`${wanted.length} of 4 seats`).waitFor();
		assert.deepEqual(await names.allInnerTexts(), wanted);
	}
	await picture(page, "results-filter");
	await filter.selectOption({ label: "All organisations" });
	await until(async () => (await names.count()) === 4);
});
