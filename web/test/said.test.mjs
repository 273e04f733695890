import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import authors from "../messages/authors.ja.js";
import ja from "../messages/said.ja.js";
import { sentences, sentencesInParts } from "../sentences.js";

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
const build = readFileSync(new URL("../images/build", SOURCE), "utf8").replace("progress %.3f installing: %s", "installing: %s");
const fields = (format) => [...format.matchAll(/%[-0 #+]*\d*(?:\.(?:\d+|\*))?(?:ll|l|z|h)?[a-zA-Z]/g)].length;
const literals = (name) => [...text(name).replace(/'\\?"'|^ \*.*$/gm, "").matchAll(new RegExp(LITERALS, "g"))].map(([found]) => joined(found));
const prose = (words) => /[a-z]{3}/.test(words.replace(/<[^>]*>|%[a-z.0-9*]+|xmlns\S*/g, ""));

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

test("all that lint finds and expects has Japanese words, what the schemas say of a value too", () => {
	const found = files.filter((name) => name.startsWith("pack/")).flatMap(literals).filter((format) => format.includes("; expected "));
	assert.ok(found.length > 60, `${found.length}`);
	const notes = ["course", "lab"].flatMap((name) =>
		[...text(`pack/${name}.rng`).matchAll(/<a:documentation>([^<]+)</g)].map(([, note]) => note));
	assert.ok(notes.length > 20, `${notes.length}`);
	const said = [...found.flatMap((format) => format.split("; expected ")), ...notes];
	assert.deepEqual([...new Set(said)].filter((format) => prose(format) && !(format in authors)), []);
});

test("every step of an image's build and of a bake has Japanese words, and all that a test promises", () => {
	const steps = [...build.matchAll(/progress \S+ "([^"$]+)"/g)].map(([, step]) => step);
	const stages = /stage_names\[\] = \{(.*?)\};/s.exec(text("core/bake.c"))[1];
	const promises = [...text("core/proof_plan.c").matchAll(/\bpromise\(plan, .*?\);/gs)].map(([call]) => call).join("\n");
	const complaints = [...text("core/proof_walk.c").matchAll(/\bcomplain\(walker, .*?\);/gs)].map(([call]) => call).join("\n");
	const said = [...steps, ...[stages, promises, complaints].flatMap((code) =>
		[...code.matchAll(new RegExp(LITERALS, "g"))].map(([found]) => joined(found)))];
	assert.ok(said.length > 30, `${said.length}`);
	assert.deepEqual(said.filter((format) => prose(format) && format !== "%s is %s: %s" && !(format in authors)), []);
});

test("every sentence of the catalogues is one of the daemon's, and has no more fields", () => {
	const all = [...files.flatMap(literals), text("pack/course.rng"), text("pack/lab.rng"), build].join("\n");
	for (const [format, words] of [...Object.entries(ja), ...Object.entries(authors)]) {
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

test("of a step what is known of its parts is told, and names stay", () => {
	const said = sentencesInParts(authors);
	assert.equal(said("desk: freezing it"), "desk：凍結しています");
	assert.equal(said("image debian-13: installing: openssh-server"), "イメージ debian-13：インストールしています：openssh-server");
	assert.equal(said("seed 1 of 2: text/errors: its solve makes it pass"), "シード 1 / 2：text/errors：解答スクリプトで合格する");
	assert.equal(said("the parameter number has both choose and number"), "パラメーター number に choose と number の両方がある");
	assert.equal(said("{{nobody}} is filled in nowhere"), "{{nobody}} を埋める値がない");
	assert.equal(said("state (a check looks at the machine), answer (the student types one) or quiz: state, answer, quiz"),
		"state（マシンで確認）、answer（記述式）、quiz（選択式）：state, answer, quiz");
	assert.equal(said("Syntax error: \"fi\" unexpected"), null);
});

test("no sentence takes long to be told from others", () => {
	const said = sentences(ja), begin = performance.now();
	for (const text of ["class ".repeat(200), `the machine ${"is ".repeat(300)}`, `${"a is b: ".repeat(200)}`, "there is no such ".repeat(60)]) said(text);
	assert.ok(performance.now() - begin < 1000);
});
