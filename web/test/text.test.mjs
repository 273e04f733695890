import assert from "node:assert/strict";
import test from "node:test";
import en from "../messages/en.js";
import ja from "../messages/ja.js";

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
