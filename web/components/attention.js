/** Beside the matrix while no seat is chosen: who needs somebody now, most pressing first, and what just happened. */
import { useMemo } from "preact/hooks";
import { html } from "../html.js";
import { needs } from "../state/room.js";
import { about, plain, say, t } from "../text.js";
import { Happenings } from "./happenings.js";
import { Icon } from "./icon.js";
import { MessageList } from "./message-list.js";
import { useCalm } from "./use-calm.js";
import { useNow } from "./use-now.js";

/** @typedef {import("../state/room.js").Need} Need */

const SUMS_MS = 500;
/** More than that is nobody's list. */
const LONGEST = 40;

/**
 * @param {{ view: import("../types.js").ClassFull, all: import("../types.js").ClassFull, select: (seat: number) => void }} props
 *	view: the seats that are looked for; all: what happened, wherever
 */
export function Attention({ view, all, select }) {
	const now = useNow(5000);
	const calm = useCalm(view, SUMS_MS);
	const list = useMemo(() => needs(calm, now), [calm, now]);
	return html`<aside class="attention" aria-labelledby="attention-title">
		<div class="attention-part"><h2 id="attention-title">${t("attention.title")}${list.length > 0 && html` <span class="count">${list.length}</span>`}</h2>
		${list.length === 0 && html`<p class="attention-none">${t("attention.none")}</p>`}
		<ol>${list.slice(0, LONGEST).map((need) => html`<li key=${`${need.kind}${need.seat.id}${say(need.title)}`}>
			<button type="button" class="need ${need.kind}" onClick=${() => select(need.seat.id)}>
				<span class="need-mark" aria-hidden="true">${mark(need)}</span>
				<span class="need-name" title=${need.seat.name}><span class="seat-number">${String(need.seat.number).padStart(2, "0")}</span>
					${" "}${need.seat.name || t("class.free")}</span>
				<span class="need-why">${why(need, now)}</span>
			</button></li>`)}</ol>
		<p class="help">${t("attention.help")}</p></div>
		<div class="attention-part"><${Happenings} view=${all} select=${select} />
			<${MessageList} view=${all} /></div>
	</aside>`;
}

/** @param {Need} need */
function mark(need) {
	if (need.kind === "hand" || need.kind === "slow") return html`<${Icon} name=${need.kind === "hand" ? "hand" : "clock"} />`;
	return need.kind === "stuck" ? "×" : "!";
}

/**
 * @param {Need} need
 * @param {number} now
 */
function why(need, now) {
	const task = plain(say(need.title));
	if (need.kind === "hand") return t("seat.hand-since", { time: about(now - need.seat.hand) });
	if (need.kind === "machine") return t(`machine.${need.seat.state}`);
	if (need.kind === "slow") return t("attention.slow", { task, n: need.minutes ?? 0, minutes: need.planned ?? 0 });
	return t("attention.stuck", { task, n: need.attempts ?? 0 });
}
