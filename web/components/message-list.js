/** What was written to a class and to its seats, newest first: who has read it, and a way to take it back. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { moment, t } from "../text.js";
import { takeBack } from "./message-dialog.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").SentMessage} SentMessage */

const SHOWN = 3;

/** @param {{ view: ClassFull }} props */
export function MessageList({ view }) {
	const [all, setAll] = useState(false);
	const messages = view.messages ?? [];
	if (!messages.length) return null;
	return html`<section class="messages" aria-labelledby="messages-title">
		<h2 id="messages-title">${t("messages.title")}</h2>
		<ul>${messages.slice(0, all ? undefined : SHOWN).map((one) => html`<${Sent} key=${one.id} view=${view} message=${one} />`)}</ul>
		${messages.length > SHOWN && html`<button type="button" class="quiet small" aria-expanded=${all}
			onClick=${() => setAll(!all)}>${all ? t("messages.fewer") : t("messages.all", { n: messages.length })}</button>`}
	</section>`;
}

/** @param {{ view: ClassFull, message: SentMessage }} props */
function Sent({ view, message }) {
	const to = view.seat.filter((seat) => (message.seat ? seat.id === message.seat : seat.joined));
	const read = new Set(message.read);
	const waiting = to.filter((seat) => !read.has(seat.id));
	const pad = (/** @type {import("../types.js").Seat} */ seat) => String(seat.number).padStart(2, "0");
	return html`<li class="sent">
		<p class="sent-to">${message.seat ? (to[0] ? `${pad(to[0])} ${to[0].name}` : "") : t("messages.everybody")}
			<span>${moment(message.at)}</span></p>
		<p class="sent-text" dir="auto">${message.text}</p>
		<p class="sent-foot">${waiting.length === 0 && to.length > 0 ? html`<span class="sent-read">✓ ${t("messages.read")}</span>`
			: message.seat || !to.length ? html`<span>${t("messages.unread")}</span>`
			: html`<details><summary>${t("messages.read-by", { n: to.length - waiting.length, total: to.length })}</summary>
				${t("messages.not-yet", { list: waiting.map(pad).join(" ") })}</details>`}
			<button type="button" class="quiet small" onClick=${() => takeBack(view.id, message.id)}>${t("message.take-back")}</button></p>
	</li>`;
}
