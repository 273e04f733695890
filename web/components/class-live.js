/** A class that is open: figures, the matrix, and the drawer of the seat that was chosen. */
import { useMemo, useState } from "preact/hooks";
import { html } from "../html.js";
import { drawerSplit, roomLook } from "../settings.js";
import { figures, matches } from "../state/room.js";
import { duration, number, t } from "../text.js";
import { Attention } from "./attention.js";
import { EveryoneBar } from "./everyone-bar.js";
import { Matrix } from "./matrix.js";
import { RoomFilter } from "./room-filter.js";
import { RoomGrid } from "./room-grid.js";
import { SeatDrawer } from "./seat-drawer.js";
import { Splitter } from "./splitter.js";
import { useCalm } from "./use-calm.js";

/**
 * @param {{ view: import("../types.js").ClassFull, head: any, selected: number | null,
 *	select: (seat: number | null) => void }} props
 */
export function ClassLive({ view, head, selected, select }) {
	const [filter, setFilter] = useState({ text: "", organisation: 0 });
	const seat = view.seat.find((one) => one.id === selected);
	/** Who came by keyboard goes on from the same seat. */
	function close() {
		/** @type {HTMLElement | null} */ (document.querySelector(".room [aria-pressed=true]:is(.seat-button, .place)"))?.focus();
		select(null);
	}
	const found = useMemo(() => {
		const seats = view.seat.filter((one) => matches(one, filter));
		return seats.length === view.seat.length ? view : { ...view, seat: seats };
	}, [view, filter]);
	return html`<div class="class-live">
		${head}
		<div><${Figures} view=${view} /><${EveryoneBar} view=${view} select=${select} /></div>
		<div class=${seat ? "class-split with-drawer" : "class-split"} style=${{ "--drawer": `${drawerSplit.value}%` }}>
			<div class="room"><${RoomFilter} view=${view} filter=${filter} setFilter=${setFilter} found=${found.seat.length} />
				${roomLook.value === "seats" ? html`<${RoomGrid} view=${found} selected=${selected} select=${select} />`
					: html`<${Matrix} view=${found} selected=${selected} select=${select} />`}</div>
			${seat && html`<${Splitter} share=${drawerSplit} of="right" low=${28} high=${75} usual=${48} label=${t("seat.splitter")} />`}
			${seat ? html`<${SeatDrawer} key=${seat.id} view=${view} seat=${seat} close=${close} />`
				: html`<${Attention} view=${found} all=${view} select=${select} />`}
		</div>
	</div>`;
}

/** @param {{ value: string, label: string, tone?: string }} props */
function Figure({ value, label, tone = "" }) {
	return html`<div class="figure ${tone}"><dd>${value}</dd><dt>${label}</dt></div>`;
}

/** @param {{ view: import("../types.js").ClassFull }} props */
function Figures({ view }) {
	const calm = useCalm(view, 500);
	const now = useMemo(() => figures(calm), [calm]);
	const took = view.ready_ms && now.ready === view.seats ? ` · ${t("class.took", { time: duration(view.ready_ms) })}` : "";
	return html`<dl class="figures">
		<${Figure} value=${`${now.ready} / ${view.seats}`} label=${t("class.figure-ready") + took} />
		<${Figure} value=${number(now.joined)} label=${t("class.figure-joined")} />
		<${Figure} value=${`${number(now.share * 100)}%`} label=${t("class.figure-done")} />
		<${Figure} value=${number(now.hands)} label=${t("class.figure-hands")} tone=${now.hands ? "alert" : ""} />
		${now.broken > 0 && html`<${Figure} value=${number(now.broken)} label=${t("class.figure-broken")} tone="warn" />`}
	</dl>`;
}
