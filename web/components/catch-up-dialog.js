/** Asks to which task a seat is brought, and says what that costs: the machines, and the points of what is solved. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { tasksBefore } from "../state/reduce.js";
import { plain, plainHtml, say, t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @typedef {import("../types.js").Lab} Lab */
/** @typedef {import("../types.js").OutlineLab} OutlineLab */

/** Titles come rendered in the workspace, as Markdown in a class. @param {import("../types.js").Text} title */
const words = (title) => plain(plainHtml(say(title)));

/**
 * @param {{ seat: import("../types.js").Seat, labs: (Lab | OutlineLab)[], done: Set<string>, own?: boolean,
 *	onClose: () => void }} props done: "lab/task" of what the seat has done; own: the student asks
 */
export function CatchUpDialog({ seat, labs, done, own, onClose }) {
	const present = labs.find((lab) => lab.id === seat.lab) ?? labs[0];
	const next = present?.tasks.find((task) => !done.has(`${present.id}/${task.id}`)) ?? present?.tasks[0];
	const [to, setTo] = useState(`${present?.id}/${next?.id ?? ""}`);
	const [lab, task] = to.split("/");
	const left = tasksBefore(labs, lab, task).filter((one) => !done.has(one)).length;
	return html`<${Dialog} title=${own ? t("catch-up.title-own") : t("catch-up.title", { n: seat.number, name: seat.name })}
		confirm=${t("catch-up.confirm")} danger onConfirm=${() => post(`/seats/${seat.id}/catch-up`, { lab, task })}
		onClose=${onClose}>
		<div><label for="catch-up-to">${t("catch-up.to")}</label>
			<select id="catch-up-to" value=${to} onChange=${(/** @type {any} */ e) => setTo(e.target.value)}>
				${labs.map((one, index) => html`<optgroup key=${one.id} label=${`${index + 1} ${words(one.title)}`}>
					${one.tasks.map((each, at) => html`<option key=${each.id} value=${`${one.id}/${each.id}`}>
						${`${index + 1}.${at + 1} ${words(each.title)}`}</option>`)}</optgroup>`)}
			</select></div>
		<p>${t("catch-up.lost")}</p>
		<p>${left ? t("catch-up.solved", { n: left }) : t("catch-up.solved-none")}</p>
		<p>${t("catch-up.stays")}</p>
	<//>`;
}
