/** All seats of a class to one lab: opened where they are, or caught up to it on new machines. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { plain, say, t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @typedef {"open" | "catch-up"} How */

/** @param {{ view: import("../types.js").ClassFull, onClose: () => void }} props */
export function EveryoneDialog({ view, onClose }) {
	const [id, setId] = useState(view.labs[0]?.id ?? "");
	const [how, setHow] = useState(/** @type {How} */ ("open"));
	const lab = view.labs.find((one) => one.id === id);
	const loses = how === "catch-up" || !!lab?.fresh;
	const confirm = how === "open" ? t("everyone.open-confirm") : t("everyone.catch-up-confirm");
	function go() {
		const path = `/classes/${view.id}`;
		return how === "open" ? post(`${path}/labs/${encodeURIComponent(id)}/open`) : post(`${path}/catch-up`, { lab: id });
	}
	return html`<${Dialog} title=${t("everyone.title")} confirm=${confirm} danger=${loses} disabled=${!id} onConfirm=${go}
		onClose=${onClose}>
		<div><label for="everyone-lab">${t("everyone.lab")}</label>
			<select id="everyone-lab" value=${id} onChange=${(/** @type {any} */ e) => setId(e.target.value)}>
				${view.labs.map((one, index) => html`<option key=${one.id} value=${one.id}>
					${`${index + 1} ${plain(say(one.title))}`}</option>`)}</select></div>
		<fieldset class="choice"><legend class="visually-hidden">${t("everyone.how")}</legend>
			<${Choice} how="open" chosen=${how} choose=${setHow} title=${t("everyone.open")}
				text=${lab?.fresh ? t("everyone.open-fresh") : t("everyone.open-text")} />
			<${Choice} how="catch-up" chosen=${how} choose=${setHow} title=${t("everyone.catch-up")}
				text=${t("everyone.catch-up-text")} /></fieldset>
		${loses && html`<p class="loses"><strong>${t("everyone.lost", { n: view.seats })}</strong></p>`}
	<//>`;
}

/** @param {{ how: How, chosen: How, choose: (how: How) => void, title: string, text: string }} props */
function Choice({ how, chosen, choose, title, text }) {
	return html`<label><input type="radio" name="everyone-how" checked=${how === chosen} onChange=${() => choose(how)} />
		<span><b>${title}</b><br /><span class="help">${text}</span></span></label>`;
}
