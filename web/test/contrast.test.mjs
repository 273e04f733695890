import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const css = readFileSync(new URL("../styles/tokens.css", import.meta.url), "utf8");
const token = (name) => {
	const pair = css.match(new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`));
	return pair ? pair.slice(1) : Array(2).fill(css.match(new RegExp(`--${name}: (#\\w{6})`))[1]);
};

function luminance(colour) {
	const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
		.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (light + 0.05) / (dark + 0.05);
}

const TEXT = [
	...["ink", "ink-2", "ink-3"].flatMap((ink) => ["paper", "sheet", "sunken"].map((ground) => [ink, ground])),
	...["ai", "matcha", "yamabuki", "shu"].flatMap((dye) => [[dye, "paper"], [dye, "sheet"], [dye, `${dye}-soft`]]),
	["on-ai", "ai"], ["on-ai", "ai-deep"], ["on-matcha", "matcha"], ["on-shu", "shu"], ["ink", "ai-soft"], ["ink-2", "ai-soft"],
	["ink", "shu-soft"], ["ink", "matcha-soft"], ["night-ink", "night"], ["night-ink-2", "night-deep"], ["night-ink-2", "night-raised"],
];
const EDGES = [["line-strong", "paper"], ["line-strong", "sheet"], ["ai", "sheet"], ["matcha", "paper"], ["shu", "paper"]];

for (const [pairs, least] of [[TEXT, 4.5], [EDGES, 3]]) {
	test(`contrasts reach ${least}:1 by day and by night`, () => {
		for (const [front, ground] of pairs) {
			for (const night of [0, 1]) {
				const ratio = contrast(token(front)[night], token(ground)[night]);
				assert.ok(ratio >= least, `${front} on ${ground}, ${night ? "night" : "day"}: ${ratio.toFixed(2)}`);
			}
		}
	});
}
