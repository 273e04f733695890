/** A student's terminals as an instructor sees them, one at a time: watching, until they choose to assist. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { CONSOLE } from "../terminal/connection.js";
import { t } from "../text.js";
import { TerminalView } from "./terminal-view.js";

/** Each machine's first, whatever else is open, and its console, named as the student's tabs are. @param {import("../types.js").Seat} seat */
function terminalsOf(seat) {
	return seat.machines.flatMap((machine) => [
		...[1, ...(machine.terminals ?? []).filter((number) => number > 1)].map((number) => ({
			machine, number, label: number > 1 ? `${machine.name} ${number}` : machine.name,
		})),
		{ machine, number: CONSOLE, label: t("terminal.console-of", { machine: machine.name }) },
	]);
}

/**
 * @param {{ seat: import("../types.js").Seat, paused: boolean,
 *	onReset: (machine: import("../types.js").Machine) => void }} props
 */
export function SeatTerminal({ seat, paused, onReset }) {
	const [assist, setAssist] = useState(false);
	const [label, setLabel] = useState("");
	const all = terminalsOf(seat);
	const { machine, number } = all.find((one) => one.label === label) ?? all[0] ?? {};
	if (!machine) return null;
	return html`<section class="drawer-terminal terminal" aria-label=${t("seat.terminal")}>
		<div class="terminal-stack"><${TerminalView} key=${`${machine.id}/${number}/${assist}`} machine=${machine} number=${number}
			mode=${assist ? "assist" : "watch"} paused=${paused}
			onConsole=${() => setLabel(t("terminal.console-of", { machine: machine.name }))} onReset=${() => onReset(machine)}
			onStart=${() => post(`/seats/${seat.id}/power`, { machine: machine.name, action: "on" })} /></div>
		<div class="drawer-terminal-foot">
			${all.length > 1 && html`<select aria-label=${t("seat.terminal")} value=${label || all[0].label}
				onChange=${(/** @type {any} */ e) => setLabel(e.target.value)}>
				${all.map((one) => html`<option key=${one.label}>${one.label}</option>`)}</select>`}
			<span role="status" class=${assist && !paused ? "assisting" : ""}>${paused ? t("overlay.paused")
				: assist ? t("seat.assisting") : t("seat.watching")}</span>
			<span class="spacer"></span>
			<button type="button" class=${assist ? "small" : "small primary"} disabled=${paused} onClick=${() => setAssist(!assist)}>
				${assist ? t("seat.watch") : t("seat.assist")}</button>
		</div>
	</section>`;
}
