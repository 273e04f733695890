// The host as an admin's page shows it: what `terakoya doctor` finds there, with the remedy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { chromium, picture, signedIn } from "./browser.mjs";
import { Daemon, root } from "./daemon.mjs";

let daemon, browser, page;

before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web") });
	await daemon.account("mika", "admin");
	await daemon.account("hana", "instructor");
	browser = await chromium();
}, { timeout: 60000 });

after(async () => {
	await browser?.close();
	await daemon?.stop();
});

test("the API says of the host what the command line says, to admins alone", async () => {
	const { json: report } = await daemon.local("GET", "/host/doctor");
	const said = JSON.parse(daemon.cli("--json", "doctor").stdout);
	const names = ({ checks }) => checks.map(({ id, title }) => [id, title]);
	assert.deepEqual(names(report), names(said));
	assert.equal(report.failures, report.checks.filter(({ verdict }) => verdict === "fail").length);
	for (const { id, verdict, found, remedy } of report.checks) assert.ok(found && (verdict === "ok") === !remedy, id);
	const hana = await daemon.signIn("hana", "hana-password");
	assert.equal((await daemon.as(hana, "GET", "/host/doctor")).status, 403);
});

test("while a check takes its time everybody else is answered", async () => {
	const slow = daemon.local("GET", "/host/doctor");
	assert.equal((await daemon.local("GET", "/health")).status, 200);
	assert.equal((await slow).status, 200);
});

/** A report with one check of each verdict, whatever this host is like. */
const REPORT = { verdict: "fail", failures: 1, warnings: 1, checks: [
	{ id: "packages", title: "Packages", verdict: "ok", found: "all are there", means: "", remedy: "", fixable: false, fixed: false, fix_note: "" },
	{ id: "kvm", title: "Hardware virtualisation", verdict: "warn", found: "no /dev/kvm", means: "machines are slower",
		remedy: "switch it on in the firmware", fixable: false, fixed: false, fix_note: "" },
	{ id: "open-files", title: "Open files", verdict: "fail", found: "1024 may be open", means: "no class fits",
		remedy: "raise LimitNOFILE", fixable: true, fixed: false, fix_note: "" },
] };

test("what is wrong stands on the page with what it means and what to do; what is fine can be opened", async () => {
	page = await signedIn(browser, daemon, "mika");
	let asked = 0;
	await page.route("**/api/v1/host/doctor", (route) => route.fulfill({ json: asked++ ? { ...REPORT, verdict: "ok", failures: 0, warnings: 0,
		checks: REPORT.checks.slice(0, 1) } : REPORT }));
	await page.getByRole("link", { name: "Host", exact: true }).click();
	const card = page.locator(".doctor");
	await card.getByText("1 thing has to be mended before classes can be held.").waitFor();
	await picture(page, "doctor");
	const files = card.getByRole("listitem").filter({ hasText: "Open files" });
	for (const words of ["to be mended", "1024 may be open", "no class fits", "raise LimitNOFILE", "terakoya doctor --fix"])
		await files.getByText(words, { exact: false }).first().waitFor();
	assert.equal(await card.getByText("all are there").isVisible(), false);
	await card.getByText("1 check is fine").click();
	await card.getByText("all are there").waitFor();
	await card.getByRole("button", { name: "Look again" }).click();
	await card.getByText("All is well: classes can be held.").waitFor();
});

test("an instructor sees the host, and nothing of it", async () => {
	const other = await signedIn(browser, daemon, "hana");
	await other.getByRole("link", { name: "Host", exact: true }).click();
	await other.getByText("Machines running").waitFor();
	assert.equal(await other.locator(".doctor").count(), 0);
});
