/** Writing to one seat, or to everybody. What was sent can be taken back at once. */
import { useState } from "preact/hooks";
import { post, remove } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";
import { toast, toastProblem } from "./toasts.js";

const LONGEST = 1000;

/** @param {number} id of the class @param {number} message */
export function takeBack(id, message) {
	return remove(`/classes/${id}/messages/${message}`).then(() => toast(t("message.taken-back")), toastProblem);
}

/**
 * @param {{ view: import("../types.js").ClassFull, seat?: import("../types.js").Seat, onClose: () => void }} props
 *	seat undefined: to everybody
 */
export function MessageDialog({ view, seat, onClose }) {
	const [text, setText] = useState("");
	const left = LONGEST - [...text].length;
	const who = seat ? seat.name || t("seat.title", { n: seat.number }) : "";
	async function send() {
		const sent = await post(seat ? `/seats/${seat.id}/messages` : `/classes/${view.id}/messages`, { text });
		toast(seat ? t("message.sent", { name: who }) : t("message.sent-all"), "info",
			{ label: t("message.take-back"), run: () => takeBack(view.id, sent.id) });
	}
	return html`<${Dialog} title=${seat ? t("message.title", { name: who }) : t("message.title-all")}
		confirm=${t("message.send")} disabled=${!text.trim() || left < 0} onConfirm=${send} onClose=${onClose}>
		<div><label for="message-text">${t("message.text")}</label>
			<textarea id="message-text" rows="4" value=${text} autofocus aria-describedby="message-help"
				onInput=${(/** @type {any} */ e) => setText(e.target.value)}></textarea>
			<p class="help" id="message-help">${t("message.help")}
				${left < 100 && html` <span class=${left < 0 ? "too-long" : ""}>${t("message.left", { n: left })}</span>`}</p></div>
	<//>`;
}
