/**
 * The workspace's keys, one table for what they do and for what the help says. With Ctrl and Shift they work
 * from within a terminal, too, which lets them pass; `?` by itself only where nobody types, and it can be switched off.
 */
import { signal } from "@preact/signals";
import { setting, stepTerminalSize } from "./settings.js";

/** The help is open. */
export const helpShown = signal(false);
export const questionKey = setting("question-key", true, (text) => text === "true");

/** @param {number} step */
function stepTab(step) {
	const tabs = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".terminal [role=tab]"))];
	const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
	tabs[(at + step + tabs.length) % tabs.length]?.click();
}

/** @param {string} selector */
const press = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.click();

/** @typedef {{ code: string, key: string, word: import("./text.js").Key, act: () => void }} Shortcut */

/**
 * `turn` (to the guide and back) is the workspace's.
 * @param {() => void} [turn]
 * @returns {Shortcut[]}
 */
export const shortcuts = (turn = () => {}) => [
	{ code: "KeyL", key: "L", word: "keys.leave", act: turn },
	{ code: "ArrowRight", key: "→", word: "keys.next-tab", act: () => stepTab(1) },
	{ code: "ArrowLeft", key: "←", word: "keys.previous-tab", act: () => stepTab(-1) },
	{ code: "Enter", key: "Enter", word: "keys.check", act: () => press(".task.now [type=submit]") },
	{ code: "KeyH", key: "H", word: "keys.hand", act: () => press(".bar .hand") },
	{ code: "Period", key: ".", word: "keys.larger", act: () => stepTerminalSize(1) },
	{ code: "Comma", key: ",", word: "keys.smaller", act: () => stepTerminalSize(-1) },
	{ code: "Slash", key: "/", word: "keys.help", act: () => (helpShown.value = true) },
];

const codes = new Set(shortcuts().map((one) => one.code));

/** Not for the shell. @param {KeyboardEvent} event */
export const isShortcut = (event) => event.ctrlKey && event.shiftKey && !event.altKey && codes.has(event.code);

/** @param {EventTarget | null} target */
const isTyping = (target) => target instanceof HTMLElement && !!target.closest("input, textarea, select, [contenteditable], dialog");

/**
 * Listens until the returned function is called.
 * @param {() => void} turn
 */
export function listenForShortcuts(turn) {
	const table = shortcuts(turn);
	/** @param {KeyboardEvent} event */
	function key(event) {
		const question = event.key === "?" && questionKey.value && !event.ctrlKey && !event.altKey && !isTyping(event.target);
		const act = question ? table.at(-1)?.act : isShortcut(event) && table.find((one) => one.code === event.code)?.act;
		if (!act || document.querySelector("dialog[open]")) return;
		event.preventDefault();
		act();
	}
	addEventListener("keydown", key);
	return () => removeEventListener("keydown", key);
}
