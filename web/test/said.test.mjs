import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import ja from "../messages/said.ja.js";
import { sentences } from "../sentences.js";

const SOURCE = new URL("../../src/", import.meta.url);
const FOLDERS = ["core", "guest", "http", "ssh", "store"];
/* Who hears these is a program, or sits at the command line: requests that a page does not make, arguments, files of the host. */
const NOT_ON_A_PAGE = /^(core\/(archive|trial)|guest\/(console|link_request)|http\/(api_trial|api_account|api_session|fields|gate|listen|reply|request|route|screen|server|static|terminal_http|terminal_ws|ws)|ssh\/(conduit|gateway|reach|shell|stream)|store\/(backup|schema|store)|term\/hub)\.c$/;
const LITERALS = String.raw`(?:"(?:[^"\\]|\\.)*"\s*|PRI[a-zA-Z0-9]+\s*)+`;
const REFUSED = new RegExp(String.raw`\b[a-z_]+\(\s*[^;"]*?\bERR_(?!INTERNAL)[A-Z_]+\s*,\s*(${LITERALS})`, "g");

/** What the compiler makes of literals beside each other. */
function joined(literals) {
	return [...literals.matchAll(/"((?:[^"\\]|\\.)*)"|PRI[a-zA-Z0-9]+/g)].map(([, text]) => text ?? "lld").join("").replace(/\\(.)/g, "$1");
}

const files = readdirSync(SOURCE).filter((folder) => !folder.includes(".")).flatMap((folder) =>
	readdirSync(new URL(`${folder}/`, SOURCE)).filter((name) => name.endsWith(".c")).map((name) => `${folder}/${name}`));
const text = (name) => readFileSync(new URL(name, SOURCE), "utf8");
const fields = (format) => [...format.matchAll(/%[-0 #+]*\d*(?:\.\d+)?(?:ll|l|z|h)?[a-zA-Z]/g)].length;

test("every refusal that a page can get has Japanese words", () => {
	const said = files.filter((name) => FOLDERS.includes(name.split("/")[0]) && !NOT_ON_A_PAGE.test(name))
		.flatMap((name) => [...text(name).matchAll(REFUSED)].map((found) => joined(found[1])))
		.filter((format) => format.replace(/%[a-z.0-9]+/g, "").length > 3);
	assert.ok(said.length > 100, `${said.length}`);
	assert.deepEqual([...new Set(said)].filter((format) => !(format in ja)), []);
});

test("all that the doctor finds has Japanese words", () => {
	const said = files.filter((name) => name.startsWith("doctor/")).flatMap((name) =>
		[...text(name).matchAll(/doctor_(?:ok|warn|fail|means|remedy)\(result,(.*?)\);\n/gs)].flatMap((found) =>
			[...found[1].matchAll(new RegExp(LITERALS, "g"))].map(([literals]) => joined(literals))));
	assert.ok(said.length > 60, `${said.length}`);
	assert.deepEqual(said.filter((format) => /[a-z]{3}/.test(format) && !(format in ja)), []);
});

test("every sentence of the catalogue is one of the daemon's, and has no more fields", () => {
	const all = files.flatMap((name) => [...text(name).replace(/'(?:\\.|[^'\\\n])'/g, "").matchAll(new RegExp(LITERALS, "g"))]
		.map(([literals]) => joined(literals))).join("\n");
	for (const [format, words] of Object.entries(ja)) {
		assert.ok(all.includes(format), format);
		for (const [, n] of words.matchAll(/\{(\d+)\}/g)) assert.ok(Number(n) <= fields(format), format);
	}
});

test("sentences are found with what their fields were filled with, the most definite first", () => {
	const said = sentences(ja);
	assert.equal(said("join a class first"), ja["join a class first"]);
	assert.equal(said("class 12 is frozen; only a draft can be launched"), "クラス 12 は凍結中です。準備できるのは下書きだけです。");
	assert.equal(said("the machine desk is lost: its agent does not answer"), "マシン desk は応答なし：エージェントが応答しません。");
	assert.equal(said("seat 3 has the name \"青木 (a.b)\" already"), "「青木 (a.b)」という名前は席 3 が使っています。");
	assert.equal(said("something new"), null);
	assert.equal(said(""), null);
});

test("no sentence takes long to be told from others", () => {
	const said = sentences(ja), begin = performance.now();
	for (const text of ["class ".repeat(200), `the machine ${"is ".repeat(300)}`, `${"a is b: ".repeat(200)}`, "there is no such ".repeat(60)]) said(text);
	assert.ok(performance.now() - begin < 1000);
});
