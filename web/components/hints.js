/** A task's hints: those shown so far, and the next one, which asks before it costs points. */
import { useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { say, t } from "../text.js";
import { useKeptFocus } from "./kept-focus.js";
import { toastProblem } from "./toasts.js";

/** @typedef {import("../types.js").Hint} Hint */

/**
 * The workspace with a hint's text in its place.
 * @param {import("../types.js").Workspace} view
 * @param {string} labId
 * @param {string} taskId
 * @param {number} index
 * @param {Hint} hint
 */
export function withHint(view, labId, taskId, index, hint) {
	return { ...view, labs: view.labs.map((lab) => lab.id !== labId ? lab : {
		...lab, tasks: lab.tasks.map((task) => task.id !== taskId ? task : {
			...task, hints: task.hints.map((old, at) => (at === index ? { ...old, ...hint } : old)),
		}),
	}) };
}

/**
 * @param {{ task: import("../types.js").Task, lab: string, path: string, children: any,
 *	setView: (change: (view: any) => any) => void }} props
 */
export function Hints({ task, lab, path, children, setView }) {
	const [asking, setAsking] = useState(false);
	const shown = task.hints.filter((hint) => hint.text);
	const next = task.progress?.done ? -1 : task.hints.findIndex((hint) => !hint.text);
	const cost = task.hints[next]?.cost ?? 0;
	const acts = useRef(/** @type {HTMLDivElement | null} */ (null));
	useKeptFocus(acts, (row) => row.querySelector(".ask button") ?? row.querySelector(".quiet") ?? row.querySelector("button"));

	async function show() {
		try {
			const hint = await post(`${path}/hints/${next}`);
			setView((view) => withHint(view, lab, task.id, next, hint));
		} catch (problem) {
			toastProblem(problem);
		}
		setAsking(false);
	}
	return html`
		<div aria-live="polite">${shown.length > 0 && html`<ul class="hints">${shown.map((hint, index) => html`<li key=${index}>
			<strong>${t("hint.name", { n: index + 1 })}</strong>
			<span dangerouslySetInnerHTML=${{ __html: say(hint.text) }}></span></li>`)}</ul>`}</div>
		<div class="task-acts" ref=${acts}>
			${children}
			${next >= 0 && !asking && html`<button type="button" class="quiet"
				onClick=${() => (cost ? setAsking(true) : show())}>
				${cost ? t("hint.show-cost", { n: cost }) : t("hint.show")}</button>`}
			${asking && html`<span class="ask" role="group">${t("hint.ask", { n: cost })}
				<button type="button" class="small" onClick=${show}>${t("hint.yes")}</button>
				<button type="button" class="small quiet" onClick=${() => setAsking(false)}>${t("hint.no")}</button>
			</span>`}
		</div>`;
}
