/** A student's place: the guide on the left, the machine on the right. */
import { useEffect, useRef, useState } from "preact/hooks";
import { GuidePane } from "../components/guide-pane.js";
import { MessageCard } from "../components/message-card.js";
import { KeysDialog } from "../components/keys-dialog.js";
import { ProblemNote } from "../components/problem.js";
import { Splitter } from "../components/splitter.js";
import { TerminalPane } from "../components/terminal-pane.js";
import { useLive } from "../components/use-live.js";
import { NIGHT, WorkspaceNight, WorkspacePaused } from "../components/workspace-night.js";
import { WorkspaceBar } from "../components/workspace-bar.js";
import { html } from "../html.js";
import { split } from "../settings.js";
import { listenForShortcuts } from "../shortcuts.js";
import { reduceWorkspace } from "../state/reduce.js";
import { shellExtra } from "../state/shell.js";
import { say, t } from "../text.js";

/** Events come in bursts. */
const RELOAD_MS = 200;

/** @typedef {import("../types.js").Workspace} Workspace */

/** @param {{ id: string }} props */
export function WorkspacePage({ id }) {
	const { view, error, load, setView } = useLive(`/seats/${id}/workspace`, `?seat=${id}`,
		/** @type {typeof reduceWorkspace} */ (reduceWorkspace));
	useEffect(() => () => {
		shellExtra.value = null;
	}, []);
	useEffect(() => {
		if (!view) return;
		document.title = `${say(view.class.title)} · Terakoya`;
		shellExtra.value = html`<${WorkspaceBar} view=${view} />`;
	}, [view]);

	useEffect(() => {
		if (!view?.stale) return;
		const timer = setTimeout(load, RELOAD_MS);
		return () => clearTimeout(timer);
	}, [view?.stale, view?.seat]);

	if (error && !view) return html`<div class="page page-narrow"><${ProblemNote} error=${error} retry=${load} /></div>`;
	if (!view) return html`<div class="page" aria-busy="true"></div>`;
	if (view.class.state === "closed" || view.class.state === "closing") return html`<${Over} view=${view} />`;
	if (NIGHT.includes(view.class.state)) return html`<${WorkspaceNight} view=${view} />`;
	return html`<div class="workspace-page"><${WorkspacePaused} view=${view} />
		<${Halves} view=${view} setView=${setView} reload=${load} /></div>`;
}

/** As the bar on top counts. @param {import("../types.js").Lab} lab */
const required = (lab) => lab.tasks.filter((task) => !task.optional);

/** @param {{ view: Workspace }} props */
function Over({ view }) {
	return html`<div class="page page-narrow">
		<h1>${t("workspace.over")}</h1>
		<p>${t("workspace.over-text", { points: view.seat.points, done: view.seat.done })}</p>
		<ol class="over-labs">${view.labs.map((lab) => html`<li key=${lab.id}><span>${say(lab.title)}</span>
			<span>${required(lab).filter((task) => task.progress?.done).length} / ${required(lab).length}</span></li>`)}</ol>
	</div>`;
}

/** @param {{ view: Workspace, setView: (change: (view: any) => any) => void, reload: () => void }} props */
function Halves({ view, setView, reload }) {
	const terminal = useRef(/** @type {import("../terminal/screen.js").Screen | null} */ (null));
	const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
	const [side, setSide] = useState(/** @type {"guide" | "terminal"} */ ("guide"));
	useEffect(() => {
		frame.current?.style.setProperty("--guide", `${split.value}fr`);
		frame.current?.style.setProperty("--terminal", `${100 - split.value}fr`);
	}, [split.value]);

	useEffect(() => {
		/** @type {HTMLElement | null} where one was in the guide */
		let left = null;
		return listenForShortcuts(() => {
			const at = /** @type {HTMLElement | null} */ (document.activeElement), inside = at?.closest(".terminal");
			setSide(inside ? "guide" : "terminal");
			if (!inside) {
				left = at?.closest(".guide") ? at : left;
				terminal.current?.focus();
			} else if (left?.isConnected) left.focus();
			else /** @type {HTMLElement | null} */ (document.querySelector(".task.now [id^=title-]") ??
				document.querySelector(".guide h1"))?.focus();
		});
	}, []);

	/** @param {string} text */
	function type(text) {
		setSide("terminal");
		terminal.current?.type(text);
	}
	return html`<div class="workspace" ref=${frame} data-side=${side}>
		<div class="sides" role="group" aria-label=${t("workspace.sides")}>
			${/** @type {("guide" | "terminal")[]} */ (["guide", "terminal"]).map((one) => html`<button
				type="button" aria-pressed=${side === one} onClick=${() => setSide(one)}>
				${t(`workspace.${one}`)}</button>`)}
		</div>
		<${GuidePane} view=${view} setView=${setView} reload=${reload} type=${type} />
		<${Splitter} share=${split} of="left" low=${20} high=${75} usual=${42} label=${t("workspace.splitter")} />
		<${TerminalPane} seat=${view.seat} labs=${view.labs} paused=${!!view.class.paused_at} screen=${terminal} />
		<${KeysDialog} />
		<${MessageCard} seat=${view.seat.id} messages=${view.messages} setView=${setView} />
	</div>`;
}
