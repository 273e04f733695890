/**
 * Machines and their shells as tabs, and the console of the machine in front; "+" opens another shell on it. A tablist may
 * hold nothing but tabs, so it owns them from a place of its own: the buttons that close them stand beside them.
 */
import { useId } from "preact/hooks";
import { html } from "../html.js";
import { CONSOLE } from "../terminal/connection.js";
import { tOr, t } from "../text.js";
import { SHELLS_MAX } from "./terminal-pane.js";

/** @typedef {import("./terminal-pane.js").Shell} Shell */

/**
 * @param {{ machines: import("../types.js").Machine[], shells: Shell[], current: string,
 *	choose: (shell: Shell) => void, change: (shells: Shell[], to?: Shell) => void }} props
 */
export function TerminalTabs({ machines, shells, current, choose, change }) {
	const id = useId();
	const idOf = (/** @type {Shell} */ shell) => `${id}-${shell.machine}-${shell.number}`;
	const keyOf = (/** @type {Shell} */ shell) => `${shell.machine}/${shell.number}`;
	const at = Number(current.split("/")[0]);
	const tabs = [...shells, { machine: at, number: CONSOLE }];
	const front = tabs.find((shell) => keyOf(shell) === current) ?? shells[0];
	const taken = shells.filter((shell) => shell.machine === front.machine).map((shell) => shell.number);

	function add() {
		const number = Array.from({ length: SHELLS_MAX }, (_, index) => index + 1).find((n) => !taken.includes(n));
		if (!number) return;
		const shell = { machine: front.machine, number };
		change([...shells, shell], shell);
	}
	/** @param {Shell} shell */
	function close(shell) {
		const rest = shells.filter((other) => other !== shell);
		change(rest, shell === front ? rest[0] : undefined);
	}
	/** @param {KeyboardEvent} event */
	function key(event) {
		const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
		if (!step) return;
		const next = (tabs.indexOf(front) + step + tabs.length) % tabs.length;
		choose(tabs[next]);
		const list = /** @type {HTMLElement} */ (event.currentTarget);
		/** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[role=tab]"))[next]?.focus();
	}
	/** @param {Shell} shell @param {string} name of its machine */
	function label(shell, name) {
		if (shell.number === CONSOLE) return machines.length > 1 ? t("terminal.console-of", { machine: name }) : t("terminal.console");
		return shell.number > 1 ? `${name} ${shell.number}` : name;
	}
	return html`<div class="tabs">
		<div role="tablist" aria-label=${t("terminal.tabs")} aria-owns=${tabs.map(idOf).join(" ")}></div>
		<div class="tab-list" onKeyDown=${key}>${tabs.map((shell) => {
			const machine = machines.find((one) => one.id === shell.machine);
			const selected = shell === front;
			return html`<span class="tab" key=${keyOf(shell)}><button type="button" role="tab"
				id=${idOf(shell)} aria-selected=${selected} tabindex=${selected ? 0 : -1} onClick=${() => choose(shell)}>
				${shell.number !== CONSOLE && html`<i class="dot ${machine?.state}" role="img"
					aria-label=${tOr(`machine.${machine?.state}`, "")}></i>`}${label(shell, machine?.name ?? "")}</button>
				${shell.number > 1 && html`<button type="button" class="tab-close" title=${t("terminal.close-tab")}
					aria-label=${t("terminal.close-tab")} onClick=${() => close(shell)}>×</button>`}</span>`;
		})}</div>
		${taken.length < SHELLS_MAX && html`<button type="button" class="tab-add" title=${t("terminal.new-tab")}
			aria-label=${t("terminal.new-tab")} onClick=${add}>+</button>`}
	</div>`;
}
