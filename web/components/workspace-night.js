/** A student's page while the class is frozen: nothing is lost, and nothing has to be done. */
import { html } from "../html.js";
import { t } from "../text.js";

/** @type {import("../types.js").ClassState[]} */
export const NIGHT = ["freezing", "frozen", "resuming"];

/** @param {{ view: import("../types.js").Workspace }} props */
export function WorkspaceNight({ view }) {
	const coming = view.class.state === "resuming";
	return html`<div class="page page-narrow night-page" role="status">
		<p class="night-moon" aria-hidden="true">☾</p>
		<h1>${t(coming ? "workspace.resuming" : "workspace.frozen")}</h1>
		<p>${t(coming ? "workspace.resuming-text" : "workspace.frozen-text")}</p>
		<p>${t("workspace.so-far", { points: view.seat.points, done: view.seat.done })}</p>
	</div>`;
}
