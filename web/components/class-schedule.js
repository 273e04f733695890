/** What a class is to do at which time, in the reader's own zone: said, changed, put off. */
import { useState } from "preact/hooks";
import { post, put } from "../api.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { moment, t } from "../text.js";
import { Dialog } from "./dialog.js";
import { toast, toastProblem } from "./toasts.js";
import { Untested } from "./untested.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Plan} Plan */
/** @typedef {{ at: string, action: Plan["action"] }} Row at: as an input of type datetime-local has it */

/** @type {Plan["action"][]} */
const ACTIONS = ["prepare", "open", "freeze", "resume", "close"];
const PUT_OFF = [15, 30, 60];

/** @param {{ schedule: Plan[] }} view */
export const toCome = (view) => view.schedule.filter((one) => one.outcome === null);

/** When the class ends for today, as far as is planned; undefined: it is not. @param {{ schedule: Plan[] }} view */
export const endOf = (view) => toCome(view).find((one) => one.action === "freeze" || one.action === "close");

/** @param {number} at */
function local(at) {
	const date = new Date(at);
	return new Date(at - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** What usually follows: an hour later, or the next morning. */
/** @param {Row[]} rows @param {ClassFull} view @returns {Row} */
function nextRow(rows, view) {
	const last = rows[rows.length - 1];
	const from = last ? new Date(last.at) : new Date();
	if (!last) return { at: local(from.setHours(from.getHours() + 1, 0, 0, 0)), action: view.state === "draft" ? "prepare" : "freeze" };
	if (last.action === "freeze") return { at: local(from.setHours(24 + 9, 0, 0, 0)), action: "resume" };
	if (last.action === "prepare") return { at: local(from.getTime() + 3600000), action: "open" };
	return { at: local(from.getTime() + 8 * 3600000), action: last.action === "resume" ? "close" : "freeze" };
}

/** The next thing that is to come, and buttons that put off an end; what was planned and could not be done. */
/** @param {{ view: ClassFull }} props */
export function ClassNext({ view }) {
	const [busy, setBusy] = useState(false);
	const [next] = toCome(view);
	const missed = [...view.schedule].reverse().find((one) => one.outcome !== null);
	const ends = next && (next.action === "freeze" || next.action === "close");
	/** @param {number} minutes */
	async function extend(minutes) {
		const before = toCome(view).map(({ at, action }) => ({ at, action }));
		setBusy(true);
		await post(`/classes/${view.id}/extend`, { minutes }).then((later) => toast(t("plan.later",
			{ action: t(`plan.${next.action}`), time: moment(endOf(later)?.at ?? 0) }), "info",
		{ label: t("undo"), run: () => put(`/classes/${view.id}/schedule`, { schedule: before }).catch(toastProblem) }))
			.catch(toastProblem);
		setBusy(false);
	}
	if (!next && !missed?.outcome) return null;
	return html`<p class="class-next">
		${next && html`<span>${t("plan.next", { action: t(`plan.${next.action}`), time: moment(next.at) })}</span>`}
		${ends && PUT_OFF.map((minutes) => html`<button type="button" class="small" key=${minutes} disabled=${busy}
			aria-label=${t("plan.put-off", { minutes })} onClick=${() => extend(minutes)}>+${minutes}</button>`)}
		${missed?.outcome && html`<span class="class-missed">${t("plan.missed", { action: t(`plan.${missed.action}`), time: moment(missed.at) })}${" "}
			<${Said} text=${missed.outcome} /></span>`}
	</p>`;
}

/** @param {{ view: ClassFull, onClose: () => void }} props */
export function ScheduleDialog({ view, onClose }) {
	const [rows, setRows] = useState(/** @type {Row[]} */ (toCome(view).map(({ at, action }) => ({ at: local(at), action }))));
	const [known, setKnown] = useState(false);
	const asks = view.state === "draft" && !view.proven_at && rows.length > 0;
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	/** @param {number} index @param {Partial<Row>} change */
	const edit = (index, change) => setRows(rows.map((row, i) => (i === index ? { ...row, ...change } : row)));
	const save = () => put(`/classes/${view.id}/schedule`, {
		schedule: rows.map((row) => ({ at: new Date(row.at).getTime(), action: row.action })), untested: known });
	return html`<${Dialog} title=${t("plan.title", { name: view.name })} confirm=${t("plan.save")}
		disabled=${(asks && !known) || rows.some((row) => !row.at)} onConfirm=${save} onClose=${onClose}>
		<p>${t("plan.text", { zone })}</p>
		<ol class="plan-rows">${rows.map((row, index) => html`<li key=${index}>
			<input type="datetime-local" required aria-label=${t("plan.when", { n: index + 1 })} value=${row.at}
				onInput=${(/** @type {any} */ event) => edit(index, { at: event.currentTarget.value })} />
			<select aria-label=${t("plan.what", { n: index + 1 })} value=${row.action}
				onChange=${(/** @type {any} */ event) => edit(index, { action: event.currentTarget.value })}>
				${ACTIONS.map((one) => html`<option value=${one} key=${one}>${t(`plan.${one}`)}</option>`)}</select>
			<button type="button" class="quiet icon" aria-label=${t("plan.drop", { n: index + 1 })}
				onClick=${() => setRows(rows.filter((_, i) => i !== index))}>×</button></li>`)}</ol>
		${rows.length === 0 && html`<p class="help">${t("plan.nothing")}</p>`}
		<button type="button" onClick=${() => setRows([...rows, nextRow(rows, view)])}>${t("plan.add")}</button>
		${asks && html`<${Untested} course=${view.course} version=${view.version} checked=${known} change=${setKnown} />`}<//>`;
}
