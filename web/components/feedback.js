/** What a check has found. */
import { html } from "../html.js";
import { Said } from "../said.js";
import { say, t } from "../text.js";

/** @param {{ verdict: import("../types.js").Verdict }} props */
export function Feedback({ verdict }) {
	if (verdict.verdict === "pass") return html`<p class="feedback pass">${t("check.pass")}</p>`;
	if (verdict.verdict === "error") {
		return html`<div class="feedback error"><p><strong>${t("check.error")}</strong> ${t("check.error-text")}</p>
			${verdict.error && html`<p class="problem-detail"><${Said} text=${verdict.error} /></p>`}</div>`;
	}
	const text = say(verdict.feedback) || t("check.not-yet-text");
	return html`<p class="feedback not-yet"><strong>${t("check.not-yet")}</strong>
		${" "}<span dangerouslySetInnerHTML=${{ __html: text }}></span></p>`;
}
