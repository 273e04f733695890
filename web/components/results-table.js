/** What each person of a class has achieved, in one row. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { moment, number, t } from "../text.js";

/** @typedef {import("../types.js").SeatResult} SeatResult */

const NONE = "\n"; // no organisation has this name

/**
 * Whose results are looked at, where people come from more than one organisation.
 * @param {{ rows: SeatResult[], chosen: string, choose: (name: string) => void, found: number }} props
 */
function Filter({ rows, chosen, choose, found }) {
	const names = [...new Set(rows.map((row) => row.organisation))].sort();
	if (names.length < 2) return null;
	return html`<p class="results-filter" role="search"><select aria-label=${t("room.organisation")} value=${chosen}
			onChange=${(/** @type {any} */ e) => choose(e.target.value)}>
			<option value="">${t("room.all-organisations")}</option>
			${names.map((name) => html`<option key=${name} value=${name || NONE}>${name || t("room.no-organisation")}</option>`)}</select>
		<span role="status" class="help">${chosen && t("room.found", { n: found, total: rows.length })}</span></p>`;
}

/** @param {{ rows: SeatResult[] }} props */
export function ResultsTable({ rows: all }) {
	const [chosen, setChosen] = useState("");
	const companies = all.some((row) => row.organisation);
	const rows = chosen ? all.filter((row) => (row.organisation || NONE) === chosen) : all;
	return html`<${Filter} rows=${all} chosen=${chosen} choose=${setChosen} found=${rows.length} />
		<div class="table-frame" tabindex="0" role="region" aria-label=${t("results.title")}><table class="table results">
		<thead><tr><th scope="col" class="number">${t("results.seat")}</th><th scope="col">${t("results.name")}</th>
			${companies && html`<th scope="col">${t("results.organisation")}</th>`}
			<th scope="col" class="number">${t("results.labs")}</th><th scope="col" class="number">${t("results.tasks")}</th>
			<th scope="col" class="number">${t("results.points")}</th><th scope="col" class="number">${t("results.hints")}</th>
			<th scope="col" class="number">${t("results.caught-up")}</th><th scope="col" class="number">${t("results.minutes")}</th>
			<th scope="col">${t("results.last")}</th></tr></thead>
		<tbody>${rows.map((row) => html`<${Row} key=${row.seat} row=${row} companies=${companies} />`)}</tbody>
	</table></div>`;
}

/** @param {{ row: SeatResult, companies: boolean }} props */
function Row({ row, companies }) {
	return html`<tr><td class="number">${row.number}</td>
		<th scope="row">${row.name}${row.mail && html`<span class="account-login">${row.mail}</span>`}</th>
		${companies && html`<td>${row.organisation}</td>`}
		<td class="number">${t("results.of", { n: row.labs_done, of: row.labs })}</td>
		<td class="number">${t("results.of", { n: row.tasks_done, of: row.tasks })}</td>
		<td class="number">${t("results.of", { n: row.points, of: row.points_max })}</td>
		<td class="number">${number(row.hints)}</td><td class="number">${number(row.caught_up)}</td>
		<td class="number">${number(Math.ceil(row.took_ms / 60000))}</td>
		<td>${row.joined_at ? (row.last_at ? moment(row.last_at) : moment(row.joined_at))
			: html`<span class="help">${t("results.absent")}</span>`}</td></tr>`;
}
