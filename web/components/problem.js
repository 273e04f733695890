/** A failure in the place of what could not be done: its kind in the reader's words, then the details. */
import { explain, Problem } from "../api.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { t } from "../text.js";

/**
 * @param {{ error: unknown, retry?: () => void, words?: Record<string, string> }} props words: for kinds
 *	whose meaning is known in this place, in the place of both title and details
 */
export function ProblemNote({ error, retry, words = {} }) {
	if (!error) return null;
	const known = error instanceof Problem ? words[error.kind] : undefined;
	const { title, detail } = known ? { title: known, detail: "" } : explain(error);
	return html`<div class="problem" role="alert">
		<p><strong>${title}</strong></p>
		${detail && html`<p class="problem-detail"><${Said} text=${detail} /></p>`}
		${retry && html`<p><button type="button" onClick=${retry}>${t("away.retry")}</button></p>`}
	</div>`;
}
