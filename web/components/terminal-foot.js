/** Below a terminal: its connection, its size, the size of its type, and help. */
import { html } from "../html.js";
import { stepTerminalSize } from "../settings.js";
import { helpShown } from "../shortcuts.js";
import { transport } from "../terminal/transport.js";
import { t } from "../text.js";

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

/**
 * @param {{ view?: import("./terminal-view.js").View, ssh: () => void, reset: () => void,
 *	catchUp: (() => void) | null, paused: boolean }} props
 */
export function TerminalFoot({ view, ssh, reset, catchUp, paused }) {
	return html`<div class="terminal-foot">
		${view && html`<${Connection} connection=${view.connection} />`}
		<span class="foot-way">${t("terminal.way-out")}</span>
		<span class="spacer"></span>
		<button type="button" aria-keyshortcuts="?" onClick=${() => {
			helpShown.value = true;
		}}>${t("keys.button")}</button>
		<button type="button" onClick=${ssh}>ssh</button>
		${catchUp && html`<button type="button" disabled=${paused} onClick=${catchUp}>${t("catch-up.button")}</button>`}
		<button type="button" disabled=${paused} onClick=${reset}>${t("reset.button")}</button>
		<span class="zoom" role="group" aria-label=${t("terminal.type-size")}>
			<button type="button" title=${t("terminal.smaller")} onClick=${() => stepTerminalSize(-1)}>
				<span aria-hidden="true">A−</span><span class="visually-hidden">${t("terminal.smaller")}</span></button>
			<button type="button" title=${t("terminal.larger")} onClick=${() => stepTerminalSize(1)}>
				<span aria-hidden="true">A+</span><span class="visually-hidden">${t("terminal.larger")}</span></button></span>
	</div>`;
}
