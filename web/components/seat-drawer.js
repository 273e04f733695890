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
	const [writing, setWriting] = useState(false);
	const [resetting, setResetting] = useState(/** @type {import("../types.js").Machine | null} */ (null));
	const [catching, setCatching] = useState(false);
	const head = useRef(/** @type {HTMLHeadingElement | null} */ (null));
	useEffect(() => head.current?.focus({ preventScroll: true }), []);
	const pad = String(seat.number).padStart(2, "0");
	return html`<aside class="drawer" aria-labelledby="drawer-title"
		onKeyDown=${(/** @type {KeyboardEvent} */ e) => e.key === "Escape" && !inTerminal(e) && close()}>
		<header class="drawer-head">
			<h2 id="drawer-title" tabindex="-1" ref=${head} title=${seat.name}><span class="seat-number">${pad}</span>
				${seat.name || t("class.free")}</h2>
			<span class="spacer"></span>
			<button type="button" onClick=${() => setWriting(true)}>${t("message.button")}</button>
			<button type="button" class="quiet icon" aria-label=${t("seat.close")} onClick=${close}>×</button>
		</header>
		${seat.hand > 0 && html`<${Hand} seat=${seat} />`}
		<${CatchUpBar} seat=${seat} labs=${labs} />
		<${SeatTerminal} seat=${seat} paused=${view.paused_at > 0} onReset=${setResetting} />
		<section class="drawer-part"><h3>${t("seat.machines")}</h3>
			<ul>${seat.machines.map((machine) => html`<${MachineRow} key=${machine.id} seat=${seat.id}
				machine=${machine} paused=${view.paused_at > 0} reset=${() => setResetting(machine)} />`)}</ul></section>
		<section class="drawer-part"><h3>${t("seat.tasks")}</h3><${TaskTimes} seat=${seat} labs=${labs} />
			<p><button type="button" class="small" disabled=${view.paused_at > 0 || (!!seat.catch_up && !seat.catch_up.message)}
				onClick=${() => setCatching(true)}>${t("catch-up.button-seat")}</button></p></section>
		<section class="drawer-part"><h3>${t("seat.attempts")}</h3>
			<${AttemptList} seat=${seat} labs=${labs} /></section>
		<section class="drawer-part"><h3>${t("seat.who")}</h3><${SeatWho} seat=${seat} /></section>
		<section class="drawer-part"><h3>${t("seat.link")}</h3><${JoinLink} seat=${seat.id} />
			<p><a href=${`/seats/${seat.id}`}>${t("seat.workspace")}</a></p></section>
		<section class="drawer-part"><h3>${t("seat.ssh")}</h3><${SeatSsh} seat=${seat.id} /></section>
		${catching && html`<${CatchUpDialog} seat=${seat} labs=${labs} done=${doneOf(seat)} onClose=${() => setCatching(false)} />`}
		${writing && html`<${MessageDialog} view=${view} seat=${seat} onClose=${() => setWriting(false)} />`}
		${resetting && html`<${ResetDialog} seat=${seat} machine=${resetting} onClose=${() => setResetting(null)} />`}
	</aside>`;
}

/** @param {Seat} seat */
const doneOf = (seat) => new Set((seat.progress ?? []).filter((row) => row.done).map((row) => `${row.lab}/${row.task}`));

/** Escape belongs to the shell there. @param {KeyboardEvent} event */
const inTerminal = (event) => event.target instanceof Element && !!event.target.closest(".xterm");

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
