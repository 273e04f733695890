/** Long work under way: what it is doing, how far it is, how long still; and how it ended. */
import { html } from "../html.js";
import { Said } from "../said.js";
import { saidToAuthors } from "../said-to-authors.js";
import { about, duration, t, tOr } from "../text.js";

/** @param {{ work: import("../types.js").Work }} props */
export function WorkBar({ work }) {
	if (work.state === "failed") {
		return html`<div class="problem" role="alert"><p><strong>${t("work.failed")}</strong></p>
			<p class="problem-detail"><${Said} text=${work.message} /></p></div>`;
	}
	if (work.state === "done") {
		return html`<p class="help" role="status">${t("work.done", { time: duration(work.took_ms) })}</p>`;
	}
	const title = tOr(`work.${work.kind}`, work.kind, { object: work.object });
	return html`<div class="work">
		<p class="work-line"><span>${title}</span><span class="help">${Math.round(work.fraction * 100)}%
			${work.left_ms > 0 && html` · ${t("time.left", { time: about(work.left_ms) })}`}</span></p>
		<progress max="1" value=${work.fraction} aria-label=${title}></progress>
		<p class="help"><${Said} text=${work.step} by=${saidToAuthors} /></p>
	</div>`;
}
