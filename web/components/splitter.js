/** Between two halves: dragged, or moved with the arrow keys; Home and End give the extremes, a double click what was. */
import { html } from "../html.js";

const STEP = 2;

/**
 * @typedef {object} Halves
 * @property {{ value: number }} share per cent of one half
 * @property {"left" | "right"} of which one
 * @property {number} low
 * @property {number} high
 * @property {number} usual
 */

/** @param {Halves & { label: string }} props */
export function Splitter({ share, of, low, high, usual, label }) {
	/** The way to the right makes the left half larger. */
	const sign = of === "left" ? 1 : -1;
	/** @param {number} value */
	function set(value) {
		share.value = Math.round(Math.min(high, Math.max(low, value)) * 10) / 10;
	}
	/** @param {KeyboardEvent} event */
	function key(event) {
		const to = { ArrowLeft: share.value - sign * STEP, ArrowRight: share.value + sign * STEP, Home: low, End: high }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		set(to);
	}
	/** @param {PointerEvent} event */
	function move(event) {
		const bar = /** @type {HTMLElement} */ (event.currentTarget);
		if (!bar.hasPointerCapture(event.pointerId)) return;
		const frame = /** @type {HTMLElement} */ (bar.parentElement).getBoundingClientRect();
		const left = ((event.clientX - frame.left) / frame.width) * 100;
		set(of === "left" ? left : 100 - left);
	}
	return html`<div class="splitter" role="separator" tabindex="0" aria-orientation="vertical"
		aria-label=${label} aria-valuemin=${low} aria-valuemax=${high} aria-valuenow=${Math.round(share.value)}
		onKeyDown=${key} onPointerDown=${down} onPointerMove=${move} onDblClick=${() => set(usual)}></div>`;
}

/** @param {PointerEvent} event */
function down(event) {
	const bar = /** @type {HTMLElement} */ (event.currentTarget);
	bar.setPointerCapture(event.pointerId);
	event.preventDefault();
	bar.focus();
}
