/** Over a terminal: why there is no shell, and the button that helps. A lost connection is a strip only. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { said } from "../said.js";
import { CONSOLE } from "../terminal/connection.js";
import { transport } from "../terminal/transport.js";
import { t } from "../text.js";
import { Spinner } from "./spinner.js";
import { toastProblem } from "./toasts.js";

/** @type {import("../types.js").MachineState[]} */
const UNDER_WAY = ["waiting", "cloning", "booting", "personalising", "probing", "resuming", "freezing", "removing"];

/** The console speaks while these last. @type {import("../types.js").MachineState[]} */
const RUNS = ["booting", "personalising", "probing", "lost"];

/** @param {{ run?: () => void }} props */
const ToConsole = ({ run }) => run && html`<button type="button" onClick=${run}>${t("overlay.console")}</button>`;

/** @param {{ machine: import("../types.js").Machine, onConsole?: () => void }} props */
function Preparing({ machine, onConsole }) {
	return html`<div class="overlay" role="status"><${Spinner} />
		<p><strong>${t("overlay.preparing", { machine: machine.name })}</strong></p>
		<p>${t(/** @type {any} */ (`machine.${machine.state}`))}</p>
		${machine.state === "booting" && html`<${ToConsole} run=${onConsole} />`}</div>`;
}

/** @param {{ title: string, text?: string, act?: string, onAct?: () => unknown, onConsole?: () => void }} props */
function Card({ title, text, act, onAct, onConsole }) {
	const [busy, setBusy] = useState(false);
	async function run() {
		if (busy) return;
		setBusy(true);
		await Promise.resolve(onAct?.()).catch(toastProblem);
		setBusy(false);
	}
	return html`<div class="overlay" role="status"><p><strong>${title}</strong></p>
		${text && html`<p>${text}</p>`}
		<p class="overlay-acts">${act && html`<button type="button" class="primary" aria-disabled=${busy ? "true" : undefined} onClick=${run}>${act}</button>`}
			<${ToConsole} run=${onConsole} /></p></div>`;
}

/**
 * @param {{ machine: import("../types.js").Machine, number: number, mode: string, paused: boolean,
 *	onStart: () => unknown, onReset: () => unknown, onConsole?: () => void,
 *	connection: import("../terminal/connection.js").TerminalConnection }} props
 */
export function TerminalOverlay({ machine, number, connection, mode, paused, onStart, onReset, onConsole }) {
	const state = connection.state.value;
	const name = { machine: machine.name };
	const speaks = number === CONSOLE && RUNS.includes(machine.state);
	if (UNDER_WAY.includes(machine.state) && !speaks) return html`<${Preparing} machine=${machine} onConsole=${onConsole} />`;
	if (machine.state === "off" || machine.state === "absent") {
		return html`<${Card} title=${t("overlay.off", name)} text=${t("overlay.off-text")}
			act=${t("overlay.start")} onAct=${onStart} />`;
	}
	if (machine.state === "failed") {
		return html`<${Card} title=${t("overlay.failed", name)} text=${said(machine.reason).words || t("overlay.failed-text")}
			act=${t("reset.button")} onAct=${onReset} />`;
	}
	if (paused && state !== "lost") return null; // it is said beside the terminal, which goes on showing what it showed
	if (machine.state === "lost" && !speaks) {
		return html`<${Card} title=${t("overlay.lost", name)} text=${t("overlay.lost-text")}
			act=${t("reset.button")} onAct=${onReset} onConsole=${onConsole} />`;
	}
	if (state === "ended") {
		return html`<div class="strip" role="status">${t("overlay.ended")}
			${mode === "own" && html`<button type="button" class="small" onClick=${() => connection.renew()}>
				${t("overlay.again")}</button>`}</div>`;
	}
	if (state === "lost") {
		return html`<div class="strip warn" role="status"><${Spinner} /> ${t("overlay.reconnecting")} ${
			t(transport.value === "websocket" ? "overlay.keys-dropped" : "overlay.keys-kept")}</div>`;
	}
	if (state === "away") return html`<div class="strip warn" role="status"><${Spinner} /> ${t("overlay.away")}</div>`;
	return null;
}
