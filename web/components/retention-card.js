/** Until when a closed class's results are kept, and another date for them. */
import { useState } from "preact/hooks";
import { request } from "../api.js";
import { html } from "../html.js";
import { leads } from "../state/session.js";
import { date, t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @typedef {import("../types.js").Class} Class */

const DAY = 86_400_000;
/** @param {number} at */
const dayOf = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/** Whether they go within a week. @param {Class} view */
export const goesSoon = (view) => view.state === "closed" && !view.results_removed_at && view.results_until > 0
	&& view.results_until - Date.now() < 7 * DAY;

/** @param {{ view: Class, changed: (view: Class) => void }} props */
export function RetentionCard({ view, changed }) {
	const [asking, setAsking] = useState(false);
	if (view.state !== "closed") return html`<p class="help">${t("retention.open", { n: view.results_days })}</p>`;
	if (view.results_removed_at) return html`<p class="retention">${t("retention.gone", { date: date(view.results_removed_at) })}</p>`;
	return html`<p class=${goesSoon(view) ? "retention soon" : "retention"}>
		<span>${goesSoon(view) ? "△ " : ""}${t("retention.until", { date: date(view.results_until) })}</span>
		${leads() && html`<button type="button" class="small" onClick=${() => setAsking(true)}>${t("retention.change")}</button>`}</p>
		${asking && html`<${RetentionDialog} view=${view} changed=${changed} onClose=${() => setAsking(false)} />`}`;
}

/** @param {{ view: Class, changed: (view: Class) => void, onClose: () => void }} props */
function RetentionDialog({ view, changed, onClose }) {
	const [day, setDay] = useState(dayOf(view.results_until));
	const least = dayOf(Date.now() + DAY), most = dayOf(Date.now() + 3650 * DAY);
	const save = () => request("PUT", `/classes/${view.id}/retention`, { until: new Date(`${day}T00:00:00`).getTime() }).then(changed);
	return html`<${Dialog} title=${t("retention.title")} confirm=${t("retention.save")} disabled=${!day || day < least || day > most}
		onConfirm=${save} onClose=${onClose}>
		<p>${t("retention.text")}</p>
		<div><label for="retention-day">${t("retention.day")}</label>
			<input id="retention-day" type="date" value=${day} min=${least} max=${most} autofocus
				onInput=${(/** @type {any} */ e) => setDay(e.target.value)} /></div><//>`;
}
