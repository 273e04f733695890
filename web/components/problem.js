/** A failure in the place of what could not be done: its kind in the reader's words, then the details. */
import { explain } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";

/** @param {{ error: unknown, retry?: () => void }} props */
export function ProblemNote({ error, retry }) {
	if (!error) return null;
	const { title, detail } = explain(error);
	return html`<div class="problem" role="alert">
		<p><strong>${title}</strong></p>
		${detail && html`<p class="problem-detail" lang="en">${detail}</p>`}
		${retry && html`<p><button type="button" onClick=${retry}>${t("away.retry")}</button></p>`}
	</div>`;
}
