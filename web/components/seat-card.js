/** One seat's card, in its student's language. */
import { html } from "../html.js";
import { language } from "../settings.js";
import { site } from "../state/site.js";
import { tIn } from "../text.js";
import { Qr } from "./qr.js";

/** @typedef {import("../types.js").Card} Card */

/** @param {{ card: Card, name: string, url: string }} props name: of the class; url: of the site */
export function SeatCard({ card, name, url }) {
	const { seat, code, link, qr, ssh } = card;
	const lang = seat.language ?? language.value;
	/** @param {import("../text.js").Key} key @param {Record<string, unknown>} [values] */
	const t = (key, values) => tIn(lang, key, values);
	return html`<article class="seat-card" lang=${lang} aria-label="${t("card.seat", { n: seat.number })} ${seat.name}">
		<div class="seat-card-who">
			<p class="seat-card-class">${site.value && html`<span>${site.value.name}</span>`} <span>${name}</span></p>
			<h2 class="seat-card-name">${seat.name || t("card.seat", { n: seat.number })}</h2>
			<p class="seat-card-house">${seat.name && html`<span class="seat-card-number">${t("card.seat", { n: seat.number })}</span>`}
				${seat.organisation && html` ${seat.organisation.name}`}</p>
		</div>
		<div class="seat-card-qr"><${Qr} qr=${qr} label=${link} />${t("card.scan")}</div>
		<div class="seat-card-site"><span class="address">${url}</span>
			<span class="line"><span>${t("card.code")}</span><span class="code">${code}</span></span></div>
		${ssh && html`<dl class="seat-card-facts">
			<dt>${t("card.ssh")}</dt><dd>${ssh.command}</dd>
			<dt>${t("card.password")}</dt><dd class="strong">${ssh.password}</dd>
			<dt>${t("card.key")}</dt><dd class="fine">${ssh.fingerprint}</dd></dl>`}
	</article>`;
}
