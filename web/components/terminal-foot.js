/** Below a terminal: its connection, its size, the size of its type, and help. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { screenReader, terminalSize } from "../settings.js";
import { transport } from "../terminal/transport.js";
import { t } from "../text.js";

const SMALLEST = 10;
const LARGEST = 32;

/** @param {number} step */
function zoom(step) {
	terminalSize.value = Math.min(LARGEST, Math.max(SMALLEST, terminalSize.value + step));
}

/** @param {{ connection: import("../terminal/connection.js").TerminalConnection }} props */
function Connection({ connection }) {
	const state = connection.state.value;
	const latency = connection.latency.value;
	return html`<span class="connection"><i class="dot ${state}" aria-hidden="true"></i>
		<span role="status">${t(`connection.${state}`)}</span>
		${latency !== null && state === "live" && html`<span class="latency">${Math.max(1, Math.round(latency))} ms</span>`}
		${transport.value !== "websocket" && html`<span class="chip transport" title=${t("connection.http-text")}>${
			t(`connection.${transport.value}`)}</span>`}
	</span>`;
}

function Keys() {
	const [open, setOpen] = useState(false);
	return html`<span class="keys" onKeyDown=${(/** @type {KeyboardEvent} */ e) => e.key === "Escape" && setOpen(false)}>
		<button type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>${t("keys.button")}</button>
		${open && html`<div class="keys-card"><dl>
			<dt><kbd>Ctrl</kbd>+<kbd>Shift</kbd>+<kbd>C</kbd></dt><dd>${t("keys.copy")}</dd>
			<dt><kbd>Ctrl</kbd>+<kbd>Shift</kbd>+<kbd>V</kbd></dt><dd>${t("keys.paste")}</dd>
			<dt><kbd>Ctrl</kbd>+<kbd>C</kbd></dt><dd>${t("keys.stop")}</dd>
			<dt><kbd>Ctrl</kbd>+<kbd>Shift</kbd>+<kbd>L</kbd></dt><dd>${t("keys.leave")}</dd>
			<dt><kbd>Tab</kbd></dt><dd>${t("keys.complete")}</dd>
			<dt><kbd>↑</kbd></dt><dd>${t("keys.history")}</dd></dl>
			<label><input type="checkbox" checked=${screenReader.value} onChange=${(/** @type {any} */ e) => {
				screenReader.value = e.target.checked;
			}} /> ${t("terminal.screen-reader")}</label></div>`}
	</span>`;
}

/** @param {{ view?: import("./terminal-view.js").View, reset: () => void, catchUp: (() => void) | null }} props */
export function TerminalFoot({ view, reset, catchUp }) {
	return html`<div class="terminal-foot">
		${view && html`<${Connection} connection=${view.connection} />`}
		<span class="spacer"></span>
		<${Keys} />
		${catchUp && html`<button type="button" onClick=${catchUp}>${t("catch-up.button")}</button>`}
		<button type="button" onClick=${reset}>${t("reset.button")}</button>
		<span class="zoom" role="group" aria-label=${t("terminal.type-size")}>
			<button type="button" title=${t("terminal.smaller")} onClick=${() => zoom(-1)}>
				<span aria-hidden="true">A−</span><span class="visually-hidden">${t("terminal.smaller")}</span></button>
			<button type="button" title=${t("terminal.larger")} onClick=${() => zoom(1)}>
				<span aria-hidden="true">A+</span><span class="visually-hidden">${t("terminal.larger")}</span></button></span>
	</div>`;
}
