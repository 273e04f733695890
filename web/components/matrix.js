/**
 * Seats against tasks, live. A cell is told by colour and by shape; the row's head is the button that
 * opens the seat, and the arrow keys go from seat to seat.
 */
import { html } from "../html.js";
import { cellState, medianMs, turnOf } from "../state/reduce.js";
import { duration, plain, say, t, tOr } from "../text.js";
import { Icon } from "./icon.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").OutlineTask} OutlineTask */
/** @typedef {import("../state/reduce.js").Cell} Cell */

/** From so many tasks on the cells stand closer. */
const MANY = 24;

/** @type {Record<Cell, string>} */
const MARKS = { done: "✓", hinted: "✓", helped: "→", stuck: "×", trying: "•", none: "" };
/** @type {Cell[]} */
const LEGEND = ["done", "hinted", "helped", "trying", "stuck", "none"];

/** @param {KeyboardEvent} event */
function key(event) {
	const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
	if (!step || !(event.target instanceof HTMLElement)) return;
	const table = /** @type {HTMLElement} */ (event.currentTarget);
	/** @type {HTMLElement[]} */
	const seats = Array.from(table.querySelectorAll(".seat-button"));
	const next = seats[seats.indexOf(event.target) + step];
	if (!next) return;
	event.preventDefault();
	next.focus();
}

/**
 * @param {{ view: ClassFull, selected: number | null, select: ((seat: number | null) => void) | null }} props
 *	select null: the class is over, there is nothing to open
 */
export function Matrix({ view, selected, select }) {
	const many = view.labs.reduce((sum, lab) => sum + lab.tasks.length, 0) > MANY;
	return html`<section class="matrix-card" aria-label=${t("class.matrix")}>
		<div class="matrix-scroll" tabindex=${select ? undefined : 0} role="group" aria-label=${t("class.matrix")}>
			<table class=${many ? "matrix many" : "matrix"} onKeyDown=${key}>
				<${Head} view=${view} />
				<tbody>${view.seat.map((seat) => html`<${Row} key=${seat.id} seat=${seat} labs=${view.labs}
					selected=${seat.id === selected} select=${select} />`)}</tbody>
			</table>
		</div>
		<ul class="legend" aria-label=${t("class.legend")}>${LEGEND.map((cell) => html`<li key=${cell}>
			<i class="cell ${cell}" aria-hidden="true">${MARKS[cell]}</i>${t(`cell.${cell}`)}</li>`)}</ul>
	</section>`;
}

/** @param {{ view: ClassFull }} props */
function Head({ view }) {
	return html`<thead>
		<tr><th scope="col" rowspan="2" class="corner">${t("class.seat")}</th>
			<th scope="col" rowspan="2" class="points-head">${t("class.points")}</th>
			${view.labs.map((lab, index) => html`<th key=${lab.id} scope="colgroup" colspan=${lab.tasks.length}
				class="lab-head"><span>${index + 1} ${say(lab.title)}</span></th>`)}
			<td rowspan="2" class="rest"></td></tr>
		<tr class="task-heads">${view.labs.flatMap((lab) => lab.tasks.map((task, index) => html`<th scope="col"
			key=${`${lab.id}/${task.id}`} class=${index === 0 ? "first" : ""} title=${headTitle(view, lab.id, task)}>
			<span aria-hidden="true">${task.optional ? "◇" : index + 1}</span>
			<span class="visually-hidden">${plain(say(task.title))}</span></th>`))}</tr>
	</thead>`;
}

/** With how long it took in the middle of the class. @param {ClassFull} view @param {string} lab @param {OutlineTask} task */
function headTitle(view, lab, task) {
	const median = medianMs(view.seat, lab, task.id);
	const time = median ? ` — ${t("class.median", { time: duration(median), minutes: task.minutes })}` : "";
	return plain(say(task.title)) + time;
}

/** @param {OutlineTask} task @param {Cell} cell @param {import("../types.js").Progress} [row] */
function cellTitle(task, cell, row) {
	const facts = [t(`cell.${cell}`), row?.took_ms ? duration(row.took_ms) : "",
		row?.attempts ? t("seat.tries-n", { n: row.attempts }) : "", row?.hints ? t("cell.hints", { n: row.hints }) : ""];
	return `${plain(say(task.title))} — ${facts.filter(Boolean).join(" · ")}`;
}

/** @param {{ seat: Seat }} props */
function Name({ seat }) {
	return html`<span class="seat-number">${String(seat.number).padStart(2, "0")}</span>
		<span class=${seat.name ? "seat-name" : "seat-name free"}>${seat.name || t("class.free")}</span>`;
}

/** What is unusual about a seat now. @param {{ seat: Seat }} props */
function Signs({ seat }) {
	const state = tOr(`machine.${seat.state}`, seat.state);
	return html`${seat.state !== "ready" && html`<i class="dot ${seat.state}" role="img" aria-label=${state}
			title=${state}></i>`}
		${seat.hand > 0 && html`<span role="img" aria-label=${t("class.figure-hands")}><${Icon} name="hand" /></span>`}`;
}

/** @param {{ seat: Seat, labs: ClassFull["labs"], selected: boolean,
 *	select: ((seat: number | null) => void) | null }} props */
function Row({ seat, labs, selected, select }) {
	const rows = new Map((seat.progress ?? []).map((row) => [`${row.lab}/${row.task}`, row]));
	const turn = turnOf(seat, labs);
	return html`<tr class=${selected ? "selected" : ""}>
		<th scope="row">${select ? html`<button type="button" class="seat-button" aria-pressed=${selected}
			onClick=${() => select(selected ? null : seat.id)}><${Name} seat=${seat} />
			<${Signs} seat=${seat} /></button>` : html`<span class="seat-button"><${Name} seat=${seat} /></span>`}</th>
		<td class="points-cell">${seat.points}</td>
		${labs.flatMap((lab) => lab.tasks.map((task, index) => {
			const key = `${lab.id}/${task.id}`;
			const cell = cellState(rows.get(key), key === turn);
			return html`<td key=${key} class=${index === 0 ? "first" : ""}>
				<i class="cell ${cell} ${task.optional ? "optional" : ""}" role="img" aria-label=${t(`cell.${cell}`)}
				title=${cellTitle(task, cell, rows.get(key))}>${MARKS[cell]}</i></td>`;
		}))}
		<td class="rest"></td>
	</tr>`;
}
