/** Between guide and terminal: dragged, or moved with the arrow keys; Home and End give the extremes. */
import { html } from "../html.js";
import { split } from "../settings.js";
import { t } from "../text.js";

const LOW = 20;
const HIGH = 75;
const STEP = 2;

/** @param {number} value */
function set(value) {
	split.value = Math.round(Math.min(HIGH, Math.max(LOW, value)) * 10) / 10;
}

/** @param {KeyboardEvent} event */
function key(event) {
	const to = { ArrowLeft: split.value - STEP, ArrowRight: split.value + STEP, Home: LOW, End: HIGH }[event.key];
	if (to === undefined) return;
	event.preventDefault();
	set(to);
}

/** @param {PointerEvent} event */
function down(event) {
	const bar = /** @type {HTMLElement} */ (event.currentTarget);
	bar.setPointerCapture(event.pointerId);
	event.preventDefault();
	bar.focus();
}

/** @param {PointerEvent} event */
function move(event) {
	const bar = /** @type {HTMLElement} */ (event.currentTarget);
	if (!bar.hasPointerCapture(event.pointerId)) return;
	const frame = /** @type {HTMLElement} */ (bar.parentElement).getBoundingClientRect();
	set(((event.clientX - frame.left) / frame.width) * 100);
}

export function Splitter() {
	return html`<div class="splitter" role="separator" tabindex="0" aria-orientation="vertical"
		aria-label=${t("workspace.splitter")} aria-valuemin=${LOW} aria-valuemax=${HIGH}
		aria-valuenow=${Math.round(split.value)} onKeyDown=${key} onPointerDown=${down} onPointerMove=${move}
		onDblClick=${() => set(42)}></div>`;
}
