/** All tasks of the open lab as small numbered marks that stay in sight; each leads to its task. */
import { html } from "../html.js";
import { plainHtml, say, t } from "../text.js";

/** @typedef {import("../types.js").Task} Task */

/** @param {string} id */
function goTo(id) {
	const task = document.getElementById(`task-${id}`);
	const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
	task?.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
	/** @type {HTMLElement | null | undefined} */ (task?.querySelector("button, input"))?.focus({ preventScroll: true });
}

/** @param {{ tasks: Task[], marks: Map<string, string | number>, next: string | undefined }} props */
export function TaskSteps({ tasks, marks, next }) {
	return html`<nav class="steps" aria-label=${t("tasks.title")}><ol>${tasks.map((task) => {
		const done = !!task.progress?.done;
		const title = plainHtml(say(task.title));
		const label = `${marks.get(task.id)} ${title}`;
		return html`<li key=${task.id}><button type="button" title=${title}
			class="step ${done ? "done" : ""} ${task.optional ? "optional" : ""}"
			aria-current=${task.id === next ? "step" : undefined}
			aria-label=${done ? `✓ ${label} (${t("tasks.done")})` : label} onClick=${() => goTo(task.id)}>
			<span aria-hidden="true">${done ? "✓" : marks.get(task.id)}</span></button></li>`;
	})}</ol></nav>`;
}
