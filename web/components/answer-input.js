/** Where a task asks for words: a line to type, or a choice. More than one option may be right; the answer
 * is the list of their numbers, "0,2". */
import { html } from "../html.js";
import { say, t } from "../text.js";

const ANSWER_MAX = 170; // 512 bytes in any script

/**
 * @param {{ task: import("../types.js").Task, value: string, change: (value: string) => void }} props
 */
export function AnswerInput({ task, value, change }) {
	const id = `answer-${task.id}`;
	if (task.kind === "answer") {
		return html`<div class="answer"><label for=${id}>${t("answer.label")}</label>
			<input id=${id} value=${value} maxlength=${ANSWER_MAX} autocomplete="off" autocapitalize="none"
				spellcheck=${false} onInput=${(/** @type {any} */ e) => change(e.target.value)} /></div>`;
	}
	if (task.kind !== "quiz") return null;
	const chosen = value ? value.split(",").map(Number) : [];
	/** @param {number} index */
	function toggle(index) {
		const next = chosen.includes(index) ? chosen.filter((one) => one !== index) : [...chosen, index];
		change(next.sort((a, b) => a - b).join(","));
	}
	return html`<fieldset class="quiz"><legend>${t("answer.choose")}</legend>
		${(task.options ?? []).map((option, index) => html`<label key=${index}><input type="checkbox"
			checked=${chosen.includes(index)} onChange=${() => toggle(index)} />
			<span dangerouslySetInnerHTML=${{ __html: say(option) }}></span></label>`)}
	</fieldset>`;
}
