import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import en from "../messages/en.js";
import ja from "../messages/ja.js";
import { isReport } from "../terminal/report.js";


const names = (message) => [...new Set([...message.matchAll(/\{(\w+)/g)].map((found) => found[1]))].sort();

test("both catalogues have the same keys in the same order", () => {
	assert.deepEqual(Object.keys(ja), Object.keys(en));
});

test("a message takes the same values in both languages, and none is empty", () => {
	for (const key of Object.keys(en)) {
		assert.ok(en[key].trim() && ja[key].trim(), key);
		assert.deepEqual(names(ja[key]), names(en[key]), key);
	}
});

/** Of what the audit log holds: "seat.reset". */
const ACTION = /"((?:account|audit|certificate|class|course|database|image|lab|message|organisation|pack|seat|setting)\.[a-z-]+)"/g;

test("every action that the daemon notes in the audit log has words", () => {
	const actions = ["core", "http", "ssh"].flatMap((folder) => {
		const place = new URL(`../../src/${folder}/`, import.meta.url);
		return readdirSync(place).filter((name) => name.endsWith(".c")).flatMap((name) =>
			[...readFileSync(new URL(name, place), "utf8").matchAll(ACTION)].map((found) => found[1]));
	});
	assert.ok(actions.length > 30);
	assert.deepEqual(actions.filter((action) => !(`audit.action.${action}` in en)), []);
});

test("a terminal's own answers are told from typing", () => {
	for (const answer of ["\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[24;80R", "\x1b[0n", "\x1b[?2026;2$y", "\x1b]11;rgb:14/16/1a\x1b\\"]) {
		assert.ok(isReport(answer), JSON.stringify(answer));
	}
	for (const typed of ["a", "\r", "\x1b", "\x1b[A", "\x1b[3~", "\x1bOP", "\x1b[200~cat\x1b[201~", "監査", "\x1b[1;5C", "\x1b[I"]) {
		assert.ok(!isReport(typed), JSON.stringify(typed));
	}
});
