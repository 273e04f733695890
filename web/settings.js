/**
 * What a reader chose for this browser, kept in its local storage: language, theme, sizes. Each is a
 * signal; setting its value is all that is needed.
 */
import { effect, signal } from "@preact/signals";

const PREFIX = "terakoya.";

/**
 * @param {string} key
 * @returns {string | null}
 */
function load(key) {
	try {
		return localStorage.getItem(PREFIX + key);
	} catch {
		return null; // storage is forbidden: the setting lasts as long as the page
	}
}

/**
 * A signal that outlives the page. `parse` turns what was stored into a value, or throws.
 * @template T
 * @param {string} key
 * @param {T} initial
 * @param {(text: string) => T} parse
 */
export function setting(key, initial, parse) {
	const text = load(key);
	const value = signal(text === null ? initial : parse(text));
	let first = true;
	effect(() => {
		const now = String(value.value);
		if (first) {
			first = false;
			return;
		}
		try {
			localStorage.setItem(PREFIX + key, now);
		} catch {
			// as above
		}
	});
	return value;
}

/**
 * @template T
 * @param {T[]} choices the first is the fallback
 * @returns {(text: string) => T}
 */
const oneOf = (choices) => (text) => choices.find((choice) => String(choice) === text) ?? choices[0];

/**
 * @param {number} low
 * @param {number} high
 * @param {number} fallback
 */
const within = (low, high, fallback) => (/** @type {string} */ text) => {
	const value = Number(text);
	return value >= low && value <= high ? value : fallback;
};

/** @typedef {"auto" | "light" | "dark"} Theme */
/** @typedef {"en" | "ja"} Language */

const spoken = /^ja\b/.test(globalThis.navigator?.language ?? "") ? "ja" : "en";

export const theme = setting("theme", /** @type {Theme} */ ("auto"), oneOf(["auto", "light", "dark"]));
export const language = setting("language", /** @type {Language} */ (spoken), oneOf(["en", "ja"]));
/** Pixels. */
export const terminalSize = setting("terminal-size", 15, within(10, 32, 15));
/** @param {number} step */
export function stepTerminalSize(step) {
	terminalSize.value = Math.min(32, Math.max(10, terminalSize.value + step));
}
export const screenReader = setting("screen-reader", false, (text) => text === "true");
/** How an instructor looks at a class that is open. */
export const roomLook = setting("room-look", /** @type {"matrix" | "seats"} */ ("matrix"), oneOf(["matrix", "seats"]));
/** The guide's share of the workspace, per cent. */
export const split = setting("split", 42, within(20, 75, 42));
/** The drawer's share of the room, per cent: a laptop's terminal fits in, in type that can be read. */
export const drawerSplit = setting("drawer", 48, within(28, 75, 48));

/** Puts theme and language onto the document, now and whenever they change. */
export function applySettings() {
	effect(() => {
		document.documentElement.dataset.theme = theme.value;
	});
	effect(() => {
		document.documentElement.lang = language.value;
	});
}
