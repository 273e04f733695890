/** For the projector: how to join, what the class is at, how far it is. Nobody's name, and nothing to press. */
import { useEffect, useMemo } from "preact/hooks";
import { useCalm } from "../components/use-calm.js";
import { Qr } from "../components/qr.js";
import { StateChip } from "../components/state-chip.js";
import { useLive } from "../components/use-live.js";
import { useLoaded } from "../components/use-loaded.js";
import { useNow } from "../components/use-now.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { reduceClass } from "../state/reduce.js";
import { averages, classClock, labInHand } from "../state/room.js";
import { plain, say, t } from "../text.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */

const SUMS_MS = 1000;
const MINUTE = 60_000;
/** @type {import("../types.js").ClassState[]} */
const JOINABLE = ["preparing", "open"];

/** @param {{ id: string }} props */
export function WallPage({ id }) {
	const { view } = useLive(`/classes/${id}`, `?class=${id}`, /** @type {typeof reduceClass} */ (reduceClass));
	const calm = useCalm(view, SUMS_MS);
	useTitle(calm?.name ?? "");
	useEffect(() => {
		document.documentElement.classList.add("projected");
		return () => document.documentElement.classList.remove("projected");
	}, []);
	if (!calm) return html`<div class="projection" aria-busy="true"></div>`;
	return html`<div class="projection"><${Join} view=${calm} /><${Lab} view=${calm} /></div>`;
}

/** @param {{ view: ClassFull }} props */
function Join({ view }) {
	/** @type {{ value: import("../types.js").Entrance | null, load: () => void }} */
	const { value: entrance, load } = useLoaded(`/classes/${view.id}/entrance`);
	useEffect(load, [view.joining]);
	const joined = view.seat.filter((seat) => seat.joined).length;
	const hands = view.seat.filter((seat) => seat.hand).sort((a, b) => a.hand - b.hand);
	return html`<section class="wall-join" aria-label=${t("wall.join")}>
		<h1>${view.name}</h1>
		<div class="wall-code"><div><p class="wall-host">${entrance ? entrance.url.replace(/^https?:\/\//, "") : location.host}</p>
			${view.joining === "seat" ? html`<p class="wall-own">${t("wall.own-codes")}</p>`
				: html`<p class="wall-letters">${view.code}</p>`}</div>
			${entrance && JOINABLE.includes(view.state) && html`<${Qr} qr=${entrance.qr} label=${entrance.link} />`}</div>
		<p class="wall-count">${t("wall.joined", { n: joined, total: view.seats })}</p>
		<div role="status">${hands.length > 0 && html`<p class="wall-hands">${t("wall.hands")}
			${hands.map((seat) => html`<b key=${seat.id}>${String(seat.number).padStart(2, "0")}</b>`)}</p>`}</div>
	</section>`;
}

/** @param {{ view: ClassFull }} props */
function Lab({ view }) {
	const clock = classClock(view, useNow(1000));
	const hand = useMemo(() => labInHand(view), [view]);
	const sums = useMemo(() => (hand ? averages(view.seat, [hand.lab]) : []), [view, hand]);
	if (!hand) return html`<section class="wall-lab"><h2>${say(view.title)}</h2><p class="wall-wait">${t("wall.wait")}</p></section>`;
	const place = view.labs.indexOf(hand.lab) + 1;
	const left = hand.since ? Math.ceil(hand.lab.minutes - (clock - hand.since) / MINUTE) : hand.lab.minutes;
	return html`<section class="wall-lab">
		<header><h2><span>${place}</span> ${plain(say(hand.lab.title))}</h2>
			${view.paused_at > 0 && html`<${StateChip} state=${view.state} paused />`}
			<p class=${left < 0 ? "wall-left over" : "wall-left"}>${left >= 0 ? t("wall.left", { n: left }) : t("wall.over", { n: -left })}</p></header>
		<ol>${sums.map((sum, index) => {
			const task = hand.lab.tasks[index];
			return html`<li key=${sum.key}><span class="wall-task"><b>${task.optional ? "◇" : index + 1}</b><span>${plain(say(task.title))}</span></span>
				<progress max=${Math.max(1, sum.present)} value=${sum.done} aria-label=${plain(say(task.title))}></progress>
				<span class="wall-done">${sum.done} / ${sum.present}</span></li>`;
		})}</ol>
	</section>`;
}
