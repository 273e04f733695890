/** Who sits at a seat, as the roster has it, and a way to change that. */
import { useState } from "preact/hooks";
import { patch } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {import("../types.js").Seat} Seat */

/** @param {{ seat: Seat }} props */
export function SeatWho({ seat }) {
	const [changing, setChanging] = useState(false);
	const facts = [seat.organisation?.name, seat.mail].filter(Boolean);
	return html`${facts.length > 0 && html`<p class="help">${facts.join(" · ")}</p>`}
		<p><button type="button" class="small" onClick=${() => setChanging(true)}>${t("seat.who-change")}</button></p>
		${changing && html`<${WhoDialog} seat=${seat} onClose=${() => setChanging(false)} />`}`;
}

/** @param {{ seat: Seat, onClose: () => void }} props */
function WhoDialog({ seat, onClose }) {
	const [who, setWho] = useState({ name: seat.name, mail: seat.mail, organisation: seat.organisation?.name ?? "",
		language: seat.language ?? "" });
	const { value: organisations } = useLoaded("/organisations");
	/** @param {"name" | "mail" | "organisation"} field @param {number} most @param {string} [list] */
	const input = (field, most, list) => html`<div><label for="who-${field}">${t(`roster.${field}`)}</label>
		<input id="who-${field}" value=${who[field]} maxlength=${most} autocomplete="off" list=${list}
			onInput=${(/** @type {any} */ e) => setWho({ ...who, [field]: e.target.value })} /></div>`;
	return html`<${Dialog} title=${t("seat.who-title", { n: seat.number })} confirm=${t("people.save")}
		onConfirm=${() => patch(`/seats/${seat.id}`, who)} onClose=${onClose}>
		${input("name", 60)}${input("mail", 254)}${input("organisation", 60, "who-organisations")}
		<datalist id="who-organisations">${organisations?.map((/** @type {import("../types.js").Organisation} */ one) =>
			html`<option key=${one.id} value=${one.name}></option>`)}</datalist>
		<div><label for="who-language">${t("roster.language")}</label>
			<select id="who-language" value=${who.language} onChange=${(/** @type {any} */ e) => setWho({ ...who, language: e.target.value })}>
				<option value="">${t("roster.language-none")}</option><option value="en">English</option>
				<option value="ja">日本語</option></select></div><//>`;
}
