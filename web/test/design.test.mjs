// The page of the design system promises to show all components: here it is held against the folder.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { ELSEWHERE, UNSEEN } from "../state/elsewhere.js";

const web = fileURLToPath(new URL("..", import.meta.url));
const components = readdirSync(join(web, "components")).map((file) => file.replace(/\.js$/, ""));

/** Everything that a module draws with: what it imports, and so on. */
function reach(module, seen = new Set()) {
	const code = readFileSync(join(web, `${module}.js`), "utf8").replace(/\/\*\*.*?\*\//gs, ""); // a type that is imported draws nothing
	for (const [, from] of code.matchAll(/(?:from |import\()"(\.\.?\/[^"]+)\.js"/g)) {
		const to = normalize(join(dirname(module), from));
		if (!seen.has(to)) reach(to, seen.add(to));
	}
	return seen;
}

const drawn = [...reach("pages/design")].filter((one) => one.startsWith("components/")).map((one) => one.slice("components/".length));
const named = ELSEWHERE.flatMap((one) => one.components);

test("every component is drawn on the page /design, or named there with the page where it is seen, or draws nothing", () => {
	const known = new Set([...drawn, ...named, ...UNSEEN]);
	assert.deepEqual(components.filter((one) => !known.has(one)), [], "draw them in components/design-*.js, or name them in state/elsewhere.js");
});

test("none is named that is not there, is named twice, or is drawn after all", () => {
	const all = [...named, ...UNSEEN];
	assert.deepEqual(all.filter((one) => !components.includes(one)), []);
	assert.deepEqual(all.filter((one, at) => all.indexOf(one) !== at), []);
	assert.deepEqual(named.filter((one) => drawn.includes(one)), []);
});

test("each that is named is on the page that it is named with", () => {
	for (const { page, components: parts } of ELSEWHERE) {
		const shown = reach(page);
		assert.deepEqual(parts.filter((one) => !shown.has(`components/${one}`)), [], page);
	}
});

test("what is said to draw nothing has no elements of its own", () => {
	for (const name of UNSEEN) assert.doesNotMatch(readFileSync(join(web, `components/${name}.js`), "utf8"), /html`<(p|ul|table|button|section|form)\b/, name);
});
