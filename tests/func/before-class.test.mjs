// What an instructor does before the class, in a real browser: a roster that has mistakes, mended in place; cards that
// are printed; a student who comes in with a card; organisations.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import jsqr from "jsqr";
import { Daemon, freePort, root, until } from "./daemon.mjs";

const shots = join(root, "build/test-logs/before-class");
mkdirSync(shots, { recursive: true });
let daemon, browser, hana;
const complaints = [];
before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web"), args: [`--ssh-port=${await freePort()}`] });
	hana = await daemon.account("hana", "instructor");
	await daemon.account("admin", "admin");
	await daemon.as(hana, "POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.as(hana, "GET", "/images")).json[0].built, 60000);
	browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});
after(async () => {
	await browser?.close();
	await daemon?.stop();
});

async function visit(path, { login, locale = "en-GB", colorScheme = "light" } = {}) {
	const context = await browser.newContext({ locale, colorScheme, viewport: { width: 1366, height: 768 }, timezoneId: "Asia/Tokyo" });
	context.setDefaultTimeout(20000);
	if (login) {
		const { cookie } = await daemon.signIn(login, `${login}-password`);
		const [name, value] = cookie.split("=");
		await context.addCookies([{ name, value, url: `http://127.0.0.1:${daemon.port}` }]);
	}
	const page = await context.newPage();
	page.on("pageerror", (error) => complaints.push(String(error)));
	/* Networks come and go on a host where other tests make machines: the page loads again by itself. */
	page.on("console", (message) => {
		if (message.type() === "error" && !/status of (4\d\d)|ERR_NETWORK_CHANGED/.test(message.text())) complaints.push(message.text());
	});
	await page.goto(`http://127.0.0.1:${daemon.port}${path}`);
	return page;
}
const axe = readFileSync(join(root, "tests/node_modules/axe-core/axe.min.js"), "utf8");

/** A picture for somebody to look at, and axe's word on what it shows. */
async function shot(page, name) {
	await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
	assert.deepEqual(violations.map((one) => `${name}: ${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`), []);
}

/** What a camera would read from an element, or a page, as it is drawn. */
async function scan(png) {
	const page = await browser.newPage();
	const { data, width, height } = await page.evaluate(async (base64) => {
		const image = new Image();
		image.src = `data:image/png;base64,${base64}`;
		await image.decode();
		const canvas = new OffscreenCanvas(image.width, image.height);
		const brush = canvas.getContext("2d");
		brush.drawImage(image, 0, 0);
		return { data: [...brush.getImageData(0, 0, image.width, image.height).data], width: image.width, height: image.height };
	}, png.toString("base64"));
	await page.close();
	return jsqr(Uint8ClampedArray.from(data), width, height)?.data;
}

const ROSTER = "氏名,メール,所属,言語\n青木 葵,aoki@aozora.example,あおぞら銀行,日本語\nKen Sato,ken.sato,Kita Securities,English\n青木　葵,,あおぞら銀行,\n";
let made;

test("lines with mistakes are shown with the reason beside the field, and are mended in place", async () => {
	const page = await visit("/classes/new", { login: "hana" });
	await page.getByLabel("Name of the class").fill("Monday");
	await page.getByRole("button", { name: "A list of people" }).click();
	await page.getByLabel("Paste a list or a table").fill(ROSTER);
	await page.getByText("3 lines have mistakes.").waitFor();
	const save = page.getByRole("button", { name: "Save as draft" });
	assert.equal(await save.isDisabled(), true);
	const mail = page.getByLabel("Mail, line 3");
	assert.equal(await mail.getAttribute("aria-invalid"), "true");
	const why = await page.locator(`#${await mail.getAttribute("aria-describedby")}`).textContent();
	assert.match(why, /exactly one @/);
	await shot(page, "roster-wrong");
	await mail.fill("ken.sato@kita.example");
	await page.getByText("2 lines have mistakes.").waitFor();
	await page.getByLabel("Name, line 4").fill("青木 茜");
	await page.getByText("3 people, all right.").waitFor();
	await page.getByLabel("Each with a code of their own").check();
	await shot(page, "roster-right");
	await save.click();
	await page.waitForURL(/\/classes\/\d+$/);
	made = (await daemon.as(hana, "GET", `/classes/${page.url().split("/").at(-1)}`)).json;
	assert.deepEqual(made.seat.map((seat) => [seat.name, seat.mail, seat.organisation.name, seat.language]), [
		["青木 葵", "aoki@aozora.example", "あおぞら銀行", "ja"], ["Ken Sato", "ken.sato@kita.example", "Kita Securities", "en"],
		["青木 茜", "", "あおぞら銀行", null]]);
	assert.equal(made.joining, "seat");
	await page.context().close();
});

test("a file of a spreadsheet is read where it was chosen", async () => {
	const page = await visit("/classes/new", { login: "hana", locale: "ja-JP", colorScheme: "dark" });
	await page.getByRole("button", { name: "名簿を使う" }).click();
	const file = (name, buffer) => page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer });
	await file("book.xlsx", Buffer.from("PK\u0003\u0004"));
	await page.getByText(/表計算ソフトのブック形式/).waitFor();
	await file("roster.csv", Buffer.from([0x8e, 0x81, 0x96, 0xbc, 0x2c, 0x89, 0xef, 0x8e, 0xd0, 13, 10, 0x90, 0xc2, 0x96, 0xd8, 0x2c, 0x87, 0x8a, 13, 10]));
	await page.getByText("1 人、誤りはありません。").waitFor();
	assert.equal(await page.getByLabel("2 行目の氏名").inputValue(), "青木");
	await shot(page, "roster-ja-dark");
	await page.context().close();
});

test("cards are made, look the same on paper, and their code leads to the seat", async () => {
	assert.equal((await daemon.as(hana, "POST", `/classes/${made.id}/launch`, { untested: true })).status, 202);
	const page = await visit(`/classes/${made.id}`, { login: "hana" });
	await page.getByRole("link", { name: "Seat cards" }).click();
	await page.getByRole("cell", { name: /^\w{4}-\w{4}$/ }).first().waitFor();
	await page.getByRole("button", { name: "Make cards" }).click();
	const cards = page.getByRole("article");
	await cards.first().waitFor();
	assert.equal(await cards.count(), 3);
	assert.equal(await cards.first().getAttribute("lang"), "ja");
	const words = await cards.first().textContent();
	assert.match(words, /^Terakoya\s+Monday/);
	for (const word of ["青木 葵", "あおぞら銀行", "Monday", "パスワード", `http://127.0.0.1:${daemon.port}`]) assert.ok(words.includes(word), word);
	assert.match(words, /ssh -p \d+ [a-z]+-\d{3}-01@127\.0\.0\.1/);
	await shot(page, "cards");
	const link = await cards.first().getByRole("img").getAttribute("aria-label");
	assert.equal(await scan(await cards.first().locator(".seat-card-qr").screenshot()), link);
	const codes = (await daemon.as(hana, "GET", `/classes/${made.id}/codes`)).json;
	assert.ok(words.includes(codes[0].code));
	const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: false });
	writeFileSync(join(shots, "cards.pdf"), pdf);
	assert.equal(pdf.toString("latin1").match(/\/Type \/Page\b/g).length, 1, "one sheet for three cards");
	assert.match(pdf.toString("latin1"), /MediaBox \[0 0 59[45][.\d]* 84[12]/);

	const student = await visit(new URL(link).pathname, { locale: "ja-JP" });
	await student.locator("form.join button[type=submit]").click();
	await student.waitForURL(/\/seats\//);
	assert.equal(Number(student.url().split("/").at(-1)), made.seat[0].id);
	await student.context().close();

	await page.reload();
	await page.getByRole("button", { name: "Make cards anew" }).click();
	await page.getByText(/earlier cards stop working/).waitFor();
	await page.getByRole("dialog").getByRole("button", { name: "Make cards anew" }).click();
	await cards.first().waitFor();
	assert.notEqual(await cards.first().getByRole("img").getAttribute("aria-label"), link);
	await page.reload();
	await page.getByRole("button", { name: "A new card for seat 3" }).click();
	await cards.filter({ hasText: "青木 茜" }).waitFor();
	assert.equal(await cards.count(), 1);
	await page.context().close();
});

test("how a class is joined is changed where its codes are, after what stops working was said", async () => {
	const page = await visit(`/classes/${made.id}/cards`, { login: "hana" });
	const ask = async (title, text) => {
		await page.getByRole("button", { name: "Change", exact: true }).click();
		await page.getByRole("dialog", { name: title }).getByText(text).waitFor();
		await shot(page, "joining");
		await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
	};
	await ask(/class's code\?/, `Whoever has ${made.code} comes in`);
	await page.getByText("How they join: With the class's code").waitFor();
	assert.equal((await daemon.as(hana, "GET", `/classes/${made.id}`)).json.joining, "class");
	await ask(/code of their own\?/, `${made.code} lets nobody in from now on`);
	await page.getByText("How they join: Each with a code of their own").waitFor();
	await page.goto(`http://127.0.0.1:${daemon.port}/classes/${made.id}/wall`);
	await page.getByText("with the code on your card").waitFor();
	assert.equal(await page.getByText(made.code).count(), 0, "a code that lets nobody in is not projected");
	await page.context().close();
});

test("no card of many is broken between pages, at eight or ten on one", async () => {
	const thirty = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro",
		people: Array.from({ length: 21 }, (_, i) => ({ name: `長い氏名の受講者 ${"山田花子".repeat(i % 4)}${i + 1}`,
			organisation: `Organisation of a very long name, ${"Holdings ".repeat(i % 3)}`, language: i % 2 ? "en" : "ja" })) })).json;
	const page = await visit(`/classes/${thirty.id}/cards`, { login: "hana", locale: "ja-JP", colorScheme: "dark" });
	await page.getByRole("button", { name: "カードを作る" }).click();
	await page.getByRole("article").first().waitFor({ timeout: 60000 });
	for (const [per, pages] of [["8", 3], ["10", 3]]) {
		await page.getByRole("button", { name: per, exact: true }).click();
		const broken = await page.evaluate(() => [...document.querySelectorAll(".seat-card")].filter((card) => {
			const [own, sheet] = [card.getBoundingClientRect(), card.parentElement.getBoundingClientRect()];
			return own.bottom > sheet.bottom + 1 || own.right > sheet.right + 1 || card.scrollHeight > card.clientHeight + 1
				|| card.scrollWidth > card.clientWidth + 1;
		}).map((card) => card.textContent));
		assert.deepEqual(broken, [], "every card fits its place");
		const pdf = await page.pdf({ preferCSSPageSize: true });
		assert.equal(pdf.toString("latin1").match(/\/Type \/Page\b/g).length, pages);
		writeFileSync(join(shots, `cards-${per}.pdf`), pdf);
	}
	await page.locator(".sheet").first().screenshot({ path: join(shots, "sheet-10.png") });
	await shot(page, "cards-many-ja-dark");
	await page.context().close();
});

test("a student types the code of a card, and is asked for no name", async () => {
	const [, { seat, code }] = (await daemon.as(hana, "GET", `/classes/${made.id}/codes`)).json;
	const page = await visit("/");
	await page.getByLabel("Class code").fill(made.code);
	await page.getByLabel("Your name").fill("Stranger");
	await page.getByRole("button", { name: "Join" }).click();
	await page.getByText(/joined with the code on your own card/).waitFor();
	await page.getByLabel("Your name").fill("");
	await page.getByLabel("Class code").fill(code.toLowerCase());
	await page.getByText("May stay empty").waitFor();
	await page.getByRole("button", { name: "Join" }).click();
	await page.waitForURL(/\/seats\//);
	assert.equal(Number(page.url().split("/").at(-1)), seat);
	await page.context().close();
});

test("organisations are made, renamed and merged on the people page", async () => {
	const page = await visit("/people", { login: "admin" });
	const rows = page.getByRole("region", { name: "Organisations" }).getByRole("row");
	const row = (name) => rows.filter({ hasText: name });
	await row("あおぞら銀行").waitFor();
	assert.equal(await row("あおぞら銀行").getByRole("button", { name: "Remove" }).isDisabled(), true);
	await page.getByRole("button", { name: "New organisation" }).click();
	await page.getByRole("dialog").getByLabel("Name").fill("Kita Shoken");
	await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
	await row("Kita Shoken").getByRole("button", { name: "Rename" }).click();
	await page.getByRole("dialog").getByLabel("Name").fill("Kita Shoken KK");
	await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
	await row("Kita Shoken KK").getByRole("button", { name: "Merge" }).click();
	await page.getByRole("dialog").getByLabel("Into").selectOption({ label: "Kita Securities" });
	await page.getByRole("dialog").getByRole("button", { name: "Merge" }).click();
	await row("Kita Shoken KK").waitFor({ state: "detached" });
	await shot(page, "people");
	await page.context().close();
});

test("no page complained", () => {
	assert.deepEqual(complaints, []);
});
