/** All labs in a row, each with how much of it is done. */
import { html } from "../html.js";
import { say, t } from "../text.js";

/** @param {import("../types.js").Lab} lab */
function tally(lab) {
	const required = lab.tasks.filter((task) => !task.optional);
	return { done: required.filter((task) => task.progress?.done).length, total: required.length };
}

/** @param {{ labs: import("../types.js").Lab[], current: string, choose: (id: string) => void }} props */
export function LabRail({ labs, current, choose }) {
	return html`<nav class="rail" aria-label=${t("lab.rail")}><ol>
		${labs.map((lab, index) => {
			const { done, total } = tally(lab);
			const complete = total > 0 && done === total;
			return html`<li key=${lab.id}><button type="button" title=${say(lab.title)} class=${complete ? "complete" : ""}
				aria-current=${lab.id === current ? "step" : undefined} onClick=${() => choose(lab.id)}>
				<span class="rail-number">${complete ? "✓" : index + 1}</span>
				<span class="rail-title">${say(lab.title)}</span>
				<span class="rail-count" aria-label=${t("lab.tally", { done, total })}>${done}/${total}</span>
				<meter class="rail-meter" min="0" max=${total || 1} value=${done} aria-hidden="true"></meter>
			</button></li>`;
		})}
	</ol></nav>`;
}
