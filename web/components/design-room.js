/** Tables, and the seats of a class in each of their states: for the page /design. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { places, stages } from "../state/samples.js";
import { number, t } from "../text.js";
import { CELLS, drawCell, SAMPLES } from "./cell.js";
import { RoomGrid } from "./room-grid.js";
import { SeatGrid } from "./seat-grid.js";

export function Tables() {
	const row = (/** @type {string} */ name, /** @type {string} */ chip, /** @type {string} */ word, /** @type {number} */ n) => html`<tr>
		<td>${name}</td><td><span class="chip ${chip}">${word}</span></td><td class="number">${number(n)}</td>
		<td><span class="acts"><button type="button" class="small">${t("people.change")}</button></span></td></tr>`;
	return html`<div class="table-frame"><table class="table">
		<thead><tr><th scope="col">${t("people.name")}</th><th scope="col">${t("people.role")}</th>
			<th scope="col" class="number">${t("people.classes")}</th><th><span class="visually-hidden">${t("people.acts")}</span></th></tr></thead>
		<tbody><tr class="day"><th colspan="4" scope="colgroup">Sakura Bank</th></tr>
			${row("Mori", "info", t("people.role-instructor"), 3)}${row("青木 葵", "", t("people.role-assistant"), 1204)}</tbody></table></div>`;
}

/** Time is kept of what is required only. */
const TIMED = ["slow"];

export function Cells() {
	return html`<table class="table cells-table"><thead><tr><th scope="col">${t("seat.task")}</th>
			<th scope="col">${t("design.cells-required")}</th><th scope="col">${t("tasks.challenge")}</th></tr></thead>
		<tbody>${CELLS.map((cell) => html`<tr key=${cell}><th scope="row">${t(`cell.${cell}`)}</th>
			<td>${drawCell(cell, { minutes: SAMPLES[cell] })}</td>
			<td>${TIMED.includes(cell) ? "" : drawCell(cell, { minutes: SAMPLES[cell], optional: true })}</td></tr>`)}</tbody></table>`;
}

export function Tags() {
	const [view] = useState(stages);
	return html`<${SeatGrid} view=${view} />`;
}

export function Places() {
	const [view] = useState(places);
	const [selected, select] = useState(/** @type {number | null} */ (1));
	return html`<${RoomGrid} view=${view} selected=${selected} select=${select} />`;
}
