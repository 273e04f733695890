/** A roster that is read, edited and judged: what the daemon says follows what is typed, a moment later. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { previewRoster } from "../api.js";
import { emptyRow, isEmpty, isWrong, rowsOf, toCsv, withValue, withVerdict } from "../state/roster.js";

/** @typedef {import("../types.js").RosterRow} RosterRow */
/** @typedef {import("../types.js").RosterProblem} RosterProblem */
/** @typedef {ReturnType<typeof useRoster>} RosterState */

const PAUSE_MS = 300;

export function useRoster() {
	const [rows, setRows] = useState(/** @type {RosterRow[]} */ ([]));
	const [notes, setNotes] = useState(/** @type {RosterProblem[]} */ ([]));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const [busy, setBusy] = useState(false);
	const [header, setHeader] = useState(false);
	const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
	const asked = useRef(0);
	useEffect(() => () => clearTimeout(timer.current), []);

	/** Only the last answer counts. */
	const ask = useCallback((/** @type {Blob} */ body, /** @type {(roster: any) => void} */ apply, pause = PAUSE_MS) => {
		clearTimeout(timer.current);
		const number = ++asked.current;
		setBusy(true);
		timer.current = setTimeout(() => previewRoster(body).then((roster) => {
			if (number !== asked.current) return;
			apply(roster);
			setError(null);
			setBusy(false);
		}, (problem) => {
			if (number !== asked.current) return;
			setError(problem);
			setBusy(false);
		}), pause);
	}, []);

	/**
	 * A first line that reads like a header though it is somebody is asked about again below a real one.
	 * @param {RosterRow[]} changed
	 * @param {boolean} [below]
	 */
	function change(changed, below = header) {
		setRows(changed);
		if (!changed.some((row) => !isEmpty(row))) return;
		ask(new Blob([toCsv(changed, below)]), (roster) => {
			if (roster.header && !below) {
				setHeader(true);
				change(changed, true);
			} else setRows((now) => withVerdict(now, roster));
		});
	}
	return {
		rows, notes, error, busy,
		right: !busy && !error && notes.every((note) => !note.wrong) && rows.every((row) => !isWrong(row)),
		count: rows.filter((row) => !isEmpty(row)).length,
		/** @param {Blob} file @param {number} [pause] */
		read: (file, pause) => ask(file, (roster) => {
			setNotes(roster.problems);
			setHeader(roster.header);
			setRows(roster.problems.some((/** @type {RosterProblem} */ one) => one.wrong) ? [] : rowsOf(roster));
		}, pause),
		clear: () => {
			clearTimeout(timer.current);
			asked.current++;
			setRows([]);
			setNotes([]);
			setError(null);
			setBusy(false);
		},
		edit: (/** @type {number} */ index, /** @type {import("../state/roster.js").Field} */ field, /** @type {string} */ value) =>
			change(withValue(rows, index, field, value)),
		drop: (/** @type {number} */ index) => change(rows.filter((_, i) => i !== index)),
		add: () => setRows([...rows, emptyRow()]),
	};
}
