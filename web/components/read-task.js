/** A task as it stands in a guide, to be read: nothing can be done, and what comes later is behind a click. */
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").PackTask} PackTask */

/** @param {{ html: string }} props rendered by the daemon, without raw HTML of the pack's */
const Rendered = ({ html: text }) => html`<span dangerouslySetInnerHTML=${{ __html: text }}></span>`;

/** @param {{ task: PackTask, lang: "en" | "ja", mark: string | number }} props */
export function ReadTask({ task, lang, mark }) {
	return html`<div class="task later ${task.optional ? "optional" : ""}" role="group" aria-labelledby=${`title-${task.id}`}>
		<span class="task-mark" aria-hidden="true">${mark}</span>
		<h3 id=${`title-${task.id}`}><${Rendered} html=${task.title[lang]} />
			${task.optional && html`<span class="chip">${t("tasks.challenge")}</span>`}</h3>
		<span class="points" aria-label=${t("tasks.points", { n: task.points })}>${task.points}</span>
		<div class="task-body">
			<div class="task-text" dangerouslySetInnerHTML=${{ __html: task.text[lang] }}></div>
			${task.options.length > 0 && html`<ul class="read-options">${task.options.map((one, index) => html`<li key=${index}>
				<${Rendered} html=${one[lang]} /></li>`)}</ul>`}
			<p class="help">${t(`packs.kind-${task.kind}`)} · ${t("lab.minutes", { n: task.minutes })}</p>
			${task.hints.length > 0 && html`<details><summary>${t("packs.hints", { n: task.hints.length })}</summary><ol class="hints">
				${task.hints.map((one, index) => html`<li key=${index}><strong>${t("packs.hint-cost", { n: index + 1, cost: one.cost })}</strong>
					<${Rendered} html=${one.text[lang]} /></li>`)}</ol></details>`}
			${task.feedback.length > 0 && html`<details><summary>${t("packs.feedback", { n: task.feedback.length })}</summary><ul class="read-feedback">
				${task.feedback.map((one) => html`<li key=${one.code}><code>${one.code}</code> <${Rendered} html=${one.text[lang]} /></li>`)}</ul></details>`}
		</div>
	</div>`;
}
