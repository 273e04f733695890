/** One line of the page /check: what was tried, and what came of it. */
import { html } from "../html.js";
import { t, tOr } from "../text.js";
import { Spinner } from "./spinner.js";

const MARKS = { ok: "✓", warn: "!", bad: "✕", info: "i" };

/** @param {{ finding: import("../state/check.js").Finding }} props */
export function CheckRow({ finding }) {
	const { what, level } = finding;
	return html`<li class=${`check-row ${level}`}>
		<span class="check-mark">${level === "running" ? html`<${Spinner} />`
			: html`<span aria-hidden="true">${MARKS[level]}</span><span class="visually-hidden">${t(`precheck.mark-${level}`)}</span>`}</span>
		<strong>${t(`precheck.${what}`)}</strong>
		<span>${level === "running" ? t("precheck.running") : tOr(finding.word, "", finding.values)}</span>
	</li>`;
}
