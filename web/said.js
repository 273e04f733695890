/** What the daemon says, in the reader's language where it is known in that, else in its own English. */
import { effect, signal } from "@preact/signals";
import { html } from "./html.js";
import { sentences } from "./sentences.js";
import { language } from "./settings.js";

/** @type {import("@preact/signals").Signal<((text: string) => string | null) | null>} */
const japanese = signal(null);
let asked = false;

// Not with the page: it is there a moment later, before the daemon has something to say.
effect(() => {
	if (language.value !== "ja" || asked) return;
	asked = true;
	import("./messages/said.ja.js").then((module) => (japanese.value = sentences(module.default)), () => (asked = false));
});

/**
 * @param {string} text
 * @returns {{ words: string, lang: "en" | "ja" }}
 */
export function said(text) {
	if (language.value !== "ja") return { words: text, lang: "en" };
	const words = text && japanese.value?.(text);
	return words ? { words, lang: "ja" } : { words: text, lang: "en" };
}

/** @param {{ text: string }} props */
export function Said({ text }) {
	const { words, lang } = said(text);
	return html`<span lang=${lang}>${words}</span>`;
}
