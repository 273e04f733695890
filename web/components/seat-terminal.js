/** A student's terminals as an instructor sees them, a tab for each: watching, until they choose to assist. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { CONSOLE } from "../terminal/connection.js";
import { t, tOr } from "../text.js";
import { TerminalView } from "./terminal-view.js";

/** @typedef {import("../types.js").Machine} Machine */
/** @typedef {{ machine: Machine, number: number, key: string }} One */

/** @param {Machine} machine @param {number} number @returns {One} */
const one = (machine, number) => ({ machine, number, key: `${machine.id}/${number}` });

/**
 * Each machine's first, whatever else is open, by ssh as well; then the consoles.
 * @param {import("../types.js").Seat} seat
 */
function terminalsOf(seat) {
	return [
		...seat.machines.flatMap((machine) => [1, ...(machine.terminals ?? []).filter((number) => number > 1)]
			.map((number) => one(machine, number))),
		...seat.machines.map((machine) => one(machine, CONSOLE)),
	];
}

/** As the student's tabs are named. @param {One} terminal @param {boolean} several machines */
function nameOf({ machine, number }, several) {
	if (number === CONSOLE) return several ? t("terminal.console-of", { machine: machine.name }) : t("terminal.console");
	return number > 1 ? `${machine.name} ${number}` : machine.name;
}

/** @param {{ all: One[], front: One, several: boolean, choose: (key: string) => void }} props */
function Tabs({ all, front, several, choose }) {
	/** @param {KeyboardEvent} event */
	function key(event) {
		const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
		if (!step) return;
		const next = (all.indexOf(front) + step + all.length) % all.length;
		choose(all[next].key);
		const list = /** @type {HTMLElement} */ (event.currentTarget);
		/** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[role=tab]"))[next]?.focus();
	}
	return html`<div class="tabs"><div class="tab-list" role="tablist" aria-label=${t("terminal.tabs")} onKeyDown=${key}>
		${all.map((terminal) => html`<span class="tab" role="presentation" key=${terminal.key}><button type="button" role="tab"
			aria-selected=${terminal === front} tabindex=${terminal === front ? 0 : -1} onClick=${() => choose(terminal.key)}>
			${terminal.number !== CONSOLE && html`<i class="dot ${terminal.machine.state}" role="img"
				aria-label=${tOr(`machine.${terminal.machine.state}`, "")}></i>`}${nameOf(terminal, several)}</button></span>`)}
	</div></div>`;
}

/**
 * @param {{ seat: import("../types.js").Seat, paused: boolean, large: boolean, setLarge: (on: boolean) => void,
 *	onReset: (machine: Machine) => void }} props large: over the whole window
 */
export function SeatTerminal({ seat, paused, large, setLarge, onReset }) {
	const [assist, setAssist] = useState(false);
	const [chosen, choose] = useState("");
	const all = terminalsOf(seat);
	const front = all.find((terminal) => terminal.key === chosen) ?? all[0];
	if (!front) return null;
	const { machine, number, key } = front;
	return html`<section class="drawer-terminal terminal" aria-label=${t("seat.terminal")}>
		<${Tabs} all=${all} front=${front} several=${seat.machines.length > 1} choose=${choose} />
		<div class="terminal-stack"><${TerminalView} key=${`${key}/${assist}`} machine=${machine} number=${number}
			mode=${assist ? "assist" : "watch"} paused=${paused} whole=${large}
			onConsole=${() => choose(one(machine, CONSOLE).key)} onReset=${() => onReset(machine)}
			onStart=${() => post(`/seats/${seat.id}/power`, { machine: machine.name, action: "on" })} /></div>
		<div class="drawer-terminal-foot">
			<span role="status" class=${assist && !paused ? "assisting" : ""}>${paused ? t("overlay.paused")
				: assist ? t("seat.assisting") : t("seat.watching")}</span>
			<span class="spacer"></span>
			<button type="button" class="small" onClick=${() => setLarge(!large)}>
				${large ? t("seat.smaller") : t("seat.enlarge")}</button>
			<button type="button" class=${assist ? "small" : "small primary"} disabled=${paused} onClick=${() => setAssist(!assist)}>
				${assist ? t("seat.watch") : t("seat.assist")}</button>
		</div>
	</section>`;
}
