/** One seat beside the matrix: its terminal, its machines, its link, its last attempts. */
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { about, t } from "../text.js";
import { AttemptList } from "./attempt-list.js";
import { CatchUpBar } from "./catch-up-bar.js";
import { CatchUpDialog } from "./catch-up-dialog.js";
import { Icon } from "./icon.js";
import { JoinLink } from "./join-link.js";
import { MachineRow } from "./machine-row.js";
import { MessageDialog } from "./message-dialog.js";
import { ResetDialog } from "./reset-dialog.js";
import { SeatSsh } from "./seat-ssh.js";
import { SeatTerminal } from "./seat-terminal.js";
import { SeatWho } from "./seat-who.js";
import { TaskTimes } from "./task-times.js";
import { toast, toastProblem } from "./toasts.js";
import { useNow } from "./use-now.js";

/** @typedef {import("../types.js").Seat} Seat */

/**
 * @param {{ view: import("../types.js").ClassFull, seat: Seat, close: () => void }} props
 */
export function SeatDrawer({ view, seat, close }) {
	const { labs } = view;
	const paused = view.paused_at > 0;
	const [writing, setWriting] = useState(false);
	const [resetting, setResetting] = useState(/** @type {import("../types.js").Machine | null} */ (null));
	const [catching, setCatching] = useState(false);
	const [large, setLarge] = useState(false);
	const head = useRef(/** @type {HTMLHeadingElement | null} */ (null));
	useEffect(() => head.current?.focus({ preventScroll: true }), []);
	const pad = String(seat.number).padStart(2, "0");
	/** Its row can have the focus again only when it is seen again. */
	function leave() {
		setLarge(false);
		if (large) requestAnimationFrame(close);
		else close();
	}
	return html`<aside class=${large ? "drawer enlarged" : "drawer"} aria-labelledby="drawer-title"
		onKeyDown=${(/** @type {KeyboardEvent} */ e) => e.key === "Escape" && !isTheirs(e) && (large ? setLarge(false) : close())}>
		<header class="drawer-head">
			<h2 id="drawer-title" tabindex="-1" ref=${head} title=${seat.name}><span class="seat-number">${pad}</span>
				${seat.name || t("class.free")}</h2>
			<span class="spacer"></span>
			<button type="button" onClick=${() => setWriting(true)}>${t("message.button")}</button>
			<button type="button" class="quiet icon" aria-label=${t("seat.close")} onClick=${leave}>×</button>
		</header>
		${seat.hand > 0 && html`<${Hand} seat=${seat} />`}
		<${CatchUpBar} seat=${seat} labs=${labs} />
		<div class="drawer-body">
			<${SeatTerminal} seat=${seat} paused=${paused} large=${large} setLarge=${setLarge} onReset=${setResetting} />
			<${Parts} seat=${seat} labs=${labs} paused=${paused} onReset=${setResetting} onCatchUp=${() => setCatching(true)} />
		</div>
		${catching && html`<${CatchUpDialog} seat=${seat} labs=${labs} done=${doneOf(seat)} onClose=${() => setCatching(false)} />`}
		${writing && html`<${MessageDialog} view=${view} seat=${seat} onClose=${() => setWriting(false)} />`}
		${resetting && html`<${ResetDialog} seat=${seat} machine=${resetting} onClose=${() => setResetting(null)} />`}
	</aside>`;
}

/**
 * @param {{ seat: Seat, labs: import("../types.js").OutlineLab[], paused: boolean,
 *	onReset: (machine: import("../types.js").Machine) => void, onCatchUp: () => void }} props
 */
function Parts({ seat, labs, paused, onReset, onCatchUp }) {
	return html`<div class="drawer-parts">
		<section class="drawer-part"><h3>${t("seat.machines")}</h3>
			<ul>${seat.machines.map((machine) => html`<${MachineRow} key=${machine.id} seat=${seat.id}
				machine=${machine} paused=${paused} reset=${() => onReset(machine)} />`)}</ul></section>
		<section class="drawer-part"><h3>${t("seat.tasks")}</h3><${TaskTimes} seat=${seat} labs=${labs} />
			<p><button type="button" class="small" disabled=${paused || (!!seat.catch_up && !seat.catch_up.message)}
				onClick=${onCatchUp}>${t("catch-up.button-seat")}</button></p></section>
		<section class="drawer-part"><h3>${t("seat.attempts")}</h3>
			<${AttemptList} seat=${seat} labs=${labs} /></section>
		<section class="drawer-part"><h3>${t("seat.who")}</h3><${SeatWho} seat=${seat} /></section>
		<section class="drawer-part"><h3>${t("seat.link")}</h3><${JoinLink} seat=${seat.id} />
			<p><a href=${`/seats/${seat.id}`}>${t("seat.workspace")}</a></p></section>
		<section class="drawer-part"><h3>${t("seat.ssh")}</h3><${SeatSsh} seat=${seat.id} /></section>
	</div>`;
}

/** @param {Seat} seat */
const doneOf = (seat) => new Set((seat.progress ?? []).filter((row) => row.done).map((row) => `${row.lab}/${row.task}`));

/** Escape belongs to a shell, and to a question. @param {KeyboardEvent} event */
const isTheirs = (event) => event.target instanceof Element && !!event.target.closest(".xterm, dialog");

/** @param {{ seat: Seat }} props */
function Hand({ seat }) {
	const now = useNow(5000);
	/** @param {boolean} raised */
	const hand = (raised) => post(`/seats/${seat.id}/hand`, { raised });
	const lower = () => hand(false).then(() => toast(t("seat.hand-lowered", { n: seat.number }), "info",
		{ label: t("undo"), run: () => hand(true).catch(toastProblem) })).catch(toastProblem);
	return html`<p class="drawer-hand"><span class="with-icon"><${Icon} name="hand" />
			${t("seat.hand-since", { time: about(now - seat.hand) })}</span>
		<button type="button" class="small" onClick=${lower}>${t("seat.hand-lower")}</button></p>`;
}
