/** The tasks of a lab that have no place of their own in its guide; challenges stand apart. */
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").Task} Task */

/**
 * @param {{ tasks: Task[], show: (id: string) => any }} props tasks: those to list
 */
export function TaskList({ tasks, show }) {
	const required = tasks.filter((task) => !task.optional);
	const challenges = tasks.filter((task) => task.optional);
	return html`<section class="tasks" aria-label=${t("tasks.title")}>
		${required.length > 0 && html`<h2>${t("tasks.title")}</h2>
			<ol>${required.map((task) => html`<li key=${task.id}>${show(task.id)}</li>`)}</ol>`}
		${challenges.length > 0 && html`<h2 class="challenge-title">${t("tasks.challenges")}</h2>
			<p class="help">${t("tasks.challenges-text")}</p>
			<ol>${challenges.map((task) => html`<li key=${task.id}>${show(task.id)}</li>`)}</ol>`}
	</section>`;
}
