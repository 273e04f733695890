/** Chromium on a daemon without machines. Pictures are taken where TERAKOYA_PICTURES names a directory. */
import { join } from "node:path";
import { chromium as engine } from "playwright-core";

export const chromium = () => engine.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-first-run"],
});

/** A page of somebody with an account, in English. */
export async function signedIn(browser, daemon, login, password = `${login}-password`) {
	const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1366, height: 768 }, acceptDownloads: true });
	context.setDefaultTimeout(30000);
	const page = await context.newPage();
	await page.goto(`http://127.0.0.1:${daemon.port}/sign-in`);
	await page.getByLabel("Login").fill(login);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("navigation", { name: "Places" }).waitFor();
	return page;
}

/** In both sizes, both themes, and in Japanese, for somebody to look at. */
export async function picture(page, name) {
	const directory = process.env.TERAKOYA_PICTURES;
	if (!directory) return;
	const shot = (kind) => page.screenshot({ path: join(directory, `${name}-${kind}.png`) });
	await shot("1366");
	await page.emulateMedia({ colorScheme: "dark" });
	await shot("dark");
	await page.emulateMedia({ colorScheme: "light" });
	await page.getByRole("button", { name: "日本語" }).first().click();
	await shot("ja");
	await page.getByRole("button", { name: "English" }).first().click();
	await page.setViewportSize({ width: 1920, height: 1080 });
	await shot("1920");
	await page.setViewportSize({ width: 1366, height: 768 });
}
