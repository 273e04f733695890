/** The join code: large enough for the back row, with the address beside it; or where the seats' own codes are. */
import { html } from "../html.js";
import { t } from "../text.js";
import { CopyButton } from "./copy-button.js";

/** @param {{ view: import("../types.js").Class }} props */
export function JoinCode({ view }) {
	if (view.joining === "seat") {
		return html`<div class="join-code"><span class="join-code-label">${t("class.own-codes")}</span>
			<a href="/classes/${view.id}/cards">${t("class.own-codes-where")}</a></div>`;
	}
	return html`<div class="join-code"><span class="join-code-label">${t("class.code")}</span>
		<strong>${view.code}</strong>
		<span class="join-code-where">${t("class.code-where", { host: location.host })}</span>
		<${CopyButton} text=${view.code} /></div>`;
}
