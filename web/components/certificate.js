/** One certificate of attendance, as it is printed on A4: in the language of the person, not of the reader. */
import { html } from "../html.js";
import { tIn } from "../text.js";

/** @typedef {import("../types.js").Certificate} Certificate */

/** @param {string} day "2026-11-23" @param {string} lang */
export function longDay(day, lang) {
	return new Date(`${day}T12:00:00`).toLocaleDateString(lang, { year: "numeric", month: "long", day: "numeric" });
}

/** @param {{ begins: string, ends: string }} one @param {string} lang */
export function days(one, lang) {
	if (one.begins === one.ends) return longDay(one.begins, lang);
	return tIn(lang, "certificate.from-to", { from: longDay(one.begins, lang), to: longDay(one.ends, lang) });
}

/** @param {{ one: Certificate }} props */
export function Paper({ one }) {
	const lang = one.language;
	/** @param {import("../text.js").Key} key @param {Record<string, unknown>} [values] */
	const say = (key, values) => tIn(lang, key, values);
	const hours = (one.minutes / 60).toLocaleString(lang, { maximumFractionDigits: 1 });
	return html`<article class="paper" lang=${lang} aria-label=${`${say("certificate.heading")}: ${one.name}`}><div class="paper-frame">
		<header><img src="/mark.svg" alt="" width="64" height="64" /><h2>${say("certificate.heading")}</h2></header>
		<div class="paper-who">${one.organisation && html`<p class="paper-organisation">${one.organisation}</p>`}
			<p class="paper-name">${say("certificate.name", { name: one.name })}</p></div>
		<p class="paper-text">${say("certificate.text")}</p>
		<p class="paper-course">${one.title[lang] || one.title.en}</p>
		<dl class="paper-facts"><div><dt>${say("certificate.date")}</dt><dd>${days(one, lang)}</dd></div>
			<div><dt>${say("certificate.length")}</dt><dd>${say("certificate.hours", { n: hours })}</dd></div></dl>
		<div class="paper-issuer"><p>${new Date(one.issued_at).toLocaleDateString(lang, { year: "numeric", month: "long", day: "numeric" })}</p>
			${one.site && html`<p class="paper-site">${one.site}</p>`}</div>
		<footer><p>${say("certificate.verify")}</p><p class="paper-url">${one.url}</p>
			<p>${say("certificate.code")} <b>${one.code}</b></p></footer>
	</div></article>`;
}
