/** A class's results as files. Links, so that the browser names and keeps them as it always does. */
import { html } from "../html.js";
import { language } from "../settings.js";
import { t } from "../text.js";

/** @param {{ id: number, json?: boolean }} props */
export function ResultsFiles({ id, json = false }) {
	const base = `/api/v1/classes/${id}/results`;
	const how = `language=${language.value}&east=${-new Date().getTimezoneOffset()}`;
	return html`<ul class="files">
		<li><a class="button" download href=${`${base}.csv?form=summary&${how}`}>${t("results.csv-summary")}</a></li>
		<li><a class="button" download href=${`${base}.csv?form=tasks&${how}`}>${t("results.csv-tasks")}</a></li>
		${json && html`<li><a class="button" download=${`class-${id}.json`} href=${base}>${t("results.json")}</a></li>`}</ul>`;
}
