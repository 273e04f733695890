// Organisations: of accounts and of seats; made, renamed, merged, removed.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Daemon, events } from "./daemon.mjs";

let daemon, admin, hana, made;
before(async () => {
	daemon = await Daemon.start();
	admin = await daemon.account("admin", "admin");
	hana = await daemon.account("hana", "instructor");
	const people = [
		{ name: "青木 葵", mail: "aoi@aozora.example", organisation: "あおぞら銀行", language: "ja" },
		{ name: "Ren", organisation: "Kita Securities" },
		{ name: "Mio", organisation: "ＫＩＴＡ securities", language: "en" },
		{ name: "Sora" },
	];
	made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", people })).json;
});
after(() => daemon?.stop());

const organisations = async () => (await daemon.as(hana, "GET", "/organisations")).json;
const named = async (name) => (await organisations()).find((one) => one.name === name);
const seats = async () => (await daemon.as(hana, "GET", `/classes/${made.id}`)).json.seat;

test("seats have what the roster says of their student", () => {
	const [aoi, ren, mio, sora] = made.seat;
	assert.equal(aoi.name, "青木 葵");
	assert.equal(aoi.mail, "aoi@aozora.example");
	assert.equal(aoi.organisation.name, "あおぞら銀行");
	assert.equal(aoi.language, "ja");
	assert.deepEqual(mio.organisation, ren.organisation, "width and case make no difference");
	assert.deepEqual([sora.organisation, sora.mail, sora.language], [null, "", null]);
});

test("what is wrong with a person is refused, with the place", async () => {
	const cases = [
		[[{ name: "" }], /people\[0\].*name/],
		[[{ name: "A" }, { mail: "x" }], /people\[1\].*name is missing/],
		[[{ name: "A", language: "de" }], /people\[0\].*en or ja/],
		[[{ name: "A", phone: "1" }], /people\[0\].*phone/],
		[["A"], /people\[0\] must be an object/],
		[[], /1 to 500/],
	];
	for (const [people, message] of cases) {
		const reply = await daemon.as(hana, "POST", "/classes", { course: "linux-intro", people });
		assert.equal(reply.status, 400, JSON.stringify(people));
		assert.match(reply.json.detail, message);
	}
	const both = await daemon.as(hana, "POST", "/classes", { course: "linux-intro", people: [{ name: "A" }], names: ["A"] });
	assert.equal(both.status, 400);
});

test("an organisation that a refused class named was not made", async () => {
	const people = [{ name: "A", organisation: "Nowhere Ltd" }, { name: "B", organisation: "a\u200bb" }];
	assert.equal((await daemon.as(hana, "POST", "/classes", { course: "linux-intro", people })).status, 400);
	assert.equal(await named("Nowhere Ltd"), undefined);
});

test("who sits at a seat can be changed, by the rules of a roster", async () => {
	const seat = made.seat[3].id;
	const change = (body) => daemon.as(hana, "PATCH", `/seats/${seat}`, body);
	const reply = await change({ organisation: "みどり証券", mail: "sora@midori.example", language: "ja" });
	assert.equal(reply.status, 200, reply.text);
	assert.deepEqual([reply.json.name, reply.json.organisation.name, reply.json.mail, reply.json.language],
		["Sora", "みどり証券", "sora@midori.example", "ja"]);
	assert.equal((await change({ mail: "nonsense" })).status, 400);
	assert.equal((await change({ name: "ＲＥＮ" })).status, 409);
	assert.equal((await change({ language: "de" })).status, 400);
	const back = (await change({ organisation: "", mail: "", language: "" })).json;
	assert.deepEqual([back.name, back.organisation, back.mail, back.language], ["Sora", null, "", null]);
	assert.equal((await change({ name: "" })).json.name, "");
	assert.equal((await change({ name: "Sora" })).json.name, "Sora");
});

test("organisations are listed with what belongs to them", async () => {
	const kita = await named("Kita Securities");
	assert.deepEqual([kita.people, kita.seats], [0, 2]);
});

test("one that is made twice is refused", async () => {
	assert.equal((await daemon.as(hana, "POST", "/organisations", { name: "㈱みなみ" })).status, 201);
	const again = await daemon.as(hana, "POST", "/organisations", { name: "(株)ﾐﾅﾐ" });
	assert.equal(again.status, 201, "kana of another kind is another name");
	assert.equal((await daemon.as(hana, "POST", "/organisations", { name: "（株）みなみ" })).status, 409);
	assert.equal((await daemon.as(hana, "POST", "/organisations", { name: " " })).status, 400);
});

test("a new name is seen at once by whoever looks at the seats", async () => {
	const { id } = await named("Kita Securities");
	const heard = events(daemon, `/events?class=${made.id}`, hana, { enough: (all) => all.some((one) => one.event === "seat") });
	await heard.open;
	const reply = await daemon.as(admin, "PATCH", `/organisations/${id}`, { name: "Kita Shoken" });
	assert.equal(reply.json.name, "Kita Shoken");
	const seat = JSON.parse((await heard).events.find((one) => one.event === "seat").data);
	assert.equal(seat.organisation.name, "Kita Shoken");
	assert.equal((await seats())[1].organisation.name, "Kita Shoken");
	assert.equal((await daemon.as(admin, "PATCH", `/organisations/${id}`, { name: "あおぞら銀行" })).status, 409);
	assert.equal((await daemon.as(admin, "PATCH", "/organisations/4711", { name: "x" })).status, 404);
});

test("an account belongs to an organisation, and another one counts at once", async () => {
	const { id } = await named("あおぞら銀行");
	assert.equal((await daemon.as(admin, "PUT", "/accounts/oto", { name: "Oto", role: "observer", password: "oto-password",
		organisation: id })).status, 200);
	const oto = await daemon.signIn("oto", "oto-password");
	const view = async () => (await daemon.as(admin, "GET", "/accounts")).json.find((one) => one.login === "oto");
	assert.equal((await view()).organisation.id, id);
	assert.equal((await daemon.as(admin, "PATCH", "/accounts/oto", { name: "Oto B", role: "observer" })).status, 204);
	assert.equal((await view()).organisation.id, id, "it stays when nothing is said of it");
	assert.equal((await daemon.as(oto, "GET", "/session")).status, 200);
	assert.equal((await daemon.as(admin, "PATCH", "/accounts/oto", { name: "Oto", role: "observer", organisation: 0 })).status, 204);
	assert.equal((await view()).organisation, null);
	assert.equal((await daemon.as(oto, "GET", "/session")).status, 200);
	assert.equal((await daemon.as(admin, "PATCH", "/accounts/oto", { name: "Oto", role: "observer", organisation: 99 })).status, 404);
	assert.equal((await daemon.as(admin, "PUT", "/accounts/new", { name: "N", role: "observer", organisation: 99 })).status, 404);
});

test("two that are one are merged, and their seats with them", async () => {
	const [from, into] = [await named("Kita Shoken"), await named("あおぞら銀行")];
	const reply = await daemon.as(admin, "POST", `/organisations/${from.id}/merge`, { into: into.id });
	assert.equal(reply.status, 200);
	assert.deepEqual((await seats()).map((seat) => seat.organisation?.id ?? 0), [into.id, into.id, into.id, 0]);
	assert.equal(await named("Kita Shoken"), undefined);
	assert.equal((await daemon.as(admin, "POST", `/organisations/${into.id}/merge`, { into: into.id })).status, 400);
	assert.equal((await daemon.as(admin, "POST", `/organisations/${into.id}/merge`, { into: 4711 })).status, 404);
});

test("one is removed only when nothing belongs to it", async () => {
	const used = await named("あおぞら銀行");
	const refused = await daemon.as(admin, "DELETE", `/organisations/${used.id}`);
	assert.equal(refused.status, 409);
	assert.match(refused.json.detail, /merge/);
	const empty = await named("㈱みなみ");
	assert.equal((await daemon.as(admin, "DELETE", `/organisations/${empty.id}`)).status, 204);
	assert.equal((await daemon.as(admin, "DELETE", `/organisations/${empty.id}`)).status, 404);
});

test("instructors make organisations; only admins change them", async () => {
	const { id } = await named("あおぞら銀行");
	for (const [method, path, body] of [["PATCH", `/organisations/${id}`, { name: "x" }], ["DELETE", `/organisations/${id}`],
		["POST", `/organisations/${id}/merge`, { into: id }]])
		assert.equal((await daemon.as(hana, method, path, body)).status, 403, `${method} ${path}`);
	const assistant = await daemon.account("ai", "assistant");
	assert.equal((await daemon.as(assistant, "GET", "/organisations")).status, 403);
});

test("the command line lists, makes, renames, merges and removes organisations, by name or number", async () => {
	const cli = (...args) => daemon.cli("organisation", ...args);
	assert.match(cli("add", "Tori Bank").stdout, /organisation \d+  Tori Bank/);
	assert.match(cli("add", "TORI bank").stderr, /is called TORI bank already/);
	const { id } = await named("Tori Bank");
	assert.match(cli("rename", "Tori Bank", "鳥銀行").stdout, /鳥銀行/);
	assert.match(cli("rename", String(id), "Tori").stdout, /Tori/);
	assert.match(cli("list").stdout, new RegExp(`^ID +ACCOUNTS +SEATS +NAME\n[^]*^${id} +0 +0 +Tori$`, "m"));
	assert.equal(daemon.cli("account", "set", "obs", "--role", "observer", "--organisation", "Tori").status, 0);
	assert.match(daemon.cli("account", "list").stdout, /obs +obs +observer +Tori +0/);
	assert.equal(cli("remove", "Tori").status, 4, "somebody belongs to it");
	assert.equal(cli("merge", "Tori", "あおぞら銀行").status, 4, "it asks first");
	assert.match(cli("merge", "Tori", "あおぞら銀行", "--yes").stdout, /あおぞら銀行/);
	assert.match(daemon.cli("account", "list").stdout, /obs +obs +observer +あおぞら銀行/);
	assert.equal(daemon.cli("account", "set", "obs", "--role", "observer", "--organisation", "none").status, 0);
	assert.match(daemon.cli("account", "list").stdout, /obs +obs +observer +0/);
	cli("add", "Hato");
	assert.match(cli("remove", "Hato").stdout, /Hato is removed/);
	assert.equal(cli("remove", "Hato").status, 3);
	assert.match(daemon.cli("account", "set", "obs", "--organisation", "Nowhere").stderr, /no organisation "Nowhere"/);
	assert.equal(daemon.cli("account", "remove", "obs", "--yes").status, 0);
});

test("organisations and what belongs to them are there after a restart", async () => {
	const all = async () => [await organisations(), (await seats()).map(({ organisation, mail, language }) => [organisation, mail, language])];
	const before = await all();
	await daemon.stop();
	daemon = await Daemon.start({ state: daemon.state });
	hana = await daemon.signIn("hana", "hana-password");
	assert.deepEqual(await all(), before);
});
