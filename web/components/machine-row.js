/** One machine of a seat: its state, since when, and its power and reset buttons. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { duration, t } from "../text.js";
import { Dialog } from "./dialog.js";
import { toastProblem } from "./toasts.js";

/**
 * @param {{ seat: number, machine: import("../types.js").Machine, paused: boolean, reset: () => void }} props
 */
export function MachineRow({ seat, machine, paused, reset }) {
	const [asking, setAsking] = useState(/** @type {"" | "off" | "reboot"} */ (""));
	/** @param {string} action */
	const power = (action) => post(`/seats/${seat}/power`, { machine: machine.name, action });
	const off = machine.state === "off" || machine.state === "absent";
	return html`<li class="machine-row">
		<p><i class="dot ${machine.state}" aria-hidden="true"></i><b class="mono">${machine.name}</b>
			<span>${t(`machine.${machine.state}`)}</span>
			${machine.state === "ready" && machine.ready_ms > 0 && html`<span class="help">
				${t("seat.ready-ms", { time: duration(machine.ready_ms) })}</span>`}
			${machine.replaced > 0 && html`<span class="chip warn">${t("class.replaced")}</span>`}</p>
		${machine.reason && html`<p class="machine-reason"><${Said} text=${machine.reason} /></p>`}
		<p class="machine-acts">
			${off ? html`<button type="button" class="small" disabled=${paused}
				onClick=${() => power("on").catch(toastProblem)}>${t("seat.power-on")}</button>`
			: html`<button type="button" class="small" disabled=${paused}
				onClick=${() => setAsking("reboot")}>${t("seat.reboot")}</button>
				<button type="button" class="small" disabled=${paused}
					onClick=${() => setAsking("off")}>${t("seat.power-off")}</button>`}
			<button type="button" class="small danger" disabled=${paused} onClick=${reset}>${t("reset.confirm")}</button></p>
		${asking && html`<${Dialog} title=${t(`seat.${asking}-title`, { machine: machine.name })} danger
			confirm=${asking === "off" ? t("seat.power-off") : t("seat.reboot")} onConfirm=${() => power(asking)}
			onClose=${() => setAsking("")}><p>${t(`seat.${asking}-text`)}</p><//>`}
	</li>`;
}
