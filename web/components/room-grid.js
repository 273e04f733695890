/** The seats of an open class as they sit in the room: what each is at, since when, and who needs somebody. */
import { html } from "../html.js";
import { cellState, classClock, isLate, minutesAt, turnOf } from "../state/room.js";
import { plain, say, t, tOr } from "../text.js";
import { Icon } from "./icon.js";
import { useNow } from "./use-now.js";

/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").ClassFull} ClassFull */

const CLOCK_MS = 10_000;

/** @param {KeyboardEvent} event */
function key(event) {
	const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key] ?? 0;
	const here = event.target instanceof Element ? event.target.closest("li") : null;
	const next = step > 0 ? here?.nextElementSibling : here?.previousElementSibling;
	if (!step || !next) return;
	event.preventDefault();
	/** @type {HTMLElement | null} */ (next.querySelector("button"))?.focus();
}

/** @param {{ view: ClassFull, selected: number | null, select: (seat: number | null) => void }} props */
export function RoomGrid({ view, selected, select }) {
	const clock = classClock(view, useNow(CLOCK_MS));
	return html`<section class="room-grid" aria-label=${t("class.seats")}>
		<ol onKeyDown=${key}>${view.seat.map((seat) => html`<${Place} key=${seat.id} seat=${seat} labs=${view.labs}
			minutes=${minutesAt(seat, clock)} selected=${seat.id === selected} select=${select} />`)}</ol>
	</section>`;
}

/** What the seat is about, most pressing first. @param {Seat} seat @param {boolean} stuck @param {boolean} late */
function stateOf(seat, stuck, late) {
	if (seat.hand) return "hand";
	if (["failed", "lost", "off"].includes(seat.state)) return "machine";
	if (stuck) return "stuck";
	return late ? "slow" : seat.joined ? "well" : "away";
}

/** @type {Record<string, string>} */
const SIGNS = { machine: "!", stuck: "×" };
/** @type {Record<string, "hand" | "clock">} */
const ICONS = { hand: "hand", slow: "clock" };

/** @param {{ seat: Seat, labs: ClassFull["labs"], minutes: number, selected: boolean,
 *	select: (seat: number | null) => void }} props */
function Place({ seat, labs, minutes, selected, select }) {
	const turn = turnOf(seat, labs);
	const lab = labs.findIndex((one) => one.id === seat.lab);
	const index = labs[lab]?.tasks.findIndex((one) => `${seat.lab}/${one.id}` === turn) ?? -1;
	const task = labs[lab]?.tasks[index];
	const stuck = (seat.progress ?? []).some((row) => cellState(row) === "stuck");
	const state = stateOf(seat, stuck, !!task && isLate(minutes, task.minutes));
	const word = state === "machine" ? tOr(`machine.${seat.state}`, seat.state) : t(/** @type {any} */ (`place.${state}`));
	return html`<li><button type="button" class="place ${state}" aria-pressed=${selected}
		onClick=${() => select(selected ? null : seat.id)}>
		<span class="place-number">${String(seat.number).padStart(2, "0")}</span>
		<span class="place-name">${seat.name || t("class.free")}</span>
		<span class="place-sign" aria-hidden="true">${ICONS[state] ? html`<${Icon} name=${ICONS[state]} />` : SIGNS[state]}</span>
		<span class="place-task">${task ? html`<b>${lab + 1}.${index + 1}</b> ${plain(say(task.title))}`
			: lab >= 0 ? t("place.lab-done", { n: lab + 1 }) : ""}</span>
		<span class="place-foot"><span class="place-word">${word}</span>
			<span class="place-time">${task && minutes >= 0 ? t("place.minutes", { n: minutes, minutes: task.minutes }) : ""}</span></span>
	</button></li>`;
}
