/**
 * Every word of the page comes from here; fill.js says what a message may hold. en.js and ja.js hold the same keys; a
 * test compares them.
 */
import { fill } from "./fill.js";
import en from "./messages/en.js";
import ja from "./messages/ja.js";
import { language } from "./settings.js";

/** @typedef {keyof typeof en} Key */
/** @typedef {{ en: string, ja: string }} Text a text of a pack, in every language */

/** @type {Record<import("./settings.js").Language, Record<string, string>>} */
const catalogue = { en, ja };

/**
 * @param {Key} key
 * @param {Record<string, unknown>} [values]
 */
export function t(key, values = {}) {
	const lang = language.value;
	return fill(catalogue[lang][key] ?? key, values, lang);
}

/**
 * The same in a language of its own: what is printed for somebody else.
 * @param {string} lang
 * @param {Key} key
 * @param {Record<string, unknown>} [values]
 */
export function tIn(lang, key, values = {}) {
	return fill(catalogue[lang === "ja" ? "ja" : "en"][key] ?? key, values, lang);
}

/**
 * A message whose key is made at run time; `fallback` where the catalogue has none.
 * @param {string} key
 * @param {string} fallback
 * @param {Record<string, unknown>} [values]
 */
export function tOr(key, fallback, values = {}) {
	return key in catalogue[language.value] ? t(/** @type {Key} */ (key), values) : fallback;
}

/**
 * A pack's text in the reader's language.
 * @param {Text | string | null | undefined} text
 */
export function say(text) {
	if (!text) return "";
	return typeof text === "string" ? text : (text[language.value] ?? text.en);
}

/**
 * A title of a pack's outline, which is Markdown with the parameters not filled in, as plain words.
 * @param {string} markdown
 */
export function plain(markdown) {
	return markdown.replace(/\{\{\w+\}\}/g, "…").replace(/[`*]/g, "");
}

/**
 * Rendered text without its markup, for where only words can stand.
 * @param {string} rendered
 */
export function plainHtml(rendered) {
	return new DOMParser().parseFromString(rendered, "text/html").body.textContent ?? "";
}

/** @param {number} bytes */
export function bytes(bytes) {
	const gib = bytes / 2 ** 30;
	if (gib >= 0.95) return `${number(gib, gib < 10 ? 1 : 0)} GB`;
	if (bytes < 2 ** 20) return `${number(Math.ceil(bytes / 2 ** 10))} kB`;
	return `${number(bytes / 2 ** 20, 0)} MB`;
}

/**
 * @param {number} value
 * @param {number} [digits]
 */
export function number(value, digits = 0) {
	return value.toLocaleString(language.value, {
		minimumFractionDigits: digits,
		maximumFractionDigits: digits,
	});
}

/**
 * A span of time for a reader: "0.8 s", "12 s", "3 min 20 s".
 * @param {number} ms
 */
export function duration(ms) {
	if (ms < 10_000) return t("time.seconds", { n: number(ms / 1000, 1) });
	const seconds = Math.round(ms / 1000);
	if (seconds < 100) return t("time.seconds", { n: seconds });
	const minutes = Math.floor(seconds / 60);
	if (minutes < 100) return t("time.minutes", { m: minutes, s: seconds % 60 });
	return t("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}

/**
 * Roughly, for what is still to come: "3 s", "2 min".
 * @param {number} ms
 */
export function about(ms) {
	const seconds = Math.max(1, Math.round(ms / 1000));
	return seconds < 90
		? t("time.seconds", { n: seconds })
		: t("time.whole-minutes", { m: Math.round(seconds / 60) });
}

/** @param {number} at ms since 1970 */
export function clock(at) {
	return new Date(at).toLocaleTimeString(language.value, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/**
 * The time of today, or the day and the time.
 * @param {number} at ms since 1970
 */
export function moment(at) {
	const today = new Date(at).toDateString() === new Date().toDateString();
	return new Date(at).toLocaleString(language.value, today ? { timeStyle: "short", hourCycle: "h23" }
		: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** @param {number} at ms since 1970 */
export function date(at) {
	return new Date(at).toLocaleDateString(language.value, { year: "numeric", month: "long", day: "numeric" });
}

/**
 * Day, time and zone, for somebody elsewhere.
 * @param {number} at ms since 1970
 */
export function zoned(at) {
	return new Date(at).toLocaleString(language.value, { dateStyle: "long", timeStyle: "long", hourCycle: "h23" });
}
