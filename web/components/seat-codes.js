/** The seats' own codes: what is on cards that were not printed. */
import { html } from "../html.js";
import { t } from "../text.js";
import { ProblemNote } from "./problem.js";
import { useLoaded } from "./use-loaded.js";

/**
 * @param {{ id: string, again: boolean, make: (number: number) => void }} props again: cards were made, and one of
 *	them may have been lost
 */
export function SeatCodes({ id, again, make }) {
	const { value, error, load } = useLoaded(`/classes/${id}/codes`);
	if (!value) return html`<${ProblemNote} error=${error} retry=${load} />`;
	return html`<section class="codes"><h2>${t("cards.codes")}</h2>
		<div class="table-frame"><table class="table">
			<thead><tr><th scope="col" class="number">${t("cards.seat")}</th><th scope="col">${t("roster.name")}</th>
				<th scope="col">${t("cards.code")}</th>${again && html`<th><span class="visually-hidden">${t("people.acts")}</span></th>`}</tr></thead>
			<tbody>${value.map((/** @type {import("../types.js").SeatCode} */ one) => html`<tr key=${one.seat}>
				<td class="number">${one.number}</td>
				<td>${one.name || html`<span class="help">${t("cards.free")}</span>`}</td>
				<td>${one.code ? html`<code>${one.code}</code>` : html`<span class="help">${t("cards.used")}</span>`}</td>
				${again && html`<td><button type="button" class="small" aria-label=${t("cards.one-for", { n: one.number })}
					onClick=${() => make(one.number)}>${t("cards.one")}</button></td>`}</tr>`)}</tbody>
		</table></div></section>`;
}
