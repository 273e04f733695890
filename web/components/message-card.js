/** What the staff wrote, on the student's page until the student says that it is read. One at a time. */
import { useRef } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { isStaff } from "../state/session.js";
import { moment, t } from "../text.js";
import { toastProblem } from "./toasts.js";

/**
 * @param {{ seat: number, messages: import("../types.js").SeatMessage[],
 *	setView: (change: (view: any) => any) => void }} props
 */
export function MessageCard({ seat, messages, setView }) {
	const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
	const [message] = messages;

	/** @param {import("../types.js").SeatMessage} read */
	async function dismiss(read) {
		setView((view) => ({ ...view, messages: view.messages.filter((/** @type {any} */ one) => one.id !== read.id) }));
		if (messages.length === 1) document.getElementById("main")?.focus({ preventScroll: true });
		else button.current?.focus();
		try {
			await post(`/seats/${seat}/messages/${read.id}/read`);
		} catch (problem) {
			toastProblem(problem);
			setView((view) => ({ ...view, messages: [read, ...view.messages] }));
		}
	}
	return html`<div class="message-place" role="status">
		${message && !isStaff() && html`<div class="message-card" key=${message.id}>
			<p class="message-from">${message.seat ? t("message.to-you", { name: message.from })
				: t("message.to-all", { name: message.from })} · ${moment(message.at)}</p>
			<p class="message-text" dir="auto">${message.text}</p>
			<div class="message-acts">${messages.length > 1 && html`<span class="help">
				${t("message.more", { n: messages.length - 1 })}</span>`}
				<button type="button" class="primary" ref=${button} onClick=${() => dismiss(message)}>
					${t("message.read")}</button></div></div>`}
	</div>`;
}
