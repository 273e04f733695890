/**
 * The seats of a class while it is prepared, as wooden name tags on a wall: each tells its stage and its
 * time, and turns green when its agent has answered and its probe has passed.
 */
import { html } from "../html.js";
import { Said } from "../said.js";
import { leftMs } from "../state/reduce.js";
import { about, duration, t, tOr } from "../text.js";
import { useNow } from "./use-now.js";

/** @typedef {import("../types.js").Seat} Seat */

/** The stages in order, for the little bar on each tag. */
const STAGES = ["waiting", "cloning", "booting", "personalising", "probing", "ready"];
const MARKS = { ready: "✓", failed: "×", lost: "!", off: "○", frozen: "❄" };

/** @param {{ view: import("../types.js").ClassFull }} props */
export function SeatGrid({ view }) {
	const preparing = view.state === "preparing";
	const now = useNow(100, preparing);
	const elapsed = now - view.launched_at;
	const left = preparing ? leftMs(view.ready, view.seats, elapsed) : 0;
	return html`<section class="wall" aria-label=${t("class.seats")}>
		${preparing && html`<div class="wall-head">
			<p class="wall-figure"><b>${view.ready}</b><span> / ${view.seats}</span></p>
			<div class="wall-progress">
				<progress max=${view.seats} value=${view.ready} aria-label=${t("class.ready-of", { ready: view.ready, total: view.seats })}></progress>
				<p><span role="status">${t("class.ready-of", { ready: view.ready, total: view.seats })}</span>
					${left > 0 && html` · ${t("time.left", { time: about(left) })}`}</p></div>
			<p class="wall-clock" aria-hidden="true">${duration(Math.max(0, elapsed))}</p>
		</div>`}
		<ol class="tags">${view.seat.map((seat) => html`<${Tag} key=${seat.id} seat=${seat} now=${now} />`)}</ol>
	</section>`;
}

/** @param {{ seat: Seat, now: number }} props */
function Tag({ seat, now }) {
	const machine = seat.machines.find((one) => one.state === seat.state) ?? seat.machines[0];
	const state = machine?.state ?? "absent";
	const moving = STAGES.includes(state) && state !== "ready" && state !== "waiting";
	const time = state === "ready" && machine.ready_ms ? duration(machine.ready_ms)
		: moving ? duration(Math.max(0, now - machine.stage_ms)) : "";
	return html`<li class="tag ${state} ${moving ? "moving" : ""}" data-stage=${STAGES.indexOf(state)}>
		<span class="tag-number">${seat.number}</span>
		<span class="tag-mark" aria-hidden="true">${MARKS[/** @type {keyof typeof MARKS} */ (state)] ?? ""}</span>
		<span class="tag-name">${seat.name}</span>
		<span class="tag-stage">${state === "absent" ? "" : tOr(`machine.${state}`, state)}</span>
		<span class="tag-time">${time}</span>
		${machine?.replaced > 0 && html`<span class="tag-note">${t("class.replaced")}</span>`}
		${machine?.reason && html`<span class="tag-reason"><${Said} text=${machine.reason} /></span>`}
	</li>`;
}
