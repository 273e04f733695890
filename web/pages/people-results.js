/** An observer's page: what people of the own organisation have achieved, class by class. */
import { ProblemNote } from "../components/problem.js";
import { ResultsFiles } from "../components/results-files.js";
import { ResultsTable } from "../components/results-table.js";
import { StateChip } from "../components/state-chip.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { date, say, t } from "../text.js";

/** @typedef {import("../types.js").ClassResults} ClassResults */

export function PeopleResultsPage() {
	const { value, error, load } = useLoaded("/results");
	useTitle(t("observer.title"));
	return html`<div class="page">
		<div class="page-head"><h1>${t("observer.title")}</h1><span class="spacer"></span>
			<button type="button" onClick=${load}>${t("observer.again")}</button></div>
		<${ProblemNote} error=${error} retry=${load} />
		${value?.length === 0 && html`<div class="empty"><p><strong>${t("observer.empty")}</strong></p><p>${t("observer.empty-text")}</p></div>`}
		${value?.map((/** @type {ClassResults} */ one) => html`<section key=${one.class.id} class="people-results"
			aria-labelledby=${`class-${one.class.id}`}>
			<h2 id=${`class-${one.class.id}`}>${one.class.name} <${StateChip} state=${one.class.state} /></h2>
			<p class="help">${say(one.class.title)}${one.class.launched_at > 0 && ` · ${date(one.class.launched_at)}`}</p>
			<${ResultsTable} rows=${one.seats} /><${ResultsFiles} id=${one.class.id} /></section>`)}
	</div>`;
}
