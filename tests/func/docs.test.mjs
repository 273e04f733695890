// The guides for people: the same in both languages, with pictures that a script takes.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "./daemon.mjs";

const read = (name) => readFileSync(join(root, name), "utf8");
const GUIDES = ["docs/students", "docs/instructors", "docs/admins"];
const pictures = (text) => [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map((found) => found[1]);

test("each guide has the same sections and the same pictures in both languages, each picture in its own", () => {
	for (const guide of GUIDES) {
		const en = read(`${guide}.md`), ja = read(`${guide}.ja.md`);
		const levels = (text) => [...text.replace(/^```[^]*?^```/gm, "").matchAll(/^#+/gm)].map((found) => found[0].length);
		assert.deepEqual(levels(ja), levels(en), guide);
		assert.ok(pictures(en).length > 1, guide);
		assert.deepEqual(pictures(ja), pictures(en).map((name) => name.replace("-en.png", "-ja.png")), guide);
		assert.ok(pictures(en).every((name) => name.endsWith("-en.png")), guide);
	}
});

test("every picture that a page shows is there, and those of the guides are taken by the script", () => {
	const script = read("tests/e2e/screenshots.mjs");
	for (const page of ["README.md", ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)])
		for (const name of pictures(read(page))) assert.ok(existsSync(join(root, dirname(page), name)), `${page}: ${name}`);
	for (const guide of GUIDES)
		for (const name of pictures(read(`${guide}.md`)))
			assert.ok(script.includes("`" + name.replace("images/", "").replace("-en.png", "-${language}") + "`"), name);
});
