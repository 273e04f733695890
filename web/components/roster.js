/** Who comes: a number of seats, or names. */
import { html } from "../html.js";
import { SEATS_MAX } from "../pages/new-class.js";
import { t } from "../text.js";

/** @typedef {{ byNames: boolean, seats: number, text: string }} Who */

/**
 * @param {{ value: Who, change: (who: Who) => void, names: string[], twice: string[] }} props
 */
export function Roster({ value, change, names, twice }) {
	const count = value.byNames ? names.length : value.seats;
	return html`<fieldset class="roster"><legend>${t("new.who")}</legend>
		<div class="segments" role="group">
			<button type="button" aria-pressed=${!value.byNames}
				onClick=${() => change({ ...value, byNames: false })}>${t("new.by-number")}</button>
			<button type="button" aria-pressed=${value.byNames}
				onClick=${() => change({ ...value, byNames: true })}>${t("new.by-names")}</button></div>
		${value.byNames ? html`<label for="names">${t("new.names")}</label>
			<textarea id="names" rows="8" spellcheck=${false} value=${value.text} aria-describedby="names-state"
				onInput=${(/** @type {any} */ e) => change({ ...value, text: e.target.value })}></textarea>
			<p id="names-state" class="help" aria-live="polite">${t("new.names-count", { n: names.length })}
				${twice.length > 0 && html`<strong class="wrong">${t("new.names-twice", { names: twice.join(", ") })}</strong>`}</p>`
		: html`<label for="seats">${t("new.seats")}</label>
			<input id="seats" type="number" class="seats-input" min="1" max=${SEATS_MAX} required value=${value.seats}
				onInput=${(/** @type {any} */ e) => change({ ...value, seats: e.target.valueAsNumber || 0 })} />`}
		${count > SEATS_MAX && html`<p class="help wrong" role="alert">${t("new.too-many", { n: SEATS_MAX })}</p>`}
	</fieldset>`;
}
