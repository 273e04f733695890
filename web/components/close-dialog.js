/** Closing a class removes machines: says what goes and what stays, and wants the code typed. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @param {{ view: import("../types.js").ClassFull, onClose: () => void }} props */
export function CloseDialog({ view, onClose }) {
	const [typed, setTyped] = useState("");
	const machines = view.seat.reduce((sum, seat) => sum + seat.machines.length, 0);
	return html`<${Dialog} title=${t("class.close-title", { name: view.name })} danger
		confirm=${t("class.close-confirm")} disabled=${typed.trim().toUpperCase() !== view.code}
		onConfirm=${() => post(`/classes/${view.id}/close`)} onClose=${onClose}>
		<p>${t("class.close-goes", { n: machines })}</p>
		<p>${t("class.close-stays")}</p>
		<div><label for="close-code">${t("class.close-type", { code: view.code })}</label>
			<input id="close-code" class="mono" value=${typed} autocomplete="off" spellcheck=${false} autofocus
				onInput=${(/** @type {any} */ e) => setTyped(e.target.value)} /></div>
	<//>`;
}
