/** What each person of a class has achieved, in one row. */
import { html } from "../html.js";
import { moment, number, t } from "../text.js";

/** @typedef {import("../types.js").SeatResult} SeatResult */

/** @param {{ rows: SeatResult[] }} props */
export function ResultsTable({ rows }) {
	const companies = rows.some((row) => row.organisation);
	return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("results.title")}><table class="table results">
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
