/** A student's page while the class is frozen: nothing is lost, and nothing has to be done. */
import { html } from "../html.js";
import { moment, t } from "../text.js";
import { Banner } from "./banners.js";
import { toCome } from "./class-schedule.js";

/** @type {import("../types.js").ClassState[]} */
export const NIGHT = ["freezing", "frozen", "resuming"];

/** @param {{ view: import("../types.js").Workspace }} props */
export function WorkspaceNight({ view }) {
	const coming = view.class.state === "resuming";
	const until = toCome(view.class).find((one) => one.action === "resume");
	return html`<div class="page page-narrow night-page" role="status">
		<p class="night-moon" aria-hidden="true">☾</p>
		<h1>${coming ? t("workspace.resuming") : until ? t("workspace.frozen-until", { time: moment(until.at) })
			: t("workspace.frozen")}</h1>
		<p>${t(coming ? "workspace.resuming-text" : "workspace.frozen-text")}</p>
		<p>${t("workspace.so-far", { points: view.seat.points, done: view.seat.done })}</p>
	</div>`;
}

/**
 * While the class is paused: said once, above guide and terminal, in the place of nothing. The guide can be read on.
 * @param {{ view: import("../types.js").Workspace }} props
 */
export function WorkspacePaused({ view }) {
	return html`<div class="banners" role="status">${view.class.paused_at > 0 && html`<${Banner} tone="warn" mark="Ⅱ"><strong>${
		t("workspace.paused")}</strong> ${t("workspace.paused-text")}<//>`}</div>`;
}
