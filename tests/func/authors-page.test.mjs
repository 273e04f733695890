// docs/authors.md is the reference of course.xml and lab.xml: what the schemas know and what the page says are the same.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./daemon.mjs";

const page = readFileSync(join(root, "docs/authors.md"), "utf8");
const section = (title) => page.split(/^## /m).find((part) => part.startsWith(`${title}\n`));

/** The tree of an XML file without text: enough for a schema. */
function tree(xml) {
	const top = { name: "", children: [] };
	const open = [top];
	for (const [, close, name, attributes, empty] of xml.replace(/<!--[^]*?-->/g, "").matchAll(/<(\/?)([a-zA-Z:]+)([^>]*?)(\/?)>/g)) {
		if (close) { open.pop(); continue; }
		const node = { name, children: [], given: /\bname="([^"]+)"/.exec(attributes)?.[1] };
		open.at(-1).children.push(node);
		if (!empty) open.push(node);
	}
	return top;
}

/** "element" and "element attribute" of a schema. */
function schemaNames(file) {
	const grammar = tree(readFileSync(join(root, "src/pack", file), "utf8").replace(/<\?.*?\?>/, ""));
	const defined = new Map();
	const names = new Set();
	const each = (node, visit) => { visit(node); node.children.forEach((child) => each(child, visit)); };
	each(grammar, (node) => { if (node.name === "define") defined.set(node.given, node); });
	/** Attributes of an element stand in it, or in what it refers to, but not in elements inside. */
	function attributes(node, element) {
		for (const child of node.children) {
			if (child.name === "attribute") names.add(`${element} ${child.given}`);
			else if (child.name === "ref") attributes(defined.get(child.given), element);
			else if (child.name !== "element") attributes(child, element);
		}
	}
	each(grammar, (node) => {
		if (node.name !== "element") return;
		names.add(node.given);
		attributes(node, node.given);
	});
	return names;
}

/** The same of a section: tags in `code` or in a block, a heading's table of attributes, a table of children. */
function pageNames(text) {
	const names = new Set();
	for (const [, element, attributes] of text.matchAll(/<([a-z]+)((?: [a-z:]+="[^"]*")*)\s*\/?>/g)) {
		names.add(element);
		for (const [, attribute] of attributes.matchAll(/ ([a-z:]+)="/g)) names.add(`${element} ${attribute}`);
	}
	for (const [, element, table] of text.matchAll(/^(?:### )?`<([a-z]+)>`\n\| attribute \| meaning \|\n\|---\|---\|\n((?:\|.*\n)+)/gm))
		for (const [, attribute] of table.matchAll(/^\| `([a-z:]+)`/gm)) names.add(`${element} ${attribute}`);
	for (const [, children] of text.matchAll(/Children(?: of a machine)?: ([^.]*)/g))
		for (const [, child] of children.matchAll(/`([a-z]+)`[?*+]?/g)) names.add(child);
	for (const [, child] of text.matchAll(/^\| `([a-z]+)`[?*+]? \| (?:yes)?/gm))
		if (/\| child \| state \|/.test(text) && text.indexOf("| child |") < text.indexOf(`| \`${child}\``)) names.add(child);
	return names;
}

const texts = pageNames(section("Texts"));
for (const [file, title] of [["course.rng", "course.xml"], ["lab.rng", "lab.xml"]]) {
	const known = schemaNames(file);
	const said = pageNames(section(title));

	test(`every element and attribute of ${title} is explained`, () => {
		const silent = [...known].filter((name) => !said.has(name) && !texts.has(name) && !/ xml:lang$/.test(name));
		assert.deepEqual(silent, []);
	});

	test(`everything that is explained of ${title} is in its schema`, () => {
		assert.deepEqual([...said].filter((name) => !known.has(name)), []);
	});
}

test("whatever carries words has a language, as the page says", () => {
	const both = new Set([...schemaNames("course.rng"), ...schemaNames("lab.rng")]);
	for (const name of ["title", "summary", "text"]) assert.ok(both.has(`${name} xml:lang`), name);
	assert.deepEqual([...texts].filter((name) => !both.has(name)), []);
});
