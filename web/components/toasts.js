/** Short messages that come and go, read out politely. */
import { signal } from "@preact/signals";
import { explain } from "../api.js";
import { html } from "../html.js";

const SHOW_MS = { info: 5000, bad: 12000 };

/** @typedef {{ id: number, tone: "info" | "bad", text: string }} Toast */
const toasts = signal(/** @type {Toast[]} */ ([]));
let last = 0;

/**
 * @param {string} text
 * @param {Toast["tone"]} [tone]
 */
export function toast(text, tone = "info") {
	const id = ++last;
	toasts.value = [...toasts.value.filter((other) => other.text !== text), { id, tone, text }];
	setTimeout(() => {
		toasts.value = toasts.value.filter((other) => other.id !== id);
	}, SHOW_MS[tone]);
}

/** @param {unknown} error */
export function toastProblem(error) {
	const { title, detail } = explain(error);
	toast(detail ? `${title} ${detail}` : title, "bad");
}

export function Toasts() {
	return html`<div class="toasts" role="status" aria-live="polite">
		${toasts.value.map((one) => html`<p key=${one.id} class="toast ${one.tone}">${one.text}</p>`)}
	</div>`;
}
