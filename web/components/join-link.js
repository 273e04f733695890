/** A link that lets its holder take this seat; made on demand, since only its hash is kept. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { CopyButton } from "./copy-button.js";
import { toastProblem } from "./toasts.js";

/** @param {{ seat: number }} props */
export function JoinLink({ seat }) {
	const [url, setUrl] = useState("");
	function make() {
		post(`/seats/${seat}/join-link`).then((made) => setUrl(made.url), toastProblem);
	}
	if (!url) {
		return html`<p><button type="button" class="small" onClick=${make}>${t("seat.link-make")}</button></p>
			<p class="help">${t("seat.link-help")}</p>`;
	}
	return html`<p class="join-link"><input class="mono" readonly value=${url} aria-label=${t("seat.link")}
			onFocus=${(/** @type {any} */ e) => e.target.select()} /><${CopyButton} text=${url} class="" /></p>
		<p class="help">${t("seat.link-help")}</p>`;
}
