/** A class's state as a word with a mark. */
import { html } from "../html.js";
import { t } from "../text.js";

/** @type {Record<import("../types.js").ClassState, [string, string]>} tone and mark */
const LOOKS = {
	draft: ["", "○"], preparing: ["info", "◐"], prepared: ["info", "◉"], open: ["ok", "●"], freezing: ["info", "◒"],
	frozen: ["info", "❄"], resuming: ["info", "◓"], closing: ["warn", "◑"], closed: ["", "■"],
};

/** @param {{ state: import("../types.js").ClassState, paused?: boolean }} props */
export function StateChip({ state, paused }) {
	const [tone, mark] = paused ? ["warn", "Ⅱ"] : LOOKS[state];
	const word = t(paused ? "class.state.paused" : `class.state.${state}`);
	return html`<span class="chip ${tone}"><span aria-hidden="true">${mark}</span>${word}</span>`;
}
