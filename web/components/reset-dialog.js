/** Asks before a machine is made anew, saying what is lost and what stays. */
import { post } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";

/**
 * @param {{ seat: import("../types.js").Seat, machine?: import("../types.js").Machine,
 *	onClose: () => void }} props machine undefined: all of the seat
 */
export function ResetDialog({ seat, machine, onClose }) {
	const what = machine && seat.machines.length > 1 ? { machine: machine.name } : {};
	const names = machine?.name ?? seat.machines.map((one) => one.name).join(", ");
	return html`<${Dialog} title=${t("reset.title", { machine: names })} confirm=${t("reset.confirm")} danger
		onConfirm=${() => post(`/seats/${seat.id}/reset`, what)} onClose=${onClose}>
		<p>${t("reset.lost")}</p>
		<p>${t("reset.stays")}</p>
	<//>`;
}
