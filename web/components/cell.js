/** One task of one seat as a small square: its state by colour, by shape and by what stands in it. */
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {import("../state/room.js").Cell} Cell */

/** @type {Cell[]} */
export const CELLS = ["done", "hinted", "helped", "trying", "slow", "stuck", "none"];
/** Minutes that stand in a sample of these. @type {Partial<Record<Cell, number>>} */
export const SAMPLES = { trying: 4, slow: 12 };
/** @type {Record<Cell, string>} */
const MARKS = { done: "✓", hinted: "✓", helped: "→", stuck: "×", slow: "•", trying: "•", none: "" };

/** A mark, or the minutes at it. @param {Cell} cell @param {number} minutes */
function content(cell, minutes) {
	return (cell === "trying" || cell === "slow") && minutes >= 0 ? Math.min(99, minutes) : MARKS[cell];
}

/**
 * A function and no component: a matrix has thousands of them.
 * @param {Cell} cell
 * @param {{ minutes?: number, optional?: boolean, title?: string, hidden?: boolean }} [how] minutes -1: nobody knows;
 *	hidden: its name stands beside it
 */
export function drawCell(cell, { minutes = -1, optional = false, title, hidden = false } = {}) {
	const said = hidden ? { "aria-hidden": "true" } : { role: "img", "aria-label": t(`cell.${cell}`) };
	return html`<i class="cell ${cell} ${optional ? "optional" : ""}" ...${said} title=${title}>${content(cell, minutes)}</i>`;
}
