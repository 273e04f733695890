/** Who leads a class and who helps in it: added and taken off one by one, at once. */
import { useState } from "preact/hooks";
import { remove, request } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";
import { ProblemNote } from "./problem.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {import("../types.js").StaffMember} StaffMember */
/** @typedef {import("../types.js").ClassStaff} ClassStaff */

/** @param {{ view: import("../types.js").Class, onClose: () => void }} props */
export function StaffDialog({ view, onClose }) {
	const path = `/classes/${view.id}/staff`;
	const { value, error, load, setValue } = useLoaded(path);
	const [problem, setProblem] = useState(/** @type {unknown} */ (null));
	/** @param {Promise<ClassStaff>} reply */
	const show = (reply) => reply.then((now) => {
		setValue(now);
		setProblem(null);
	}, setProblem);
	const of = (/** @type {string} */ login) => `${path}/${encodeURIComponent(login)}`;
	return html`<${Dialog} title=${t("staff.title", { name: view.name })} confirm=${t("staff.done")} told
		onConfirm=${() => {}} onClose=${onClose}>
		<p>${t("staff.text")}</p>
		<${ProblemNote} error=${error ?? problem} retry=${error ? load : undefined} />
		${value && html`<ul class="staff-list">
			<li>${value.owner ? html`<${Member} one=${value.owner} note=${t("staff.owner")} />` : t("staff.nobody")}</li>
			${value.staff.map((/** @type {StaffMember} */ one) => html`<li key=${one.login}><${Member} one=${one} />
				<button type="button" class="small" aria-label=${t("staff.remove-name", { name: one.name })}
					onClick=${() => show(remove(of(one.login)))}>${t("staff.remove")}</button></li>`)}</ul>
			<${Adder} others=${value.others} add=${(/** @type {string} */ login) => show(request("PUT", of(login)))} />`}
	<//>`;
}

/** @param {{ one: StaffMember, note?: string }} props */
function Member({ one, note }) {
	return html`<span><b>${one.name}</b> <span class="account-login">${one.login}</span></span>
		<span class="chip">${t(`people.role-${one.role}`)}</span>${note && html`<span class="help">${note}</span>`}`;
}

/** @param {{ others: StaffMember[], add: (login: string) => void }} props */
function Adder({ others, add }) {
	const [chosen, setChosen] = useState("");
	if (!others.length) return html`<p class="help">${t("staff.no-others")}</p>`;
	const login = others.some((one) => one.login === chosen) ? chosen : (others[0]?.login ?? "");
	return html`<div class="staff-add"><label for="staff-other">${t("staff.add-label")}</label>
		<span class="staff-line"><select id="staff-other" value=${login} onChange=${(/** @type {any} */ e) => setChosen(e.target.value)}>
			${others.map((one) => html`<option key=${one.login} value=${one.login}>${
				`${one.name} (${one.login}) · ${t(`people.role-${one.role}`)}`}</option>`)}</select>
		<button type="button" onClick=${() => add(login)}>${t("staff.add")}</button></span></div>`;
}
