/** The join code: large enough for the back row, with the address beside it. */
import { html } from "../html.js";
import { t } from "../text.js";
import { CopyButton } from "./copy-button.js";

/** @param {{ code: string }} props */
export function JoinCode({ code }) {
	return html`<div class="join-code"><span class="join-code-label">${t("class.code")}</span>
		<strong>${code}</strong>
		<span class="join-code-where">${t("class.code-where", { host: location.host })}</span>
		<${CopyButton} text=${code} /></div>`;
}
