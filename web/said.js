/** What the daemon says, in the reader's language where it is known in that, else in its own English. */
import { effect, signal } from "@preact/signals";
import { html } from "./html.js";
import { sentences } from "./sentences.js";
import { language } from "./settings.js";

/** @typedef {(text: string) => { words: string, lang: "en" | "ja" }} Say */

/**
 * The catalogue does not come with the page: it is there a moment later, before the daemon has something to say.
 * @param {() => Promise<{ default: Record<string, string> }>} load
 * @param {typeof sentences} [finder]
 * @returns {Say}
 */
export function saying(load, finder = sentences) {
	/** @type {import("@preact/signals").Signal<((text: string) => string | null) | null>} */
	const japanese = signal(null);
	let asked = false;

	effect(() => {
		if (language.value !== "ja" || asked) return;
		asked = true;
		load().then((module) => (japanese.value = finder(module.default)), () => (asked = false));
	});
	return (text) => {
		const words = language.value === "ja" && text ? japanese.value?.(text) : null;
		return words ? { words, lang: "ja" } : { words: text, lang: "en" };
	};
}

export const said = saying(() => import("./messages/said.ja.js"));

/** @param {{ text: string, by?: Say }} props */
export function Said({ text, by = said }) {
	const { words, lang } = by(text);
	return html`<span lang=${lang}>${words}</span>`;
}
