// A student with an account: the first time a class's code, from then on the account alone, from any computer.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "./browser.mjs";
import { Daemon, launchedClass, root, sessionOf, until } from "./daemon.mjs";

let daemon, hana, made, aoi, browser;

const joinAs = (session, body) => daemon.request("POST", "/api/v1/session/join", { body: { language: "en", ...body }, session });
const seats = async (id = made.id) => (await daemon.as(hana, "GET", `/classes/${id}`)).json.seat;
const sql = (text) => execFileSync("sqlite3", [join(daemon.state, "terakoya.db"), text], { encoding: "utf8" }).trim();

before(async () => {
	daemon = await Daemon.start({ web: join(root, "build/web") });
	hana = await daemon.account("hana", "instructor");
	made = await launchedClass(daemon, hana, ["Ren", "Mio"]);
	browser = await chromium();
}, { timeout: 60000 });
after(async () => {
	await browser?.close();
	await daemon?.stop();
});

test("an account without a seat reaches nothing but the way in", async () => {
	aoi = await daemon.account("ren", "student");
	assert.equal(aoi.seat, null);
	for (const path of ["/events", `/seats/${made.seat[0].id}/workspace`, `/classes/${made.id}`, "/classes", "/accounts"])
		assert.ok((await daemon.as(aoi, "GET", path)).status >= 400, path);
});

test("it joins by code under its own name, whatever is typed, and every sign-in leads back there", async () => {
	const reply = await joinAs(aoi, { code: made.code, name: "Mio" });
	assert.equal(reply.status, 200, reply.text);
	assert.equal(reply.json.seat, made.seat[0].id, "the seat of that name on the list, whatever case it has");
	assert.equal((await daemon.as(aoi, "GET", "/session")).status, 401, "the session without a seat has ended");
	const again = await daemon.signIn("ren", "ren-password");
	assert.equal(again.seat, made.seat[0].id);
	assert.equal((await daemon.as(again, "GET", `/seats/${again.seat}/workspace`)).status, 200);
	assert.equal((await daemon.as(again, "GET", `/seats/${made.seat[1].id}/workspace`)).status, 404);
	assert.equal((await seats())[0].name, "Ren");
});

test("nobody else sits down there: not by its name, nor by a link", async () => {
	for (const body of [{ code: made.code, name: "Ren" },
		{ token: (await daemon.as(hana, "POST", `/seats/${made.seat[0].id}/join-link`)).json.url.split("/").pop(), name: "Ren" }]) {
		const reply = await joinAs(undefined, body);
		assert.equal(reply.status, 401, reply.text);
		assert.match(reply.json.detail, /somebody with an account: sign in with it/);
	}
	const mio = await daemon.account("mio-two", "student");
	assert.equal((await joinAs(mio, { token: (await daemon.as(hana, "POST", `/seats/${made.seat[0].id}/join-link`)).json.url.split("/").pop() })).status, 401);
});

test("who came by code first goes on at the same seat with an account, and the session of before ends", async () => {
	const guest = await daemon.join(made.code, "Mio");
	assert.equal((await daemon.as(guest, "POST", `/seats/${guest.seat}/hand`, { raised: true })).status, 200);
	const people = sql("SELECT count(*) FROM person");
	const mio = await daemon.account("mio", "student");
	const reply = await joinAs(mio, { code: made.code });
	assert.equal(reply.json.seat, guest.seat, reply.text);
	assert.equal((await daemon.as(guest, "GET", "/session")).status, 401);
	assert.equal((await seats())[1].hand > 0, true, "what belongs to the seat stays");
	assert.equal(sql("SELECT count(*) FROM person"), people, "the account has taken the place of who it was");
});

test("an account that becomes staff is no way to more than it was", async () => {
	await daemon.local("PATCH", "/accounts/mio", { name: "Mio", role: "admin" });
	const reply = await joinAs(undefined, { code: made.code, name: "Mio" });
	assert.equal(reply.status, 401, reply.text);
	const mio = await daemon.signIn("mio", "mio-password");
	assert.deepEqual([mio.person.role, mio.seat], ["admin", null]);
	await daemon.local("PATCH", "/accounts/mio", { name: "Mio", role: "student" });
});

test("a seat whose student's account is removed is as any that nobody has taken", async () => {
	const one = await launchedClass(daemon, hana, ["Sho"]), [seat] = one.seat;
	const sho = await daemon.account("sho", "student");
	assert.equal((await joinAs(sho, { code: one.code })).status, 200);
	assert.equal((await daemon.local("DELETE", "/accounts/sho")).status, 204);
	assert.equal((await seats(one.id))[0].joined, false);
	const renamed = await daemon.as(hana, "PATCH", `/seats/${seat.id}`, { name: "Sho Mori" });
	assert.equal(renamed.status, 200, renamed.text);
	assert.equal((await daemon.as(hana, "POST", `/seats/${seat.id}/join-link`)).status, 201);
	const next = await joinAs(undefined, { code: one.code, name: "Sho Mori" });
	assert.equal(next.status, 200, next.text);
	assert.equal(next.json.seat, seat.id);
});

test("the newest class that is open is where it leads; a class that is over leads nowhere, and the account stays", async () => {
	const later = await launchedClass(daemon, hana, ["Ren"]);
	const ren = await daemon.signIn("ren", "ren-password");
	assert.equal(ren.seat, made.seat[0].id, "nothing is known of the other class yet");
	const there = sessionOf(await joinAs(ren, { code: later.code }));
	assert.equal(there.seat, later.seat[0].id);
	assert.equal((await daemon.signIn("ren", "ren-password")).seat, later.seat[0].id);
	await daemon.as(hana, "POST", `/classes/${later.id}/close`);
	await until(async () => (await daemon.as(hana, "GET", `/classes/${later.id}`)).json.state === "closed");
	assert.equal((await daemon.signIn("ren", "ren-password")).seat, made.seat[0].id);
	await daemon.as(hana, "DELETE", `/classes/${later.id}`);
	assert.equal((await daemon.signIn("ren", "ren-password")).seat, made.seat[0].id);
});

test("on the page: signed in without a seat one is asked for the code alone, and then works", async () => {
	const free = await launchedClass(daemon, hana, ["Sora"]);
	await daemon.account("sora", "student");
	const page = await (await browser.newContext({ locale: "en-GB" })).newPage();
	page.setDefaultTimeout(20000);
	const signIn = async () => {
		await page.goto(`http://127.0.0.1:${daemon.port}/`);
		await page.getByLabel("Login").fill("sora");
		await page.getByLabel("Password").fill("sora-password");
		await page.getByRole("button", { name: "Sign in" }).click();
	};
	await signIn();
	await page.getByText("You join as sora.").waitFor();
	assert.equal(await page.getByLabel("Your name").count(), 0);
	await page.getByLabel("Class code").fill(free.code);
	await page.getByRole("button", { name: "Join" }).click();
	await page.getByRole("heading", { level: 1, name: free.labs[0].title.en }).waitFor();
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("Login").waitFor();
	await signIn();
	await page.getByRole("heading", { level: 1, name: free.labs[0].title.en }).waitFor();
	await page.context().close();
});
