import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon } from "./daemon.mjs";

let daemon, mika, hana;

before(async () => {
	daemon = await Daemon.start();
	mika = await daemon.account("mika", "admin");
	hana = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

const cli = (...args) => daemon.cli(...args);
const site = async () => (await daemon.request("GET", "/api/v1/site")).json;
const value = async (key) => (await daemon.as(mika, "GET", "/settings")).json.find((one) => one.key === key).value;

test("visitors see the name and the notice as soon as an admin has chosen them, also after a restart", async () => {
	assert.deepEqual(await site(), { name: "Terakoya", notice: { en: "", ja: "" } });
	const changes = { "site.name": "星空金融ISAC", "site.notice-ja": "本日は 10 時から <b>始めます</b>。" };
	assert.equal((await daemon.as(mika, "PATCH", "/settings", changes)).status, 200);
	const { state } = daemon;
	await daemon.stop();
	daemon = await Daemon.start({ state });
	mika = await daemon.signIn("mika", "mika-password");
	hana = await daemon.signIn("hana", "hana-password");
	assert.deepEqual(await site(), { name: "星空金融ISAC", notice: { en: "", ja: changes["site.notice-ja"] } });
	const rows = (await daemon.as(mika, "GET", "/audit?limit=20")).json.filter((row) => row.action === "setting.change");
	assert.deepEqual(rows.map((row) => row.object).sort(), ["site.name", "site.notice-ja"]);
	assert.deepEqual(JSON.parse(rows.find((row) => row.object === "site.name").detail), { from: "Terakoya", to: "星空金融ISAC" });
});

test("a change that is not right in all its parts changes nothing, and is told by name", async () => {
	for (const [changes, words] of [[{ "results.days": 30, "site.name": "" }, /site\.name must have 1 to 60/], [{ "results.days": 0 }, /1 to 3650/],
		[{ "results.days": "30" }, /whole number/], [{ "results.days": 3.5 }, /whole number/], [{ "site.name": "a\u0007b" }, /control/],
		[{ "site.notice-en": "x".repeat(301) }, /0 to 300/], [{ "site.colour": "red" }, /there are site\.name/], [{ instance: "x" }, /no setting/]]) {
		const { status, json } = await daemon.as(mika, "PATCH", "/settings", changes);
		assert.equal(status, 400);
		assert.match(json.detail, words);
	}
	assert.equal(await value("results.days"), 90);
});

test("only admins see and change settings", async () => {
	assert.equal((await daemon.as(hana, "GET", "/settings")).status, 403);
	assert.equal((await daemon.as(hana, "PATCH", "/settings", { "results.days": 1 })).status, 403);
});

test("the command line lists and changes them", async () => {
	const { status, stdout } = cli("setting", "set", "results.days", "30");
	assert.equal(status, 0);
	assert.match(stdout, /^results\.days +30$/m);
	assert.equal(cli("setting", "set", "site.name", "2026").status, 0);
	assert.equal(await value("site.name"), "2026");
	const wrong = cli("setting", "set", "results.days", "soon");
	assert.notEqual(wrong.status, 0);
	assert.match(wrong.stderr, /whole number from 1 to 3650/);
	assert.match(cli("setting", "list").stdout, /results\.days +30/);
});
