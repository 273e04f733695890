/**
 * A roster on its way to a class: rows that somebody edits, and what the daemon says of each. Pure; the daemon alone
 * judges.
 */

/** @typedef {import("../types.js").Roster} Roster */
/** @typedef {import("../types.js").RosterProblem} RosterProblem */
/** @typedef {import("../types.js").RosterRow} RosterRow */
/** @typedef {"name" | "mail" | "organisation" | "language"} Field */

/** @type {Field[]} */
export const FIELDS = ["name", "mail", "organisation", "language"];

/** @param {RosterRow} row */
export const isEmpty = (row) => FIELDS.every((field) => !row[field].trim());

/** @param {RosterProblem[]} problems */
const anyWrong = (problems) => problems.some((problem) => problem.wrong);

/** @param {RosterRow} row */
export const isWrong = (row) => !isEmpty(row) && (anyWrong(row.problems) || anyWrong(row.kept ?? []));

/** @param {string} value */
const quoted = (value) => `"${value.replaceAll('"', '""')}"`;

/**
 * The rows as the daemon reads them. A header, where the file had one, keeps the lines' numbers.
 * @param {RosterRow[]} rows
 * @param {boolean} header
 */
export function toCsv(rows, header) {
	const lines = rows.filter((row) => !isEmpty(row)).map((row) => FIELDS.map((field) => quoted(row[field])).join(","));
	return [...(header ? [FIELDS.join(",")] : []), ...lines].join("\n");
}

/**
 * What was read from a file or a paste. What is wrong with a whole line is known only now: it stays with the row until
 * somebody touches it.
 * @param {Roster} roster
 * @returns {RosterRow[]}
 */
export function rowsOf(roster) {
	return roster.rows.map((row) => ({ ...row, kept: row.problems.filter((problem) => problem.field === "line") }));
}

/**
 * The daemon's new word on rows that stand in somebody's fields: problems change, what is typed does not.
 * @param {RosterRow[]} rows
 * @param {Roster} roster of toCsv(rows)
 */
export function withVerdict(rows, roster) {
	let at = 0;
	return rows.map((row) => {
		if (isEmpty(row)) return { ...row, line: 0, problems: [] };
		const judged = roster.rows[at++];
		return judged ? { ...row, line: judged.line, problems: judged.problems } : row;
	});
}

/**
 * @param {RosterRow[]} rows
 * @param {number} index
 * @param {Field} field
 * @param {string} value
 */
export const withValue = (rows, index, field, value) =>
	rows.map((row, i) => (i === index ? { ...row, [field]: value, kept: [] } : row));

/** @param {RosterRow[]} rows as POST /classes takes them */
export const peopleOf = (rows) => rows.filter((row) => !isEmpty(row))
	.map(({ name, mail, organisation, language }) => ({ name, mail, organisation, language }));

/** @returns {RosterRow} */
export const emptyRow = () => ({ line: 0, name: "", mail: "", organisation: "", language: "", problems: [], kept: [] });
