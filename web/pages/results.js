/** A class's results: everybody in a row, files of them, and how long they are kept. */
import { ProblemNote } from "../components/problem.js";
import { ResultsFiles } from "../components/results-files.js";
import { ResultsTable } from "../components/results-table.js";
import { RetentionCard } from "../components/retention-card.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { leads } from "../state/session.js";
import { t } from "../text.js";

/** @param {{ id: string }} props */
export function ResultsPage({ id }) {
	const { value: view, error, load, setValue } = useLoaded(`/classes/${id}`);
	const { value: results, error: unread, load: reload } = useLoaded(`/classes/${id}/results`);
	useTitle(t("results.title"));
	if (!view || !results) return html`<div class="page page-narrow"><${ProblemNote} error=${error ?? unread}
		retry=${() => { load(); reload(); }} /></div>`;
	return html`<div class="page">
		<div class="page-head"><h1>${t("results.title")}</h1><a href=${`/classes/${id}`}>${view.name}</a>
			<span class="spacer"></span>
			${leads() && html`<a class="button" href=${`/classes/${id}/certificates`}>${t("certificates.title")}</a>`}</div>
		<${RetentionCard} view=${view} changed=${setValue} />
		${results.seats.length > 0 ? html`<${ResultsFiles} id=${view.id} json /><${ResultsTable} rows=${results.seats} />
			<p class="help">${t("results.about")}</p>`
			: html`<div class="empty"><p><strong>${view.results_removed_at ? t("results.gone") : t("results.empty")}</strong></p></div>`}
	</div>`;
}
