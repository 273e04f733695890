/** For whom certificates are issued, and what stands on them. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { ProblemNote } from "./problem.js";

/** @typedef {import("../types.js").Certificates} Certificates */
/** @typedef {import("../types.js").Attendance} Attendance */

/** @param {number} at */
const dayOf = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/**
 * @param {{ view: import("../types.js").Class, all: Certificates, changed: (all: Certificates) => void,
 *	revoke: (code: string) => void }} props
 */
export function CertificateForm({ view, all, changed, revoke }) {
	const given = new Map(all.certificates.map((one) => [one.seat, one.code]));
	const [ticked, setTicked] = useState(() => new Set(all.seats.filter((one) => one.tasks_done > 0).map((one) => one.seat)));
	const [begins, setBegins] = useState(dayOf(view.launched_at || Date.now()));
	const [ends, setEnds] = useState(dayOf(view.closed_at || Date.now()));
	const [hours, setHours] = useState(String(Math.max(0.5, Math.round(all.minutes / 30) / 2)));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const seats = all.seats.filter((one) => ticked.has(one.seat) && !given.has(one.seat)).map(({ seat }) => ({ seat }));
	const minutes = Math.round(Number(hours) * 60);
	const right = seats.length > 0 && begins && ends && begins <= ends && minutes > 0 && minutes <= 60000;

	/** @param {number} seat */
	const toggle = (seat) => setTicked((old) => {
		const next = new Set(old);
		if (!next.delete(seat)) next.add(seat);
		return next;
	});
	/** @param {Event} event */
	async function issue(event) {
		event.preventDefault();
		await post(`/classes/${view.id}/certificates`, { seats, begins, ends, minutes }).then((now) => {
			changed(now);
			setError(null);
		}, setError);
	}
	return html`<form class="certificate-form" onSubmit=${issue}>
		<div class="certificate-facts">
			<${Field} id="begins" type="date" value=${begins} set=${setBegins} /><${Field} id="ends" type="date" value=${ends} set=${setEnds} />
			<${Field} id="hours" type="number" value=${hours} set=${setHours} /></div>
		<div class="table-frame"><table class="table"><thead><tr><th scope="col"><span class="visually-hidden">${t("certificates.issue-for")}</span></th>
			<th scope="col" class="number">${t("results.seat")}</th><th scope="col">${t("results.name")}</th>
			<th scope="col" class="number">${t("results.tasks")}</th><th scope="col">${t("certificates.code")}</th></tr></thead>
			<tbody>${all.seats.map((one) => html`<${Row} key=${one.seat} one=${one} code=${given.get(one.seat)}
				ticked=${ticked.has(one.seat)} toggle=${() => toggle(one.seat)} revoke=${revoke} />`)}</tbody></table></div>
		<${ProblemNote} error=${error} />
		<div class="certificate-acts"><button type="submit" class="primary" disabled=${!right}>${t("certificates.issue", { n: seats.length })}</button>
			<button type="button" disabled=${!all.certificates.length} onClick=${() => print()}>
				${t("certificates.print", { n: all.certificates.length })}</button></div>
	</form>`;
}

/** @param {{ id: "begins" | "ends" | "hours", type: string, value: string, set: (value: string) => void }} props */
function Field({ id, type, value, set }) {
	const bounds = type === "number" ? { min: "0.5", max: "1000", step: "0.5" } : {};
	return html`<div><label for=${`certificate-${id}`}>${t(`certificates.${id}`)}</label>
		<input id=${`certificate-${id}`} type=${type} value=${value} required ...${bounds}
			onInput=${(/** @type {any} */ e) => set(e.target.value)} /></div>`;
}

/** @param {{ one: Attendance, code?: string, ticked: boolean, toggle: () => void, revoke: (code: string) => void }} props */
function Row({ one, code, ticked, toggle, revoke }) {
	return html`<tr><td>${!code && html`<input type="checkbox" checked=${ticked} onChange=${toggle}
			aria-label=${t("certificates.for", { name: one.name })} />`}</td>
		<td class="number">${one.number}</td><th scope="row">${one.name}</th>
		<td class="number">${t("results.of", { n: one.tasks_done, of: one.tasks })}</td>
		<td>${code ? html`<span class="mono">${code}</span> <button type="button" class="small danger"
			aria-label=${t("certificates.revoke-name", { name: one.name })} onClick=${() => revoke(code)}>${t("certificates.revoke")}</button>`
			: html`<span class="help">${t("certificates.none")}</span>`}</td></tr>`;
}
