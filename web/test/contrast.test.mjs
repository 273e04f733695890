import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { contrast, EDGES, EDGE_LEAST, TEXT, TEXT_LEAST } from "../state/palette.js";

const css = readFileSync(new URL("../styles/tokens.css", import.meta.url), "utf8");
const token = (name) => {
	const pair = css.match(new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`));
	return pair ? pair.slice(1) : Array(2).fill(css.match(new RegExp(`--${name}: (#\\w{6})`))[1]);
};
const parts = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

for (const [pairs, least] of [[TEXT, TEXT_LEAST], [EDGES, EDGE_LEAST]]) {
	test(`contrasts reach ${least}:1 by day and by night`, () => {
		for (const [front, ground] of pairs) {
			for (const night of [0, 1]) {
				const ratio = contrast(parts(token(front)[night]), parts(token(ground)[night]));
				assert.ok(ratio >= least, `${front} on ${ground}, ${night ? "night" : "day"}: ${ratio.toFixed(2)}`);
			}
		}
	});
}
