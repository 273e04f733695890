/** The left half: labs, the open lab's guide, its tasks in their places. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { language } from "../settings.js";
import { say, t } from "../text.js";
import { CatchUpBar } from "./catch-up-bar.js";
import { Dialog } from "./dialog.js";
import { Guide } from "./guide.js";
import { Hanamaru } from "./hanamaru.js";
import { useKeptFocus } from "./kept-focus.js";
import { LabRail } from "./lab-rail.js";
import { ProblemNote } from "./problem.js";
import { Spinner } from "./spinner.js";
import { Task } from "./task.js";
import { TaskList } from "./task-list.js";
import { TaskSteps } from "./task-steps.js";
import { toast } from "./toasts.js";

/** @typedef {import("../types.js").Lab} Lab */

/**
 * @param {{ view: import("../types.js").Workspace, setView: (change: (view: any) => any) => void,
 *	reload: () => void, type: (text: string) => void }} props
 */
export function GuidePane({ view, setView, reload, type }) {
	const first = view.labs.find((lab) => lab.id === view.seat.lab) ??
		view.labs.find((lab) => lab.open) ?? view.labs[0];
	const [chosen, setChosen] = useState(first?.id);
	const lab = view.labs.find((one) => one.id === chosen) ?? first;
	const seat = view.seat.id;
	const known = useRef(view.seat.lab);
	/** The instructor opened a lab for all, the seat is being caught up, or it happened in another tab: the page goes along. */
	useEffect(() => {
		const now = view.labs.find((one) => one.id === view.seat.lab);
		if (now && view.seat.lab !== known.current && now.id !== chosen) {
			setChosen(now.id);
			if (!view.seat.catch_up) toast(t("lab.moved", { lab: say(now.title) }));
		}
		known.current = view.seat.lab;
	}, [view.seat.lab]);
	/** Tasks tick by themselves in the seat's current lab only. @param {string} id */
	function choose(id) {
		setChosen(id);
		if (id !== view.seat.lab && view.labs.find((one) => one.id === id)?.open) {
			post(`/seats/${seat}/labs/${encodeURIComponent(id)}/open`).catch(() => {});
		}
	}
	if (!lab) return html`<section class="guide"><p>${t("workspace.no-labs")}</p></section>`;
	return html`<section class="guide" aria-label=${t("workspace.guide")}>
		<${CatchUpBar} seat=${view.seat} labs=${view.labs} />
		<${LabRail} labs=${view.labs} current=${lab.id} choose=${choose} />
		<${LabSheet} key=${lab.id} view=${view} lab=${lab} setView=${setView} reload=${reload} type=${type}
			choose=${choose} />
	</section>`;
}

/** @param {Lab} lab */
const isComplete = (lab) => lab.tasks.every((task) => task.optional || task.progress?.done);

/**
 * @param {{ view: import("../types.js").Workspace, lab: Lab, setView: (change: (view: any) => any) => void,
 *	reload: () => void, type: (text: string) => void, choose: (id: string) => void }} props
 */
function LabSheet({ view, lab, setView, reload, type, choose }) {
	const [placed, setPlaced] = useState(/** @type {Set<string> | null} */ (null));
	const seat = view.seat.id;
	const begun = lab.open || lab.id === view.seat.lab;
	const required = lab.tasks.filter((task) => !task.optional);
	const next = required.find((task) => !task.progress?.done);
	const marks = new Map(lab.tasks.map((task) => [task.id, task.optional ? "◇" : required.indexOf(task) + 1]));
	const unplaced = placed ? lab.tasks.filter((task) => !placed.has(task.id)) : [];

	/** @param {string} id */
	function show(id) {
		const task = lab.tasks.find((one) => one.id === id);
		if (!task || !begun) return null;
		const now = next ? task === next : !task.progress?.done;
		return html`<${Task} key=${id} seat=${seat} lab=${lab.id} task=${task} mark=${marks.get(id)} now=${now}
			paused=${view.class.paused_at > 0} setView=${setView} />`;
	}
	const sheet = useRef(/** @type {HTMLElement | null} */ (null));
	useKeptFocus(sheet, (element) => element.querySelector("h1"));
	return html`<div class="guide-scroll">
		${begun && html`<${TaskSteps} tasks=${lab.tasks} marks=${marks} next=${next?.id} />`}
		<article class="sheet" ref=${sheet}>
			<p class="lab-line">${t("lab.number", { n: view.labs.indexOf(lab) + 1, total: view.labs.length })}
				<span>${t("lab.minutes", { n: lab.minutes })}</span></p>
			<h1 tabindex="-1">${say(lab.title)}</h1>
			${!lab.open && html`<${OpenLab} seat=${view.seat} lab=${lab} paused=${view.class.paused_at > 0} opened=${reload} />`}
			<${LabGuide} seat=${seat} lab=${lab.id} type=${type} task=${show} onPlaced=${setPlaced} />
			${begun && unplaced.length > 0 && html`<${TaskList} tasks=${unplaced} show=${show} />`}
			${!next && required.length > 0 && html`<${Hanamaru} choose=${choose}
				next=${view.labs[view.labs.indexOf(lab) + 1]} all=${view.labs.every(isComplete)} />`}
		</article>
	</div>`;
}

/**
 * @param {{ seat: number, lab: string, type: (text: string) => void, task: (id: string) => any,
 *	onPlaced: (ids: Set<string>) => void }} props
 */
function LabGuide({ seat, lab, type, task, onPlaced }) {
	const [guide, setGuide] = useState("");
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const lang = language.value;
	function load() {
		get(`/seats/${seat}/labs/${encodeURIComponent(lab)}?language=${lang}`).then((view) => {
			setGuide(view.guide);
			setError(null);
		}, setError);
	}
	useEffect(load, [seat, lab, lang]);
	if (error) return html`<${ProblemNote} error=${error} retry=${load} />`;
	if (!guide) return null;
	return html`<${Guide} html=${guide} type=${type} task=${task} onPlaced=${onPlaced} />`;
}

/**
 * A lab is opened by its student: that prepares the machines. After a reset the current one is opened
 * again by the daemon.
 * @param {{ seat: import("../types.js").Seat, lab: Lab, paused: boolean, opened: () => void }} props
 */
function OpenLab({ seat, lab, paused, opened }) {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const [asking, setAsking] = useState(false);
	/** @param {boolean} reset the student knows that the machines are made anew */
	async function open(reset) {
		if (busy) return;
		setBusy(true);
		setError(null);
		try {
			await post(`/seats/${seat.id}/labs/${encodeURIComponent(lab.id)}/open`, { reset });
		} catch (problem) {
			setError(problem);
		}
		opened();
		setBusy(false);
	}
	if (lab.id === seat.lab && !error && !busy) {
		return html`<p class="lab-again" role="status"><${Spinner} /> ${t("lab.opening")}</p>`;
	}
	return html`<div class="open-lab">
		<p>${t("lab.open-text", { tasks: lab.tasks.filter((task) => !task.optional).length })}</p>
		${lab.resets && html`<p><strong>${t("lab.open-resets")}</strong></p>`}
		<${ProblemNote} error=${error} />
		<button type="button" class="primary large" aria-disabled=${busy ? "true" : undefined}
			disabled=${paused || seat.state !== "ready"}
			onClick=${() => (lab.resets ? setAsking(true) : open(false))}>
			${busy ? html`<${Spinner} /> ${t("lab.opening")}` : lab.resets ? t("lab.reset-open") : t("lab.open")}</button>
		${seat.state !== "ready" && html`<p class="help">${t("lab.wait")}</p>`}
		${asking && html`<${Dialog} title=${t("lab.reset-title", { lab: say(lab.title) })} danger
			confirm=${t("lab.reset-open")} onClose=${() => setAsking(false)} onConfirm=${() => void open(true)}>
			<p>${t("lab.reset-lost", { machines: seat.machines.map((one) => one.name).join(", ") })}</p>
			<p>${t("reset.stays")}</p>
		<//>`}
	</div>`;
}
