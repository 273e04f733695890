// Cards of seats, and their own codes, each of which lets one person in, once.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon, freePort, launchedClass } from "./daemon.mjs";

let daemon, hana, kenji, running, port;
before(async () => {
	port = await freePort();
	daemon = await Daemon.start({ args: [`--ssh-port=${port}`] });
	hana = await daemon.account("hana", "instructor");
	kenji = await daemon.account("kenji", "instructor");
	running = await launchedClass(daemon, hana, ["Aoi", "Ren", "Mio"]);
});
after(() => daemon?.stop());

const codes = async (id = running.id) => (await daemon.as(hana, "GET", `/classes/${id}/codes`)).json;
const cards = (body = {}, session = hana) => daemon.as(session, "POST", `/classes/${running.id}/cards`, body);
const join = (body) => daemon.request("POST", "/api/v1/session/join", { body: { language: "en", ...body } });
const tokenOf = (link) => link.split("/j/")[1];

test("every seat has a code of its own, without characters that look alike", async () => {
	const all = await codes();
	assert.equal(new Set(all.map((one) => one.code)).size, 3);
	for (const { code } of all) assert.match(code, /^[34679ACDEFGHJKMNPQRTWXY]{4}-[34679ACDEFGHJKMNPQRTWXY]{4}$/);
});

test("a seat's code lets its student in once, however it is typed", async () => {
	const { seat, code } = (await codes())[1];
	const typed = [...code.toLowerCase().replace("-", "ー")].map((c) => (/[a-z0-9]/.test(c) ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c)).join("");
	const reply = await join({ code: typed });
	assert.equal(reply.status, 200, reply.text);
	assert.equal(reply.json.seat, seat);
	assert.equal(reply.json.person.name, "Ren");
	const again = await join({ code });
	assert.equal(again.status, 404);
	assert.match(again.json.detail, /used already/);
	assert.equal((await codes())[1].code, "");
});

test("cards bring what a student needs, and their links and codes let in", async () => {
	const reply = await cards();
	assert.equal(reply.status, 201, reply.text);
	const [aoi, ren] = reply.json.cards;
	assert.equal(aoi.seat.name, "Aoi");
	assert.equal(aoi.link, `${reply.json.url}/j/${tokenOf(aoi.link)}`);
	assert.equal(aoi.ssh.command, `ssh -p ${port} ${running.code.toLowerCase()}-01@127.0.0.1`);
	assert.match(aoi.ssh.fingerprint, /^SHA256:/);
	assert.ok(aoi.qr.size > 20 && aoi.qr.path.startsWith("M0 0h7v1h-7z"));
	assert.equal((await codes())[0].code, aoi.code);
	assert.equal((await join({ code: aoi.code })).json.seat, aoi.seat.id);
	assert.equal((await join({ token: tokenOf(aoi.link) })).json.seat, aoi.seat.id, "the link leads back");
	assert.equal((await join({ token: tokenOf(ren.link) })).json.seat, ren.seat.id);
	assert.equal((await join({ code: ren.code })).status, 404, "who came by link has used the code, too");
	const { cards_at } = (await daemon.as(hana, "GET", `/classes/${running.id}`)).json;
	assert.ok(Date.now() - cards_at < 60000);
});

test("cards that are made anew make those of before worthless; one of them leaves the others alone", async () => {
	const before = (await cards()).json.cards;
	const one = (await cards({ number: 3 })).json.cards;
	assert.equal(one.length, 1);
	assert.equal((await join({ token: tokenOf(before[2].link) })).status, 404);
	assert.equal((await join({ code: before[2].code })).status, 404);
	assert.equal((await join({ token: tokenOf(before[0].link) })).status, 200);
	assert.equal((await join({ code: one[0].code })).json.seat, before[2].seat.id);
	assert.equal((await cards({ number: 4 })).status, 404);
});

test("in a class of own codes the class's code lets nobody in", async () => {
	const made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 2, joining: "seat" })).json;
	assert.equal(made.joining, "seat");
	assert.equal((await join({ code: (await codes(made.id))[0].code, name: "Sora" })).status, 409, "it has not begun");
	assert.equal((await daemon.as(hana, "POST", `/classes/${made.id}/launch`, { untested: true })).status, 202);
	const stranger = await join({ code: made.code, name: "Stranger" });
	assert.equal(stranger.status, 403);
	assert.match(stranger.json.detail, /your own card/);
	const [{ code }] = await codes(made.id);
	const nameless = await join({ code });
	assert.equal(nameless.status, 400);
	assert.match(nameless.json.detail, /name/);
	assert.equal((await join({ code, name: "Sora" })).json.person.name, "Sora");
	assert.equal((await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 2, joining: "door" })).status, 400);
});

test("how a class is joined can be changed: codes of seats go on working, the class's does or does not", async () => {
	const { id, code } = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", names: ["Umi", "Yui", "Rin"] })).json;
	const change = (joining) => daemon.as(hana, "PATCH", `/classes/${id}`, { joining });
	assert.equal((await daemon.as(hana, "POST", `/classes/${id}/launch`, { untested: true })).status, 202);
	const umi = await daemon.join(code, "Umi");
	const own = (await codes(id)).map((one) => one.code);
	const reply = await change("seat");
	assert.equal(reply.status, 200, reply.text);
	assert.equal(reply.json.joining, "seat");
	assert.equal((await join({ code, name: "Yui" })).status, 403);
	assert.equal((await daemon.as(umi, "GET", "/session")).status, 200, "who is in stays in");
	assert.equal((await join({ code: own[1] })).json.person.name, "Yui");
	assert.equal((await change("class")).json.joining, "class");
	assert.equal((await join({ code: own[2] })).json.person.name, "Rin", "a code that was handed out is good for its seat");
	assert.equal((await join({ code, name: "Yui" })).status, 200);
	assert.equal((await change("door")).status, 400);
	assert.equal((await daemon.as(hana, "PATCH", `/classes/${id}`, {})).status, 400);
	const noted = (await daemon.as(hana, "GET", `/audit?class=${id}`)).json.filter((one) => one.action === "class.joining");
	assert.equal(noted.length, 2);
	assert.equal((await daemon.as(hana, "POST", `/classes/${id}/close`)).status, 202);
	assert.equal((await change("seat")).status, 409);
});

test("the command line shows and changes how a class is joined", async () => {
	const { id, code } = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", seats: 1 })).json;
	assert.ok(daemon.cli("class", "joining", `${id}`).stdout.includes(`joined with ${code}`));
	assert.equal(daemon.cli("class", "joining", `${id}`, "seat").status, 4, "it asks first");
	assert.match(daemon.cli("class", "joining", `${id}`, "seat", "--yes").stdout, /each seat's own code/);
	assert.equal((await daemon.as(hana, "GET", `/classes/${id}`)).json.joining, "seat");
	assert.equal(daemon.cli("class", "joining", `${id}`, "door").status, 2);
	assert.equal(JSON.parse(daemon.cli("--json", "class", "joining", `${id}`, "class", "--yes").stdout).joining, "class");
});

test("cards and codes are for those who lead the class", async () => {
	assert.equal((await daemon.as(kenji, "GET", `/classes/${running.id}/codes`)).status, 404);
	assert.equal((await cards({}, kenji)).status, 404);
	const assistant = await daemon.account("ai", "assistant");
	assert.ok([403, 404].includes((await cards({}, assistant)).status));
});

test("without ssh a card has none, and a class that is over has no cards", async () => {
	const plain = await Daemon.start();
	const mika = await plain.account("mika", "instructor");
	const made = (await plain.as(mika, "POST", "/classes", { course: "linux-intro", seats: 1 })).json;
	assert.equal((await plain.as(mika, "POST", `/classes/${made.id}/cards`, {})).json.cards[0].ssh, null);
	assert.equal((await plain.as(mika, "POST", `/classes/${made.id}/close`)).status, 202);
	assert.equal((await plain.as(mika, "POST", `/classes/${made.id}/cards`, {})).status, 409);
	await plain.stop();
});

test("guessing codes is throttled", async () => {
	const other = await Daemon.start();
	let reply;
	for (let i = 0; i < 25; i++) reply = await other.request("POST", "/api/v1/session/join", { body: { code: "AAAA-AAAA" } });
	assert.equal(reply.status, 429);
	await other.stop();
});

test("the wall is told where students come in: with the class's code in the address, unless each has a code of their own", async () => {
	const entrance = async () => (await daemon.as(hana, "GET", `/classes/${running.id}/entrance`)).json;
	const url = `http://127.0.0.1:${daemon.port}`;
	const open = await entrance();
	assert.equal(open.url, url);
	assert.equal(open.link, `${url}/join/${running.code}`);
	assert.ok(open.qr.size > 20 && open.qr.path.startsWith("M"));
	assert.equal((await daemon.request("GET", `/join/${running.code}`)).status, 200, "the page");
	await daemon.as(hana, "PATCH", `/classes/${running.id}`, { joining: "seat" });
	assert.equal((await entrance()).link, `${url}/`);
	await daemon.as(hana, "PATCH", `/classes/${running.id}`, { joining: "class" });
});
