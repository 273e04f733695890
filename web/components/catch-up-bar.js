/** While a seat is caught up: how far it is; and why it did not arrive, until its next reset. */
import { html } from "../html.js";
import { Said } from "../said.js";
import { plain, say, t } from "../text.js";

/**
 * @param {{ seat: import("../types.js").Seat, labs: { id: string, title: import("../types.js").Text }[] }} props
 */
export function CatchUpBar({ seat, labs }) {
	const now = seat.catch_up;
	if (!now) return null;
	if (now.message) {
		return html`<div class="catch-up problem" role="alert"><p><strong>${t("catch-up.failed")}</strong></p>
			<p class="problem-detail"><${Said} text=${now.message} /></p></div>`;
	}
	const lab = labs.find((one) => one.id === now.lab);
	const title = t("catch-up.under-way", { lab: lab ? plain(say(lab.title)) : "" });
	return html`<div class="catch-up" role="status"><p>${title}</p>
		<progress max="1" value=${now.fraction} aria-label=${title}></progress></div>`;
}
