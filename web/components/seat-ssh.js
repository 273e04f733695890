/** How a seat's student connects with ssh: made on demand, since the password is kept as a hash only. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { CopyButton } from "./copy-button.js";
import { toastProblem } from "./toasts.js";

/** @param {{ seat: number }} props */
export function SeatSsh({ seat }) {
	const [made, setMade] = useState(/** @type {import("../types.js").SeatSsh | null} */ (null));
	function make() {
		post(`/seats/${seat}/ssh`).then(setMade, toastProblem);
	}
	if (!made) {
		return html`<p><button type="button" class="small" onClick=${make}>${t("seat.ssh-make")}</button></p>
			<p class="help">${t("seat.ssh-help")}</p>`;
	}
	return html`<p class="join-link"><input class="mono" readonly value=${made.command} aria-label=${t("seat.ssh")}
			onFocus=${(/** @type {any} */ e) => e.target.select()} /><${CopyButton} text=${made.command} class="" /></p>
		<p class="join-link"><input class="mono" readonly value=${made.password} aria-label=${t("seat.ssh-password")}
			onFocus=${(/** @type {any} */ e) => e.target.select()} /><${CopyButton} text=${made.password} class="" /></p>
		<p class="help">${t("seat.ssh-key")} <span class="mono">${made.fingerprint}</span></p>
		<p class="help">${t("seat.ssh-help")}</p>`;
}
