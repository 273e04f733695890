/**
 * Seats against tasks, live. A cell is told by colour and by shape; the row's head is the button that
 * opens the seat, and the arrow keys go from seat to seat.
 *
 * Three hundred seats by fifty tasks are fifteen thousand cells. A component that reads a signal, as t()
 * does, is drawn again only when a property of it changed: a row is its seat, which is a new object only
 * when something happened there, and the minutes that it has been at its task. So an event costs one row;
 * and of many rows only those in view are there.
 */
import { useMemo, useRef } from "preact/hooks";
import { html } from "../html.js";
import { averages, cellState, classClock, isLate, minutesAt, turnOf } from "../state/room.js";
import { duration, number, plain, say, t, tOr } from "../text.js";
import { CELLS, drawCell, SAMPLES } from "./cell.js";
import { Icon } from "./icon.js";
import { useCalm } from "./use-calm.js";
import { useNow } from "./use-now.js";
import { useWindow } from "./use-window.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").OutlineTask} OutlineTask */
/** @typedef {import("../state/room.js").Cell} Cell */
/** @typedef {import("../state/room.js").Average} Average */

/** From so many tasks on the cells stand closer. */
const MANY = 24;
/** From so many seats on only the rows in view are drawn. */
const LONG = 60;
const CLOCK_MS = 10_000;
const SUMS_MS = 1000;

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
	const { labs } = view;
	const many = labs.reduce((sum, lab) => sum + lab.tasks.length, 0) > MANY;
	const clock = classClock(view, useNow(CLOCK_MS, view.state === "open"));
	const seats = useCalm(view.seat, SUMS_MS);
	const sums = useMemo(() => averages(seats, labs), [seats, labs]);
	const long = view.seat.length > LONG;
	const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
	const { first, last, height } = useWindow(frame, "tbody tr.seat", view.seat.length, long);
	return html`<section class="matrix-card" aria-label=${t("class.matrix")}>
		<div class="matrix-scroll" ref=${frame} tabindex=${select ? undefined : 0} role="group"
			aria-label=${t("class.matrix")}>
			<table class=${`matrix ${many ? "many" : ""} ${long ? "long" : ""}`} onKeyDown=${key}
				aria-rowcount=${view.seat.length + 4}>
				<${Head} labs=${labs} />
				<tbody><${Gap} rows=${first} height=${height} />
				${view.seat.slice(first, last).map((seat, index) => html`<${Row} key=${seat.id} seat=${seat} labs=${labs}
					place=${first + index + 3} minutes=${view.state === "open" ? minutesAt(seat, clock) : -1}
					selected=${seat.id === selected} select=${select} />`)}
				<${Gap} rows=${view.seat.length - last} height=${height} /></tbody>
				<${Foot} labs=${labs} sums=${sums} />
			</table>
		</div>
		<ul class="legend" aria-label=${t("class.legend")}>${CELLS.map((cell) => html`<li key=${cell}>
			${drawCell(cell, { minutes: SAMPLES[cell], hidden: true })}${t(`cell.${cell}`)}</li>`)}</ul>
	</section>`;
}

/** As high as the rows that are not drawn. @param {{ rows: number, height: number }} props */
function Gap({ rows, height }) {
	return rows > 0 ? html`<tr class="gap" aria-hidden="true"><td style=${{ height: `${rows * height}px` }}></td></tr>` : null;
}

/** @param {{ labs: ClassFull["labs"] }} props */
function Head({ labs }) {
	return html`<thead>
		<tr><th scope="col" rowspan="2" class="corner">${t("class.seat")}</th>
			<th scope="col" rowspan="2" class="points-head">${t("class.points")}</th>
			${labs.map((lab, index) => html`<th key=${lab.id} scope="colgroup" colspan=${lab.tasks.length}
				class="lab-head"><span>${index + 1} ${say(lab.title)}</span></th>`)}
			<td rowspan="2" class="rest"></td></tr>
		<tr class="task-heads">${labs.flatMap((lab) => lab.tasks.map((task, index) => html`<th scope="col"
			key=${`${lab.id}/${task.id}`} class=${index === 0 ? "first" : ""} title=${plain(say(task.title))}>
			<span aria-hidden="true">${task.optional ? "◇" : index + 1}</span>
			<span class="visually-hidden">${plain(say(task.title))}</span></th>`))}</tr>
	</thead>`;
}

/** The class's average: how many have done each task, and how long it took in the middle of them. */
/** @param {{ labs: ClassFull["labs"], sums: Average[] }} props */
function Foot({ labs, sums }) {
	const firsts = new Set(labs.map((lab) => `${lab.id}/${lab.tasks[0]?.id}`));
	const side = (/** @type {Average} */ sum) => (firsts.has(sum.key) ? "first" : "");
	return html`<tfoot>
		<tr><th scope="row" colspan="2">${t("class.foot-done")}</th>
			${sums.map((sum) => html`<td key=${sum.key} class=${side(sum)} title=${t("class.foot-done-n", { n: sum.done, total: sum.present })}>
				<${Share} share=${sum.present ? sum.done / sum.present : 0} /></td>`)}<td class="rest"></td></tr>
		<tr><th scope="row" colspan="2">${t("class.foot-minutes")}</th>
			${sums.map((sum) => html`<td key=${sum.key} class=${side(sum)}><${Minutes} sum=${sum} /></td>`)}<td class="rest"></td></tr>
	</tfoot>`;
}

/** As a column that fills in tenths, and as a number. @param {{ share: number }} props */
function Share({ share }) {
	const shown = share === 1 ? "✓" : share ? number(share * 100) : "–";
	return html`<span class="share" data-tenths=${Math.round(share * 10)}><b aria-hidden="true">${shown}</b><span
		class="visually-hidden">${number(share * 100)} %</span></span>`;
}

/** @param {{ sum: Average }} props */
function Minutes({ sum }) {
	const median = sum.median_ms / 60_000;
	const late = isLate(median, sum.minutes);
	const title = sum.median_ms ? t("class.median", { time: duration(sum.median_ms), minutes: sum.minutes })
		: t("class.planned", { minutes: sum.minutes });
	return html`<span class=${late ? "median late" : "median"} title=${title}>
		<b>${sum.median_ms ? `${number(Math.max(1, median))}${late ? "!" : ""}` : "–"}</b>
		<span class="visually-hidden">${title}</span><small aria-hidden="true">${sum.minutes}</small></span>`;
}

/** @param {OutlineTask} task @param {Cell} cell @param {number} minutes @param {import("../types.js").Progress} [row] */
function cellTitle(task, cell, minutes, row) {
	const facts = [t(`cell.${cell}`), row?.took_ms ? duration(row.took_ms) : "",
		minutes >= 0 ? t("cell.since", { n: minutes, minutes: task.minutes }) : "",
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
		${seat.hand > 0 && html`<span role="img" class="sign-hand" aria-label=${t("class.figure-hands")}><${Icon} name="hand" /></span>`}`;
}

/** @param {{ seat: Seat, labs: ClassFull["labs"], place: number, minutes: number, selected: boolean,
 *	select: ((seat: number | null) => void) | null }} props place: among all rows */
function Row({ seat, labs, place, minutes, selected, select }) {
	const rows = new Map((seat.progress ?? []).map((row) => [`${row.lab}/${row.task}`, row]));
	const turn = seat.joined ? turnOf(seat, labs) : ""; // nobody is at work in a free seat
	return html`<tr class=${selected ? "seat selected" : "seat"} aria-rowindex=${place}>
		<th scope="row">${select ? html`<button type="button" class="seat-button" aria-pressed=${selected}
			onClick=${() => select(selected ? null : seat.id)}><${Name} seat=${seat} />
			<${Signs} seat=${seat} /></button>` : html`<span class="seat-button"><${Name} seat=${seat} /></span>`}</th>
		<td class="points-cell">${seat.points}</td>
		${labs.flatMap((lab) => lab.tasks.map((task, index) => {
			const key = `${lab.id}/${task.id}`;
			const at = key === turn ? minutes : -1;
			const cell = cellState(rows.get(key), key === turn, isLate(at, task.minutes));
			return html`<td key=${key} class=${index === 0 ? "first" : ""}>
				${drawCell(cell, { minutes: at, optional: task.optional, title: cellTitle(task, cell, at, rows.get(key)) })}</td>`;
		}))}
		<td class="rest"></td>
	</tr>`;
}
