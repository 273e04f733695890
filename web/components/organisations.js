/** The organisations that accounts and seats belong to: made, renamed, merged, removed. */
import { useState } from "preact/hooks";
import { patch, post, remove } from "../api.js";
import { html } from "../html.js";
import { number, t } from "../text.js";
import { Dialog } from "./dialog.js";
import { ProblemNote } from "./problem.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {{ id: number, name: string, people: number, seats: number }} Use */

/** @param {{ changed: () => void }} props told when accounts may belong elsewhere now */
export function Organisations({ changed }) {
	const { value, error, load } = useLoaded("/organisations");
	const [asked, setAsked] = useState(/** @type {{ what: string, one?: Use } | null} */ (null));
	const all = /** @type {Use[]} */ (value ?? []);
	function reload() {
		load();
		changed();
	}
	const told = { reload, onClose: () => setAsked(null) };
	/** @param {string} what @param {Use} [one] */
	const ask = (what, one) => () => setAsked({ what, one });
	return html`<section class="orgs" aria-labelledby="orgs-title">
		<div class="page-head"><h2 id="orgs-title">${t("orgs.title")}</h2><span class="spacer"></span>
			<button type="button" onClick=${ask("new")}>${t("orgs.new")}</button></div>
		<${ProblemNote} error=${error} retry=${load} />
		${value && all.length === 0 && html`<p class="help">${t("orgs.empty")}</p>`}
		${all.length > 0 && html`<div class="table-frame"><table class="table">
			<thead><tr><th scope="col">${t("orgs.name")}</th><th scope="col" class="number">${t("orgs.people")}</th>
				<th scope="col" class="number">${t("orgs.seats")}</th>
				<th><span class="visually-hidden">${t("people.acts")}</span></th></tr></thead>
			<tbody>${all.map((one) => html`<tr key=${one.id}><th scope="row">${one.name}</th>
				<td class="number">${number(one.people)}</td><td class="number">${number(one.seats)}</td>
				<td><div class="acts"><button type="button" class="small" onClick=${ask("rename", one)}>${t("orgs.rename")}</button>
					<button type="button" class="small" disabled=${all.length < 2} onClick=${ask("merge", one)}>${t("orgs.merge")}</button>
					<button type="button" class="small danger" disabled=${one.people + one.seats > 0}
						title=${one.people + one.seats > 0 ? t("orgs.used") : undefined}
						onClick=${ask("remove", one)}>${t("orgs.remove")}</button></div></td></tr>`)}</tbody>
		</table></div>`}
		${(asked?.what === "new" || asked?.what === "rename") && html`<${NameDialog} one=${asked.one} ...${told} />`}
		${asked?.what === "merge" && html`<${MergeDialog} one=${asked.one} all=${all} ...${told} />`}
		${asked?.what === "remove" && html`<${Dialog} title=${t("orgs.remove-title", { name: asked.one?.name })} danger
			confirm=${t("orgs.remove")} onConfirm=${() => remove(`/organisations/${asked.one?.id}`).then(reload)}
			onClose=${told.onClose}><p>${t("orgs.remove-text")}</p><//>`}
	</section>`;
}

/** @param {{ one?: Use, reload: () => void, onClose: () => void }} props one undefined: a new one */
function NameDialog({ one, reload, onClose }) {
	const [name, setName] = useState(one?.name ?? "");
	const save = () => (one ? patch(`/organisations/${one.id}`, { name }) : post("/organisations", { name })).then(reload);
	return html`<${Dialog} title=${one ? t("orgs.rename-title", { name: one.name }) : t("orgs.new")}
		confirm=${t(one ? "people.save" : "people.create")} disabled=${!name.trim()} onConfirm=${save} onClose=${onClose}>
		<div><label for="org-name">${t("orgs.name")}</label>
			<input id="org-name" value=${name} maxlength="60" autocomplete="off" autofocus
				onInput=${(/** @type {any} */ e) => setName(e.target.value)} /></div><//>`;
}

/** @param {{ one: Use, all: Use[], reload: () => void, onClose: () => void }} props */
function MergeDialog({ one, all, reload, onClose }) {
	const others = all.filter((other) => other.id !== one.id);
	const [into, setInto] = useState(others[0].id);
	return html`<${Dialog} title=${t("orgs.merge-title", { name: one.name })} confirm=${t("orgs.merge")} danger
		onConfirm=${() => post(`/organisations/${one.id}/merge`, { into }).then(reload)} onClose=${onClose}>
		<div><label for="org-into">${t("orgs.merge-into")}</label>
			<select id="org-into" value=${String(into)} onChange=${(/** @type {any} */ e) => setInto(Number(e.target.value))}>
				${others.map((other) => html`<option key=${other.id} value=${String(other.id)}>${other.name}</option>`)}</select></div>
		<p>${t("orgs.merge-text", { name: one.name })}</p><//>`;
}
