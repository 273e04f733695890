/** One class, in whichever state it is. */
import { useState } from "preact/hooks";
import { CapacityCard } from "../components/capacity-card.js";
import { ClassHead } from "../components/class-head.js";
import { ClassLive } from "../components/class-live.js";
import { ClassNight } from "../components/class-power.js";
import { Matrix } from "../components/matrix.js";
import { ProblemNote } from "../components/problem.js";
import { SeatGrid } from "../components/seat-grid.js";
import { useHost } from "../components/use-host.js";
import { useLive } from "../components/use-live.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { reduceClass } from "../state/reduce.js";
import { date, t } from "../text.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */

/** @param {{ id: string }} props */
export function ClassPage({ id }) {
	const { view, error, load } = useLive(`/classes/${id}`, `?class=${id}`,
		/** @type {typeof reduceClass} */ (reduceClass));
	const [seat, setSeat] = useState(/** @type {number | null} */ (null));
	const hands = view?.seat.filter((one) => one.hand).length ?? 0;
	useTitle(`${hands ? `(${hands}) ` : ""}${view?.name ?? ""}`);
	useHost();
	if (!view) return html`<div class="page page-narrow"><${ProblemNote} error=${error} retry=${load} /></div>`;
	const head = html`<${ClassHead} view=${view} />`;
	if (view.state === "open") {
		return html`<${ClassLive} view=${view} head=${head} selected=${seat} select=${setSeat} />`;
	}
	return html`<div class="page">${head}<${Still} view=${view} /></div>`;
}

/** Before it is open, and after. */
/** @param {{ view: ClassFull }} props */
function Still({ view }) {
	const room = (view.state === "draft" || view.state === "frozen") && html`<${CapacityCard} path=${`/classes/${view.id}/capacity`} />`;
	if (view.state === "preparing") return html`<${SeatGrid} view=${view} />`;
	if (view.state === "closed") {
		return html`<p class="class-still">${t("class.closed-text", { date: date(view.closed_at) })}
				${view.results_removed_at > 0 && t("retention.gone", { date: date(view.results_removed_at) })}</p>
			<${Matrix} view=${view} selected=${null} select=${null} />`;
	}
	if (view.state === "freezing" || view.state === "frozen" || view.state === "resuming") {
		return html`<${ClassNight} view=${view} />${room}<${SeatGrid} view=${view} />`;
	}
	const text = { draft: t("class.draft-text"), prepared: t("class.prepared-text"), closing: t("class.closing-text") };
	return html`<p class="class-still">${text[/** @type {keyof typeof text} */ (view.state)]}</p>${room}
		<${SeatGrid} view=${view} />`;
}
