/** One task: what to reach, what the last check said, hints, and how to have it checked. */
import { useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { say, t } from "../text.js";
import { AnswerInput } from "./answer-input.js";
import { Feedback } from "./feedback.js";
import { Hints } from "./hints.js";
import { useKeptFocus } from "./kept-focus.js";
import { ProblemNote } from "./problem.js";
import { Spinner } from "./spinner.js";

/** @typedef {import("../types.js").Verdict} Verdict */
/** @typedef {import("../types.js").Task} TaskView */

/**
 * @typedef {object} Props
 * @property {number} seat
 * @property {string} lab
 * @property {TaskView} task
 * @property {string | number} mark
 * @property {boolean} now it is its turn
 * @property {boolean} [paused] the class: it can be read, and is not checked
 * @property {(change: (view: any) => any) => void} setView
 */

/** @param {Props} props */
export function Task({ seat, lab, task, mark, now, paused = false, setView }) {
	const [verdict, setVerdict] = useState(/** @type {Verdict | null} */ (null));
	const [answer, setAnswer] = useState("");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const done = !!task.progress?.done;
	const path = `/seats/${seat}/labs/${encodeURIComponent(lab)}/tasks/${encodeURIComponent(task.id)}`;

	/** @param {Event} event */
	async function check(event) {
		event.preventDefault();
		if (busy) return;
		setBusy(true);
		setError(null);
		try {
			setVerdict(await post(`${path}/check`, task.kind === "state" ? {} : { answer }));
		} catch (problem) {
			setError(problem);
		}
		setBusy(false);
	}
	const form = useRef(/** @type {HTMLFormElement | null} */ (null));
	useKeptFocus(form, () => document.getElementById(`title-${task.id}`));
	const state = done ? "done" : now ? "now" : "later";
	return html`<div class="task ${state} ${task.optional ? "optional" : ""}" id=${`task-${task.id}`} role="group"
		aria-labelledby=${`title-${task.id}`}>
		<span class="task-mark" aria-hidden="true">${done ? "✓" : mark}</span>
		<h3><span id=${`title-${task.id}`} tabindex="-1" dangerouslySetInnerHTML=${{ __html: say(task.title) }}></span>
			${done && html`<span class="visually-hidden">${t("tasks.done")}</span>`}
			${task.optional && html`<span class="chip">${t("tasks.challenge")}</span>`}</h3>
		<${Points} task=${task} />
		<form class="task-body" ref=${form} onSubmit=${check}>
			<div class="task-text" dangerouslySetInnerHTML=${{ __html: say(task.text) }}></div>
			${!done && html`<${AnswerInput} task=${task} value=${answer} change=${setAnswer} />`}
			<div aria-live="polite">${verdict && (!done || verdict.verdict === "pass") &&
				html`<${Feedback} verdict=${verdict} />`}</div>
			<${ProblemNote} error=${error} />
			<${Hints} task=${task} path=${path} setView=${setView} lab=${lab}>
				${!done && html`<button type="submit" class=${now ? "primary" : ""}
					aria-disabled=${busy ? "true" : undefined} disabled=${paused || (task.kind !== "state" && !answer)}>
					${busy ? html`<${Spinner} /> ${t("check.checking")}` : t("check.check")}</button>`}
			<//>
		</form>
	</div>`;
}

/** @param {{ task: TaskView }} props */
function Points({ task }) {
	const { progress } = task;
	if (progress?.done) {
		return html`<span class="points earned">${progress.caught_up ? t("tasks.helped") : `+${progress.points}`}</span>`;
	}
	return html`<span class="points" aria-label=${t("tasks.points", { n: task.points })}>${task.points}</span>`;
}
