/** The tasks of a lab; challenges stand apart; a lab that is complete gets its flower. */
import { html } from "../html.js";
import { t } from "../text.js";
import { Hanamaru } from "./hanamaru.js";
import { Task } from "./task.js";

/**
 * @param {{ seat: number, lab: import("../types.js").Lab,
 *	setView: (change: (view: any) => any) => void }} props
 */
export function TaskList({ seat, lab, setView }) {
	const required = lab.tasks.filter((task) => !task.optional);
	const challenges = lab.tasks.filter((task) => task.optional);
	const next = required.find((task) => !task.progress?.done);
	return html`<section class="tasks" aria-labelledby="tasks-title">
		<h2 id="tasks-title">${t("tasks.title")}
			<span class="tasks-count">${required.filter((task) => task.progress?.done).length} / ${required.length}</span></h2>
		<ol>${required.map((task, index) => html`<${Task} key=${task.id} seat=${seat} lab=${lab.id}
			task=${task} mark=${index + 1} now=${task === next} setView=${setView} />`)}</ol>
		${!next && required.length > 0 && html`<${Hanamaru} />`}
		${challenges.length > 0 && html`<h2 class="challenge-title">${t("tasks.challenges")}</h2>
			<p class="help">${t("tasks.challenges-text")}</p>
			<ol>${challenges.map((task) => html`<${Task} key=${task.id} seat=${seat} lab=${lab.id}
				task=${task} mark="◇" now=${!next && !task.progress?.done} setView=${setView} />`)}</ol>`}
	</section>`;
}
