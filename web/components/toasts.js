/** Short messages that come and go, read out politely. One may carry an action, such as taking back what was done. */
import { signal } from "@preact/signals";
import { explain } from "../api.js";
import { html } from "../html.js";
import { said } from "../said.js";

const SHOW_MS = { info: 5000, bad: 12000 };
/** Long enough to think better of it. */
const SHOW_ACTION_MS = 15000;

/** @typedef {{ label: string, run: () => unknown }} Action */
/** @typedef {{ id: number, tone: "info" | "bad", text: string, action?: Action }} Toast */
const toasts = signal(/** @type {Toast[]} */ ([]));
let last = 0;

/** @param {number} id */
function drop(id) {
	toasts.value = toasts.value.filter((other) => other.id !== id);
}

/** Not from under somebody's hand. @param {number} id @param {number} ms */
function dropLater(id, ms) {
	setTimeout(() => {
		const busy = document.querySelector(`.toast[data-id="${id}"]:is(:hover, :focus-within)`);
		if (busy) dropLater(id, 2000);
		else drop(id);
	}, ms);
}

/**
 * @param {string} text
 * @param {Toast["tone"]} [tone]
 * @param {Action} [action]
 */
export function toast(text, tone = "info", action) {
	const id = ++last;
	toasts.value = [...toasts.value.filter((other) => other.text !== text), { id, tone, text, action }];
	dropLater(id, action ? SHOW_ACTION_MS : SHOW_MS[tone]);
}

/** @param {unknown} error */
export function toastProblem(error) {
	const { title, detail } = explain(error);
	toast(detail ? `${title} ${said(detail).words}` : title, "bad");
}

/** @param {{ toast: Toast }} props */
export function ToastNote({ toast: { id, tone, text, action } }) {
	function act() {
		drop(id);
		action?.run();
	}
	return html`<div class="toast ${tone}" data-id=${id}><span>${text}</span>
		${action && html`<button type="button" onClick=${act}>${action.label}</button>`}</div>`;
}

export function Toasts() {
	return html`<div class="toasts" role="status" aria-live="polite">
		${toasts.value.map((one) => html`<${ToastNote} key=${one.id} toast=${one} />`)}
	</div>`;
}
