// An admin's day with packs and images, in a real browser: installing, reading, choosing, exporting and removing versions of
// courses, what their tests found out, and builds of images as they print. No machine runs; the tests go in order.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packArchive, packEntries, packFiles, tarGz } from "./archive.mjs";
import { Daemon, makeState, root, until } from "./daemon.mjs";
import { chromium, signedIn, picture } from "./browser.mjs";

const images = join(makeState(), "recipes");
let daemon, admin, browser, page;

/** A build of an image that prints, waits for a file, and ends as that file says. */
const slowBuild = `#!/bin/sh
[ "$1" != --digest ] || { echo ${"ab".repeat(32)}; exit; }
mkdir -p "$3.partial"
echo "progress 0.4 installing: base-files"
for i in 1 2 3 4 5 6 7 8; do echo "Unpacking package-$i (1.$i) ..."; done >"$3.partial/log"
while [ ! -e ${images}/go-on ]; do sleep 0.1; done
echo "E: Unable to fetch some archives" >>"$3.partial/log"
echo "build: the packages of Debian trixie: E: Unable to fetch some archives; build again: what has come so far is kept" >&2
exit 1
`;

before(async () => {
	cpSync(join(root, "tests/func/images"), images, { recursive: true });
	writeFileSync(join(images, "build"), slowBuild);
	mkdirSync(join(images, "debian-13/overlay/etc"), { recursive: true });
	writeFileSync(join(images, "debian-13/packages"), "less\n");
	writeFileSync(join(images, "debian-13/overlay/etc/motd"), "Welcome to the school\n");
	daemon = await Daemon.start({ web: join(root, "build/web"), args: ["--images", images] });
	admin = await daemon.account("mika", "admin");
	browser = await chromium();
	page = await signedIn(browser, daemon, "mika");
});
after(async () => {
	await browser?.close();
	await daemon?.stop();
});

const choose = (buffer) => page.getByLabel("A pack's archive").setInputFiles({ name: "hello.tar.gz", mimeType: "application/gzip", buffer });
const place = (name) => page.getByRole("navigation", { name: "Places" }).getByRole("link", { name });
const row = (name) => page.getByRole("row", { name });
const dialog = (name) => page.getByRole("dialog", { name });

describe("packs", () => {
	test("what is wrong with an archive is a table of files, lines, what was found and what was expected", async () => {
		await place("Packs").click();
		await page.getByRole("heading", { name: "Introduction to Linux" }).waitFor();
		const files = packFiles();
		files["course.xml"] = files["course.xml"].replace('network="office" address', 'network="offce" address');
		await choose(tarGz(packEntries(files)));
		const finding = row(/course\.xml 8/);
		await finding.getByRole("cell", { name: "there is no network offce", exact: false }).first().waitFor();
		await picture(page, "packs-findings");
		await page.getByRole("button", { name: "日本語" }).click();
		await finding.getByRole("cell", { name: "ネットワーク offce がない" }).waitFor();
		await finding.getByRole("cell", { name: "<network> の名前" }).waitFor();
		await page.getByRole("button", { name: "English" }).click();
	});

	test("a mended one is installed beside others, and the newest is the active one", async () => {
		for (const version of ["1.0.0", "1.1.0"]) {
			await choose(packArchive({ version }));
			await page.getByText(`hello ${version} is installed.`).waitFor();
		}
		assert.equal(await page.getByText("findings").count(), 0);
		await row(/1\.1\.0 active/).getByText("not tested as it is").waitFor();
		await row(/1\.0\.0/).first().waitFor();
		await picture(page, "packs");
	});

	test("another version is made the active one by keyboard alone, after a warning that it is not tested", async () => {
		await page.getByRole("link", { name: "hello 1.0.0" }).focus();
		await page.keyboard.press("Enter");
		await page.getByRole("button", { name: "Activate" }).focus();
		await page.keyboard.press("Enter");
		await dialog("Use hello 1.0.0 for new classes?").getByText("It has not passed its test").waitFor();
		await page.keyboard.press("Tab");
		await page.keyboard.press("Enter");
		await page.getByText("New classes of hello get version 1.0.0.").waitFor();
		const active = (await daemon.as(admin, "GET", "/courses")).json.find((one) => one.id === "hello");
		assert.equal(active.version, "1.0.0");
	});

	test("what is exported is the archive", async () => {
		const coming = page.waitForEvent("download");
		await page.getByRole("link", { name: "Export" }).click();
		const download = await coming;
		assert.equal(download.suggestedFilename(), "hello-1.0.0.tar.gz");
		const other = await daemon.request("POST", "/api/v1/packs", { session: admin, body: readFileSync(await download.path()),
			headers: { "Content-Type": "application/gzip" } });
		assert.equal(other.status, 200, "the same pack again");
	});

	test("a version that a class uses is not removed, and the class is named; another goes after the question", async () => {
		await daemon.as(admin, "POST", "/classes", { course: "hello", seats: 1, name: "Spring course" });
		await page.reload();
		await page.getByRole("button", { name: "Remove" }).click();
		const never = dialog("Remove hello 1.0.0?");
		await never.getByRole("link", { name: "Spring course" }).waitFor();
		assert.ok(await never.getByRole("button", { name: "Remove" }).isDisabled());
		await page.keyboard.press("Escape");
		await place("Packs").click();
		await page.getByRole("link", { name: "hello 1.1.0" }).click();
		await page.getByRole("button", { name: "Remove" }).click();
		await dialog("Remove hello 1.1.0?").getByText(/4 files .* are deleted from this host/).waitFor();
		await dialog("Remove hello 1.1.0?").getByRole("button", { name: "Remove" }).click();
		await page.getByText("hello 1.1.0 was removed.").waitFor();
		await page.getByRole("link", { name: "hello 1.0.0" }).waitFor();
		assert.equal(await page.getByRole("link", { name: "hello 1.1.0" }).count(), 0);
	});

	test("a lab is read as a student will, in both languages; hints and feedback come at a click", async () => {
		await page.getByRole("link", { name: "linux-intro 1.0.0" }).click();
		await page.getByRole("link", { name: "First steps at the prompt" }).click();
		const task = page.getByRole("group", { name: "Note the asset tag of your desk" });
		await task.waitFor();
		const hint = task.locator(".hints li").first();
		assert.equal(await hint.isVisible(), false);
		await task.getByText(/^\d hints$/).click();
		await hint.waitFor();
		await task.getByText(/^What the check may answer/).click();
		await task.locator(".read-feedback li").first().waitFor();
		await picture(page, "pack-lab");
		await page.getByRole("group", { name: "Language of the guide" }).getByRole("button", { name: "日本語" }).click();
		await page.locator("article[lang=ja] h1").waitFor();
		assert.equal(await page.getByRole("button", { name: "Check" }).count(), 0, "nothing can be done there");
	});
});

describe("a test on real machines", () => {
	const results = Array.from({ length: 40 }, (_, i) => ({ seed: 1, seat: 1 + i % 2, promise: `first-steps/task-${i}: its solve makes it pass`,
		ok: i !== 7, why: i === 7 ? "after its solve it answers 11, not 0" : "" }));
	const report = { results, checks: [{ lab: "first-steps", task: "asset-tag", count: 4, p50_ms: 21, p95_ms: 44, most_ms: 51 },
		{ lab: "", task: "", count: 4, p50_ms: 21, p95_ms: 44, most_ms: 51 }],
		machines: [{ name: "desk", memory_bytes: 9e7, disk_bytes: 3e7 }] };

	test("that could not begin says why", async () => {
		const missing = [];
		const note = (reply) => reply.status() === 404 && missing.push(reply.url());
		page.on("response", note);
		await place("Packs").click();
		await Promise.all([page.waitForResponse(/\/proof\?/), page.getByRole("link", { name: "linux-intro 1.0.0" }).click()]);
		await page.getByText("This version was never tested here.").waitFor();
		page.off("response", note);
		assert.deepEqual(missing, [], "a console shows no error for what is no error");
		await page.getByRole("button", { name: "Run the test" }).click();
		await page.getByText(/the image debian-13 is not built/).waitFor();
	});

	test("that has ended is there after a reload, with every promise, and what does not hold alone when wanted", async () => {
		const [{ digest }] = (await daemon.as(admin, "GET", "/packs")).json.filter((one) => one.id === "linux-intro");
		execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(daemon.state, "terakoya.db"), `INSERT INTO proof
			(course, version, digest, at, took_ms, seeds, seats, whole, passed, report) VALUES ('linux-intro', '1.0.0', '${digest}',
			${Date.now()}, 312000, 1, 2, 1, 0, '${JSON.stringify(report)}')`]);
		await page.reload();
		await page.getByText("1 promise does not hold.").waitFor();
		const lines = page.getByRole("region", { name: "Results of the test" }).getByRole("row");
		assert.equal(await lines.count(), 41);
		await page.getByText("What checks and machines took").click();
		await row(/first-steps\/asset-tag 4 21 44 51/).waitFor();
		await picture(page, "pack-proof");
		await page.getByLabel("Only what does not hold").check();
		assert.equal(await lines.count(), 2);
		await page.getByText("after its solve it answers 11, not 0").waitFor();
	});
});

describe("images", () => {
	test("what a recipe says is read on the page: its words, its packages, its files", async () => {
		await place("Images").click();
		await page.getByText("What the recipe says").click();
		await page.getByText("1 packages are installed").waitFor();
		await page.getByText("overlay/etc/motd").click();
		await page.getByText("Welcome to the school").waitFor();
		await page.getByRole("link", { name: "linux-intro 1.0.0" }).waitFor();
		await picture(page, "image-recipe");
	});

	test("what a build prints comes while it runs, and is there after a reload", async () => {
		await place("Images").click();
		await page.getByRole("button", { name: "Build the image" }).click();
		await page.getByText("Unpacking package-8 (1.8) ...").waitFor();
		await page.reload();
		await page.getByRole("log").getByText("Unpacking package-1 (1.1) ...").waitFor();
		await page.getByText("installing: base-files").first().waitFor();
		await picture(page, "image-building");
	});

	test("what is built is built again only after the question, which says what follows from it", async () => {
		const others = await chromium();
		const daemon = await Daemon.start({ web: join(root, "build/web") });
		const mika = await daemon.account("mika", "admin");
		await daemon.as(mika, "POST", "/images/debian-13/build", {});
		await until(async () => (await daemon.as(mika, "GET", "/images")).json[0].built);
		const page = await signedIn(others, daemon, "mika");
		await page.getByRole("link", { name: "Images" }).click();
		await page.getByRole("button", { name: "Build again" }).click();
		const question = page.getByRole("dialog", { name: "Build debian-13 again?" });
		await question.getByText("Templates have to be baked anew").waitFor();
		assert.equal((await daemon.as(mika, "GET", "/images")).json[0].copies.length, 1);
		await question.getByRole("button", { name: "Build again" }).click();
		await page.getByText("same recipe").waitFor();
		assert.equal((await daemon.as(mika, "GET", "/images")).json[0].copies.length, 2);
		await others.close();
		await daemon.stop();
	});

	test("a build that fails shows its last lines and the remedy", async () => {
		writeFileSync(join(images, "go-on"), "");
		const log = page.getByRole("log");
		await log.getByText("E: Unable to fetch some archives").first().waitFor();
		await page.getByRole("alert").getByText("build again: what has come so far is kept").waitFor();
		assert.ok(await log.evaluate((box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 20), "its end is in view");
		await picture(page, "image-failed");
	});
});
