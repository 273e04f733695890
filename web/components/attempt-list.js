/** The last checks of a seat, newest first; loaded anew whenever its progress changes. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { clock, plain, say, t, tOr } from "../text.js";
import { ProblemNote } from "./problem.js";
import { useLoaded } from "./use-loaded.js";

const SHOWN = 8;
const MARKS = { pass: "✓", "not-yet": "•", error: "!" };

/** @typedef {import("../types.js").Attempt} Attempt */

/**
 * @param {{ seat: import("../types.js").Seat, labs: import("../types.js").OutlineLab[] }} props
 */
export function AttemptList({ seat, labs }) {
	const { value, error, load } = useLoaded(`/seats/${seat.id}/attempts`);
	useEffect(load, [seat.progress]);
	/** @param {Attempt} attempt */
	function title(attempt) {
		const lab = labs.find((one) => one.id === attempt.lab);
		const task = lab?.tasks.find((one) => one.id === attempt.task);
		return task ? plain(say(task.title)) : attempt.task;
	}
	if (error) return html`<${ProblemNote} error=${error} retry=${load} />`;
	if (value?.length === 0) return html`<p class="help">${t("seat.attempts-none")}</p>`;
	return html`<ul class="attempts">${value?.slice(0, SHOWN).map((/** @type {Attempt} */ one) => html`<li key=${`${one.at}${one.task}`}>
		<time datetime=${new Date(one.at).toISOString()}>${clock(one.at)}</time>
		<span class="verdict ${one.verdict}"><span aria-hidden="true">${MARKS[one.verdict]}</span>
			<span class="visually-hidden">${t(`verdict.${one.verdict}`)}</span></span>
		<span class="attempt-what"><span>${title(one)}</span>
			${one.answer && html` <code>${one.answer}</code>`}</span>
		<span class="help">${tOr(`seat.by-${one.trigger}`, one.trigger)}</span></li>`)}</ul>`;
}
