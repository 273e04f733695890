/** Beside the matrix while no seat is chosen: who needs somebody now, most pressing first. */
import { html } from "../html.js";
import { needs } from "../state/reduce.js";
import { about, plain, say, t } from "../text.js";
import { Icon } from "./icon.js";
import { MessageList } from "./message-list.js";
import { useNow } from "./use-now.js";

/** @typedef {import("../state/reduce.js").Need} Need */

/**
 * @param {{ view: import("../types.js").ClassFull, select: (seat: number) => void }} props
 */
export function Attention({ view, select }) {
	const now = useNow(5000);
	const list = needs(view);
	return html`<aside class="attention" aria-labelledby="attention-title">
		<h2 id="attention-title">${t("attention.title")}</h2>
		${list.length === 0 && html`<p class="attention-none">${t("attention.none")}</p>`}
		<ul>${list.map((need) => html`<li key=${`${need.kind}${need.seat.id}`}>
			<button type="button" class="need ${need.kind}" onClick=${() => select(need.seat.id)}>
				<span class="need-mark" aria-hidden="true">${mark(need)}</span>
				<span class="need-name"><span class="seat-number">${String(need.seat.number).padStart(2, "0")}</span>
					${" "}${need.seat.name || t("class.free")}</span>
				<span class="need-why">${why(need, now)}</span>
			</button></li>`)}</ul>
		<p class="help">${t("attention.help")}</p>
		<${MessageList} view=${view} />
	</aside>`;
}

/** @param {Need} need */
function mark(need) {
	if (need.kind === "hand") return html`<${Icon} name="hand" />`;
	return need.kind === "stuck" ? "×" : "!";
}

/**
 * @param {Need} need
 * @param {number} now
 */
function why(need, now) {
	if (need.kind === "hand") return t("seat.hand-since", { time: about(now - need.seat.hand) });
	if (need.kind === "machine") return t(`machine.${need.seat.state}`);
	return t("attention.stuck", { task: plain(say(need.title)), n: need.attempts ?? 0 });
}
