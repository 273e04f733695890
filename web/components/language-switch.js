/** English or Japanese, at any time; the button is written in the other language. */
import { html } from "../html.js";
import { language } from "../settings.js";
import { tellLanguage } from "../state/session.js";

export function LanguageSwitch() {
	const other = language.value === "en" ? "ja" : "en";
	function change() {
		language.value = other;
		tellLanguage();
	}
	return html`<button type="button" class="quiet" lang=${other} onClick=${change}>
		${other === "ja" ? "日本語" : "English"}</button>`;
}
