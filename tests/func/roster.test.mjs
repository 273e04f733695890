// A roster of forty kinds of bad line: each is marked for what is wrong with it, and nothing is made of any.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, program } from "./daemon.mjs";

let daemon, hana;
before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

const preview = (body, session = hana) => daemon.request("POST", "/api/v1/roster/preview",
	{ body, session, headers: { "Content-Type": "text/csv" } });
const create = (people) => daemon.as(hana, "POST", "/classes", { course: "linux-intro", people });
const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));

/** What is written into the line, where it is wrong, and the code of it. */
const BAD = [
	[",a1@x.example", "name", "name-missing"],
	["   ,a2@x.example", "name", "name-missing"],
	["　,a3@x.example", "name", "name-missing"],
	['"",a4@x.example', "name", "name-missing"],
	[`${"長".repeat(61)},`, "name", "long"],
	["Twin One,", "name", "name-twice"],
	["ＴＷＩＮ　ｏｎｅ,", "name", "name-twice"],
	["TwinOne,", "name", "name-twice"],
	["bo@x.example,Bo", "name", "name-is-mail"],
	["Tab\there,", "name", "control"],
	["Bell\u0007,", "name", "control"],
	["Zero\u0000,", "name", "control"],
	["Next\u0085,", "name", "control"],
	["Wide\u200bless,", "name", "invisible"],
	["Over\u202eride,", "name", "invisible"],
	["Isolate\u2066d,", "name", "invisible"],
	["Lo\ufffdt,", "name", "lost"],
	[bytes("Jos", [0xe9], ","), "name", "not-utf8"],
	[bytes("Over", [0xc0, 0xaf], "long,"), "name", "not-utf8"],
	['"Two\nlines",', "name", "line-break"],
	['Inner "quote",', "line", "quote-stray"],
	['"Closed" early,', "line", "quote-stray"],
	["Five,f@x.example,Kita,en,more", "line", "columns"],
	["Many,m@x.example,Kita,en,,,,,more", "line", "columns"],
	["No At,mail.example", "mail", "mail-at"],
	["Two At,a@b@x.example", "mail", "mail-at"],
	["No Box,@x.example", "mail", "mail-at"],
	["No Host,a@", "mail", "mail-at"],
	["Blank,a b@x.example", "mail", "mail-characters"],
	["Full Width,ａ＠x.example", "mail", "mail-characters"],
	["Angle,Angle <a@x.example>", "mail", "mail-characters"],
	["Two Mails,a@x.example b@x.example", "mail", "mail-characters"],
	["Dot First,.a@x.example", "mail", "mail-dots"],
	["Dot Dot,a..b@x.example", "mail", "mail-dots"],
	[`Long Box,${"a".repeat(65)}@x.example`, "mail", "mail-dots"],
	["No Dot,a@localhost", "mail", "mail-domain"],
	["Hyphen,a@-x.example", "mail", "mail-domain"],
	["Numbers,a@10.0.0.1", "mail", "mail-domain"],
	[`Long Mail,${"a".repeat(60)}@${"b.".repeat(100)}example`, "mail", "long"],
	["Same Mail,SAME@x.example", "mail", "mail-twice"],
	[`Long House,,${"K".repeat(61)}`, "organisation", "long"],
	["Hidden House,,Ki\u200bta", "organisation", "invisible"],
	["German,,,de", "language", "language-unknown"],
	["Sentence,,,英語を希望", "language", "language-unknown"],
	['"Never closed,z@x.example', "line", "quote-open"],
];
const GOOD = ["Twin One,", "Mate,same@x.example,Kita,ja", "氷室 樹,,あおぞら銀行,日本語", '"Sato, Ken",ken@x.example'];

test(`${BAD.length} kinds of bad line are marked, each for what is wrong, and no good one`, async () => {
	const lines = [...GOOD, ...BAD.map(([line]) => line)];
	const body = bytes([0xef, 0xbb, 0xbf], ...lines.flatMap((line) => [line, "\r\n"]));
	const reply = await preview(body);
	assert.equal(reply.status, 200, reply.text);
	const { rows, right, problems } = reply.json;
	assert.equal(right, false);
	assert.equal(rows.length, lines.length);
	assert.deepEqual(problems, []);
	for (const [i, [line, field, code]] of BAD.entries()) {
		const found = rows[GOOD.length + i].problems;
		assert.ok(found.some((one) => one.code === code && one.field === field && one.wrong), `${line}: ${JSON.stringify(found)}`);
		for (const one of found) {
			assert.ok(one.text.en && one.text.ja && one.text.en !== one.text.ja, one.code);
			assert.doesNotMatch(one.text.en + one.text.ja, /\{\}/);
		}
	}
	for (const [i, wanted] of ["name-twice", "mail-twice"].entries())
		assert.deepEqual(rows[i].problems.map((one) => one.code), [wanted], "the good twin is told of the other");
	assert.deepEqual([...rows[2].problems, ...rows[3].problems], []);
	assert.deepEqual([rows[2].name, rows[2].organisation, rows[2].language], ["氷室 樹", "あおぞら銀行", "ja"]);
	assert.equal((await daemon.as(hana, "GET", "/organisations")).json.length, 0, "nothing was saved");
});

test("a line's number is where it begins in the file", async () => {
	const { rows } = (await preview('name\n\nAoi\n"Two\nlines"\nRen,\n')).json;
	assert.deepEqual(rows.map((row) => row.line), [3, 4, 6]);
});

test("a class is made only of a roster that is right", async () => {
	for (const people of [[{ name: "A" }, { name: "a" }], [{ name: "A", mail: "x" }], [{ name: "x".repeat(61) }],
		[{ name: "A", language: "de" }], [{ name: "A\u202e" }]]) {
		const reply = await create(people);
		assert.equal(reply.status, 400, JSON.stringify(people));
	}
	assert.deepEqual((await daemon.as(hana, "GET", "/classes")).json, []);
	const { rows } = (await preview("氏名;言語\n青木　葵;日本語\nRen;\n")).json;
	const made = await create(rows.map(({ name, mail, organisation, language }) => ({ name, mail, organisation, language })));
	assert.equal(made.status, 201, made.text);
	assert.deepEqual(made.json.seat.map((seat) => [seat.name, seat.language]), [["青木 葵", "ja"], ["Ren", null]]);
});

test("what Excel writes is understood, and what it saves by itself is refused with the remedy", async () => {
	const sjis = Buffer.from([0x8e, 0x81, 0x96, 0xbc, 0x2c, 0x89, 0xef, 0x8e, 0xd0, 13, 10, 0x90, 0xc2, 0x96, 0xd8, 0x2c, 0x87, 0x8a, 13, 10]);
	const one = (await preview(sjis)).json;
	assert.deepEqual([one.encoding, one.rows[0].name, one.rows[0].organisation, one.right], ["Shift_JIS", "青木", "㈱", true]);
	const two = (await preview(bytes([0xff, 0xfe], Buffer.from("Aoi\taoi@x.example\r\n", "utf16le")))).json;
	assert.deepEqual([two.encoding, two.separator, two.rows[0].mail], ["UTF-16", "\t", "aoi@x.example"]);
	const book = (await preview(bytes("PK\u0003\u0004", [0, 1, 2]))).json;
	assert.equal(book.problems[0].code, "workbook");
	assert.match(book.problems[0].text.ja, /CSV/);
});

test("bounds are said: people, bytes, kind of body, who may", async () => {
	const many = (await preview(Array.from({ length: 600 }, (_, i) => `S${i}`).join("\n"))).json;
	assert.deepEqual([many.rows.length, many.problems[0].code, many.problems[0].line], [500, "rows", 501]);
	assert.equal((await preview("x".repeat(262145))).status, 413);
	assert.equal((await preview("")).json.problems[0].code, "empty");
	assert.equal((await daemon.as(hana, "POST", "/roster/preview", {})).status, 415);
	const assistant = await daemon.account("ai", "assistant");
	assert.equal((await preview("A", assistant)).status, 403);
});

/** The command line beside the daemon. */
function cli(args, input) {
	return new Promise((done) => {
		const child = spawn(program.replace(/terakoyad$/, "terakoya"), ["--state-dir", daemon.state, ...args],
			{ env: { ...process.env, LANG: "C.UTF-8" } });
		let out = "", err = "";
		child.stdout.on("data", (data) => (out += data));
		child.stderr.on("data", (data) => (err += data));
		child.on("close", (code) => done({ code, out, err }));
		child.stdin.end(input);
	});
}

test("the command line makes a class of a roster, or says which lines are wrong", async () => {
	const file = join(daemon.state, "$(touch pwned);roster.csv");
	writeFileSync(file, "name,mail\nMika,mika@x.example\nRyo,nonsense\n,\n");
	const refused = await cli(["class", "create", "linux-intro", "--roster", file]);
	assert.notEqual(refused.code, 0);
	assert.match(refused.err, /^line 3, mail: A mail address has exactly one @/m);
	assert.match(refused.err, /1 mistake, so nothing was made/);
	const made = await cli(["--json", "class", "create", "linux-intro", "--roster", "-"], "氏名,所属\n三河 美香,あおぞら銀行\n");
	assert.equal(made.code, 0, made.err);
	assert.equal(JSON.parse(made.out).seat[0].organisation.name, "あおぞら銀行");
	const both = await cli(["class", "create", "linux-intro", "--roster", file, "--names", file]);
	assert.match(both.err, /one of them/);
	assert.notEqual((await cli(["class", "create", "linux-intro", "--roster", "/nowhere"])).code, 0);
});
