import { test } from "node:test";
import assert from "node:assert/strict";
import { emptyRow, isWrong, peopleOf, rowsOf, toCsv, withValue, withVerdict } from "../state/roster.js";

const row = (name, more = {}) => ({ ...emptyRow(), name, ...more });
const problem = (field, wrong = true) => ({ line: 2, field, code: "x", wrong, text: { en: "x", ja: "x" } });

test("what is edited goes back as a roster with every field quoted; empty rows stay out", () => {
	assert.equal(toCsv([row('Sato, "Ken"', { mail: "k@x.example" }), emptyRow(), row("Name")], true),
		'name,mail,organisation,language\n"Sato, ""Ken""","k@x.example","",""\n"Name","","",""');
	assert.deepEqual(peopleOf([emptyRow(), row("Aoi")]), [{ name: "Aoi", mail: "", organisation: "", language: "" }]);
});

test("the daemon's word changes what is wrong, not what is typed", () => {
	const rows = withVerdict([row("Aoi "), emptyRow(), row("Ren")], { rows: [{ ...row("Aoi"), line: 2 },
		{ ...row("Ren"), line: 3, problems: [problem("name")] }] });
	assert.deepEqual(rows.map((one) => [one.name, one.line, isWrong(one)]), [["Aoi ", 2, false], ["", 0, false], ["Ren", 3, true]]);
});

test("what is wrong with a whole line stays until somebody touches the row", () => {
	const read = rowsOf({ rows: [row('"Ren', { problems: [problem("line")] })] });
	const judged = withVerdict(read, { rows: [row('"Ren')] });
	assert.ok(isWrong(judged[0]));
	assert.ok(!isWrong(withValue(withVerdict(judged, { rows: [row("Ren")] }), 0, "name", "Ren")[0]));
	assert.ok(!isWrong(row("=1+1", { problems: [problem("name", false)] })), "a notice is no mistake");
});
