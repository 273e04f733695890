/** What one seat did, lab by lab: how long each task took, which hints it has seen, how often it tried, what it earned. */
import { html } from "../html.js";
import { cellState, turnOf } from "../state/room.js";
import { duration, number, plain, say, t } from "../text.js";
import { drawCell } from "./cell.js";

/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").OutlineLab} OutlineLab */
/** @typedef {import("../types.js").Progress} Progress */

/** @param {{ seat: Seat, labs: OutlineLab[] }} props */
export function TaskTimes({ seat, labs }) {
	const rows = new Map((seat.progress ?? []).map((row) => [`${row.lab}/${row.task}`, row]));
	const begun = labs.filter((lab) => lab.id === seat.lab || lab.tasks.some((task) => rows.has(`${lab.id}/${task.id}`)));
	if (begun.length === 0) return html`<p class="help">${t("seat.tasks-none")}</p>`;
	return html`${begun.map((lab) => html`<${LabTimes} key=${lab.id} lab=${lab} number=${labs.indexOf(lab) + 1} rows=${rows}
		open=${lab.id === seat.lab || begun.length === 1} turn=${turnOf(seat, labs)} />`)}`;
}

/** @param {{ lab: OutlineLab, number: number, rows: Map<string, Progress>, open: boolean, turn: string }} props */
function LabTimes({ lab, number: place, rows, open, turn }) {
	const own = lab.tasks.map((task) => rows.get(`${lab.id}/${task.id}`));
	const took = own.reduce((sum, row) => sum + (row?.took_ms ?? 0), 0);
	return html`<details class="lab-times" open=${open}>
		<summary><span>${place} ${plain(say(lab.title))}</span>
			<span class="help">${own.filter((row) => row?.done).length} / ${lab.tasks.length}${took > 0 && ` · ${duration(took)}`}</span></summary>
		<table><thead class="visually-hidden"><tr><th scope="col">${t("seat.task")}</th><th scope="col">${t("seat.hints")}</th>
			<th scope="col">${t("seat.tries")}</th><th scope="col">${t("seat.took")}</th><th scope="col">${t("class.points")}</th></tr></thead>
			<tbody>${lab.tasks.map((task, index) => html`<${TaskRow} key=${task.id} task=${task} row=${own[index]}
				turn=${`${lab.id}/${task.id}` === turn} />`)}</tbody></table>
	</details>`;
}

/** @param {{ task: import("../types.js").OutlineTask, row?: Progress, turn: boolean }} props */
function TaskRow({ task, row, turn }) {
	const cell = cellState(row, turn);
	const shown = row?.hints ?? 0;
	return html`<tr><th scope="row"><span>${drawCell(cell, { optional: task.optional })} <span>${plain(say(task.title))}</span></span></th>
		<td>${shown > 0 && html`<span class="chip warn">${t("seat.hints-shown", { list: listed(shown) })}</span>`}</td>
		<td>${row && row.attempts > 0 ? t("seat.tries-n", { n: row.attempts }) : ""}</td>
		<td>${row && row.took_ms > 0 ? duration(row.took_ms) : ""}</td>
		<td>${row?.done ? number(row.points) : "–"} / ${number(task.points)}</td></tr>`;
}

/** Hints come in order: three shown are the first, second and third. @param {number} shown */
const listed = (shown) => Array.from({ length: shown }, (_, index) => index + 1).join(", ");
