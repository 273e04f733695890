/** A student's first terminal as an instructor sees it: watching, until they choose to assist. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { TerminalView } from "./terminal-view.js";

/**
 * @param {{ seat: import("../types.js").Seat,
 *	onReset: (machine: import("../types.js").Machine) => void }} props
 */
export function SeatTerminal({ seat, onReset }) {
	const [assist, setAssist] = useState(false);
	const [name, setName] = useState(seat.machines[0]?.name);
	const machine = seat.machines.find((one) => one.name === name);
	if (!machine) return null;
	return html`<section class="drawer-terminal terminal" aria-label=${t("seat.terminal")}>
		<div class="terminal-stack"><${TerminalView} key=${`${machine.id}/${assist}`} machine=${machine} number=${1}
			mode=${assist ? "assist" : "watch"} onReset=${() => onReset(machine)}
			onStart=${() => post(`/seats/${seat.id}/power`, { machine: machine.name, action: "on" })} /></div>
		<div class="drawer-terminal-foot">
			${seat.machines.length > 1 && html`<select aria-label=${t("seat.machines")} value=${name}
				onChange=${(/** @type {any} */ e) => setName(e.target.value)}>
				${seat.machines.map((one) => html`<option key=${one.id}>${one.name}</option>`)}</select>`}
			<span role="status" class=${assist ? "assisting" : ""}>${assist ? t("seat.assisting") : t("seat.watching")}</span>
			<span class="spacer"></span>
			<button type="button" class=${assist ? "small" : "small primary"} onClick=${() => setAssist(!assist)}>
				${assist ? t("seat.watch") : t("seat.assist")}</button>
		</div>
	</section>`;
}
