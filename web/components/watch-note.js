/** Tells a student who of the staff looks at the terminals, and who may type there, for as long as it lasts. */
import { html } from "../html.js";
import { isStaff } from "../state/session.js";
import { t } from "../text.js";
import { Icon } from "./icon.js";

/** With the machine where the seat has several. @param {import("../types.js").Seat} seat @param {"watch" | "assist"} mode */
function names(seat, mode) {
	const list = (seat.watchers ?? []).filter((one) => one.mode === mode).map((one) => {
		const machine = seat.machines.find((other) => other.id === one.machine);
		return seat.machines.length > 1 && machine ? `${one.name} (${machine.name})` : one.name;
	});
	return list.join(t("list.comma"));
}

/** @param {{ seat: import("../types.js").Seat }} props */
export function WatchNote({ seat }) {
	const helping = names(seat, "assist");
	const watching = names(seat, "watch");
	const shown = !isStaff() && (helping || watching);
	return html`<div class="watch-note ${helping ? "helping" : ""}" role="status" hidden=${!shown}>
		${shown && html`<${Icon} name=${helping ? "keys" : "eye"} />`}
		${shown && helping && html`<span>${t("watch.helping", { names: helping })}</span>`}
		${shown && watching && html`<span>${t("watch.watching", { names: watching })}</span>`}
	</div>`;
}
