/** What begins and ends a class's day: prepare, open, freeze, resume. Each asks first where somebody would notice. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { about, t } from "../text.js";
import { ScheduleDialog } from "./class-schedule.js";
import { Dialog } from "./dialog.js";
import { toastProblem } from "./toasts.js";
import { Untested } from "./untested.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {"prepare" | "open" | "pause" | "continue" | "freeze" | "resume"} Power */

/** @type {Partial<Record<import("../types.js").ClassState, Power[]>>} the last one is what comes next */
const OFFERED = { draft: ["prepare"], prepared: ["freeze", "open"], open: ["pause", "freeze"], frozen: ["resume"] };
/** @type {Power[]} */
const PAUSED = ["continue", "freeze"];
const NEXT = { prepared: "open", frozen: "resume" };

/** @param {{ view: ClassFull }} props */
export function ClassPower({ view }) {
	const [asking, setAsking] = useState(/** @type {Power | "schedule" | null} */ (null));
	const [busy, setBusy] = useState(false);
	const next = view.paused_at ? "continue" : NEXT[/** @type {keyof typeof NEXT} */ (view.state)];
	const offered = view.paused_at ? PAUSED : OFFERED[view.state] ?? [];
	const over = view.state === "closing" || view.state === "closed";
	/** @param {Power} power */
	async function press(power) {
		if (power === "freeze" || (power === "prepare" && !view.proven_at)) return setAsking(power);
		setBusy(true);
		await post(`/classes/${view.id}/${power}`).catch(toastProblem);
		setBusy(false);
	}
	return html`${!over && html`<button type="button" onClick=${() => setAsking("schedule")}>${t("plan.button")}</button>`}
		${offered.map((power) => html`<button type="button" key=${power} disabled=${busy}
			class=${power === next ? "primary" : ""} onClick=${() => press(power)}>${t(`power.${power}`)}</button>`)}
		${asking === "schedule" && html`<${ScheduleDialog} view=${view} onClose=${() => setAsking(null)} />`}
		${asking === "freeze" && html`<${Dialog} title=${t("power.freeze-title", { name: view.name })} confirm=${t("power.freeze")}
			onConfirm=${() => post(`/classes/${view.id}/freeze`)} onClose=${() => setAsking(null)}>
			<p>${t("power.freeze-text")}</p><//>`}
		${asking === "prepare" && html`<${PrepareDialog} view=${view} onClose=${() => setAsking(null)} />`}`;
}

/** @param {{ view: ClassFull, onClose: () => void }} props */
function PrepareDialog({ view, onClose }) {
	const [known, setKnown] = useState(false);
	return html`<${Dialog} title=${t("untested.prepare-title", { name: view.name })} confirm=${t("power.prepare")}
		disabled=${!known} onConfirm=${() => post(`/classes/${view.id}/prepare`, { untested: true })} onClose=${onClose}>
		<${Untested} course=${view.course} version=${view.version} checked=${known} change=${setKnown} /><//>`;
}

/** How far freezing or resuming is; of a class that is frozen, that it is, and who was left running. */
/** @param {{ view: ClassFull }} props */
export function ClassNight({ view }) {
	const now = view.frost;
	if (view.state === "frozen") {
		const awake = view.seat.filter((seat) => seat.machines.some((one) => one.state === "ready" || one.state === "lost"));
		return html`<div class="night" role="status"><p><strong>${t("night.frozen")}</strong> ${t("night.frozen-text")}</p>
			${awake.length > 0 && html`<p class="night-awake">${t("night.awake", { seats: awake.map((seat) => seat.number).join(t("list.comma")) })}</p>`}
		</div>`;
	}
	if (!now) return null;
	const title = t(now.resuming ? "night.resuming" : "night.freezing", { through: now.through, machines: now.machines });
	return html`<div class="night" role="status"><p><strong>${title}</strong>
			${now.left_ms > 0 && html` · ${t("time.left", { time: about(now.left_ms) })}`}</p>
		<progress max=${now.machines} value=${now.through} aria-label=${title}></progress>
		${now.failed > 0 && html`<p class="night-awake">${t("night.failed", { n: now.failed })}</p>`}</div>`;
}
