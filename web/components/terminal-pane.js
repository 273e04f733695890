/** The right half: a tab for each shell, the foot bar, and what stands between a student and a shell. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { isStaff } from "../state/session.js";
import { CONSOLE } from "../terminal/connection.js";
import { t } from "../text.js";
import { CatchUpDialog } from "./catch-up-dialog.js";
import { ResetDialog } from "./reset-dialog.js";
import { SeatKeys } from "./seat-keys.js";
import { TerminalFoot } from "./terminal-foot.js";
import { TerminalTabs } from "./terminal-tabs.js";
import { TerminalView } from "./terminal-view.js";
import { WatchNote } from "./watch-note.js";

/** @typedef {import("../types.js").Machine} Machine */
/** @typedef {{ machine: number, number: number, found?: boolean }} Shell found: opened elsewhere, by ssh */

/** Shells that one student may open on a machine. The agent would serve sixteen. */
export const SHELLS_MAX = 4;

/** @param {Shell} shell */
const keyOf = (shell) => `${shell.machine}/${shell.number}`;

/** @param {number} seat @param {Machine[]} machines @returns {Shell[]} */
function remembered(seat, machines) {
	const first = machines.map((machine) => ({ machine: machine.id, number: 1 }));
	try {
		/** @type {Shell[]} */
		const more = JSON.parse(sessionStorage.getItem(`terakoya.shells.${seat}`) ?? "[]");
		const known = more.filter((shell) => shell.number > 1 && machines.some((m) => m.id === shell.machine));
		return [...first, ...known];
	} catch {
		return first;
	}
}

/** @param {import("../types.js").Seat} seat */
const isUnderWay = (seat) => !!seat.catch_up && !seat.catch_up.message;

/** @param {import("../types.js").Lab[]} labs */
const doneOf = (labs) => new Set(labs.flatMap((lab) =>
	lab.tasks.filter((task) => task.progress?.done).map((task) => `${lab.id}/${task.id}`)));

/**
 * A tab for each terminal that came up elsewhere, and none for one of those that is gone.
 * @param {Machine[]} machines @param {Shell[]} shells @param {Set<string>} seen what was there before
 */
function follow(machines, shells, seen) {
	const there = machines.flatMap((machine) => (machine.terminals ?? []).filter((number) => number > 1)
		.map((number) => ({ machine: machine.id, number, found: true })));
	const now = new Set(there.map(keyOf));
	const kept = shells.filter((shell) => !shell.found || now.has(keyOf(shell)));
	const known = new Set(kept.map(keyOf));
	const fresh = there.filter((shell) => !seen.has(keyOf(shell)) && !known.has(keyOf(shell)));
	return { now, next: fresh.length || kept.length < shells.length ? [...kept, ...fresh] : shells };
}

/**
 * @param {{ seat: import("../types.js").Seat, labs: import("../types.js").Lab[], paused: boolean,
 *	screen: { current: import("../terminal/screen.js").Screen | null } }} props
 *	screen: receives the screen that is in front
 */
export function TerminalPane({ seat, labs, paused, screen }) {
	const [shells, setShells] = useState(() => remembered(seat.id, seat.machines));
	const [current, setCurrent] = useState(() => (shells[0] ? keyOf(shells[0]) : ""));
	const [views, setViews] = useState(/** @type {Record<string, any>} */ ({}));
	const [asking, setAsking] = useState(/** @type {"" | "catch-up" | "reset" | "ssh"} */ (""));
	const [consoles, setConsoles] = useState(/** @type {Shell[]} those that were looked at */ ([]));
	const front = [...shells, ...consoles].find((shell) => keyOf(shell) === current) ?? shells[0];
	const machine = seat.machines.find((one) => one.id === front?.machine);
	const view = front && views[keyOf(front)];

	const seen = useRef(/** @type {Set<string>} */ (new Set()));
	useEffect(() => {
		const { now, next } = follow(seat.machines, shells, seen.current);
		seen.current = now;
		setShells(next);
	}, [seat.machines]);
	useEffect(() => {
		try {
			sessionStorage.setItem(`terakoya.shells.${seat.id}`,
				JSON.stringify(shells.filter((shell) => !shell.found)));
		} catch {
			// no storage: tabs are forgotten with the page
		}
	}, [shells]);
	useLayoutEffect(() => { // before the next key
		screen.current = view?.screen ?? null;
	}, [view]);

	/** @param {Shell[]} next @param {Shell} [to] */
	function change(next, to) {
		setShells(next);
		if (to) setCurrent(keyOf(to));
	}
	/** @param {Shell} shell */
	function choose(shell) {
		if (shell.number === CONSOLE && !consoles.some((one) => keyOf(one) === keyOf(shell))) setConsoles([...consoles, shell]);
		setCurrent(keyOf(shell));
	}
	if (!machine) return html`<section class="terminal"><p class="terminal-note">${t("terminal.no-machine")}</p></section>`;
	return html`<section class="terminal" aria-label=${t("workspace.terminal")}>
		<div class="terminal-top"><${TerminalTabs} machines=${seat.machines} shells=${shells} current=${keyOf(front)}
				change=${change} choose=${choose} />
			<${WatchNote} seat=${seat} /></div>
		<div class="terminal-stack">
			${[...shells, ...consoles].map((shell) => html`<${TerminalView} key=${keyOf(shell)}
				machine=${seat.machines.find((one) => one.id === shell.machine)} number=${shell.number}
				hidden=${shell !== front} paused=${paused}
				onView=${(/** @type {any} */ made) => setViews((all) => ({ ...all, [keyOf(shell)]: made }))}
				onStart=${() => post(`/seats/${seat.id}/power`, { machine: machine.name, action: "on" })}
				onReset=${() => setAsking("reset")}
				onConsole=${() => choose({ machine: shell.machine, number: CONSOLE })} />`)}
		</div>
		<${TerminalFoot} view=${view} paused=${paused} ssh=${() => setAsking("ssh")} reset=${() => setAsking("reset")}
			catchUp=${labs.length > 0 && !isUnderWay(seat) ? () => setAsking("catch-up") : null} />
		${asking === "ssh" && html`<${SeatKeys} seat=${seat.id} onClose=${() => setAsking("")} />`}
		${asking === "reset" && html`<${ResetDialog} seat=${seat} machine=${machine} onClose=${() => setAsking("")} />`}
		${asking === "catch-up" && html`<${CatchUpDialog} seat=${seat} labs=${labs} done=${doneOf(labs)} own=${!isStaff()}
			onClose=${() => setAsking("")} />`}
	</section>`;
}
