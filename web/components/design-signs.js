/** What tells, in each of its states: for the page /design. */
import { useState } from "preact/hooks";
import { Problem } from "../api.js";
import { html } from "../html.js";
import { labs, progress, shells, task, work } from "../state/samples.js";
import { t } from "../text.js";
import { Banner } from "./banners.js";
import { Feedback } from "./feedback.js";
import { Gauge } from "./gauge.js";
import { Hanamaru } from "./hanamaru.js";
import { LabRail } from "./lab-rail.js";
import { ProblemNote } from "./problem.js";
import { Spinner } from "./spinner.js";
import { StateChip } from "./state-chip.js";
import { Task } from "./task.js";
import { TerminalTabs } from "./terminal-tabs.js";
import { Untested } from "./untested.js";
import { WorkBar } from "./work-bar.js";

/** @typedef {{ theme: string }} Themed ids have to differ in the two themes */

/** @type {import("../types.js").ClassState[]} */
const CLASS_STATES = ["draft", "preparing", "prepared", "open", "freezing", "frozen", "resuming", "closing", "closed"];
const GB = 2 ** 30;

export function Badges() {
	return html`<div class="design-stack">
		<p class="design-line">${CLASS_STATES.map((state) => html`<${StateChip} key=${state} state=${state} />`)}
			<${StateChip} state="open" paused /></p>
		<p class="design-line"><span class="chip">${t("people.role-assistant")}</span><span class="chip info">${t("people.role-instructor")}</span>
			<span class="chip ok">${t("images.built")}</span><span class="chip warn">${t("packs.untested")}</span>
			<span class="chip bad">${t("packs.not-baked")}</span><span class="count">12</span></p></div>`;
}

export function Banners() {
	return html`<div class="design-stack">
		<div><${Banner} tone="warn" mark="↻">${t("banner.cut")}<//><${Banner} tone="bad" mark="!">${t("banner.libvirt")}<//>
			<${Banner} tone="quiet" mark="△">${t("banner.tcg")} <a href="/host">${t("banner.tcg-more")}</a><//></div>
		<${ProblemNote} error=${new Problem("capacity", 507, "30 seats need 11.2 GB of memory; 8.4 GB are free")} retry=${() => {}} />
	</div>`;
}

/** What an untested course asks for, and what is empty. */
export function Notes() {
	const [checked, setChecked] = useState(false);
	return html`<div class="design-stack">
		<${Untested} course="linux-intro" version="1.0.0" checked=${checked} change=${setChecked} />
		<div class="empty"><p><strong>${t("classes.empty")}</strong></p><p>${t("classes.empty-text")}</p></div></div>`;
}

export function Progress() {
	return html`<div class="design-stack">
		<${WorkBar} work=${work({})} />
		<${WorkBar} work=${work({ state: "done", took_ms: 74_000 })} />
		<${WorkBar} work=${work({ state: "failed", message: "mmdebstrap ended with 25: the mirror does not answer" })} />
		<${Gauge} label=${t("new.memory")} needed=${4.1 * GB} free=${18.2 * GB} />
		<${Gauge} label=${t("new.disk")} needed=${30 * GB} free=${22 * GB} />
		<p class="design-line"><${Spinner} /> ${t("precheck.running")}</p></div>`;
}

/** @param {{ names: string[] }} props one of them is chosen */
function Segments({ names }) {
	const [chosen, choose] = useState(0);
	return html`<div class="segments" role="group" aria-label=${t("room.look")}>${names.map((name, index) => html`<button type="button"
		key=${name} aria-pressed=${index === chosen} onClick=${() => choose(index)}>${name}</button>`)}</div>`;
}

export function Tabs() {
	const [lab, setLab] = useState("lab-1");
	const [front, setFront] = useState("1/1");
	return html`<div class="design-stack">
		<div class="terminal design-terminal"><${TerminalTabs} machines=${shells.machines} shells=${shells.list} current=${front}
			choose=${(/** @type {any} */ one) => setFront(`${one.machine}/${one.number}`)} change=${() => {}} /></div>
		<div class="design-line"><${Segments} names=${[t("room.matrix"), t("room.seats")]} />
			<${Segments} names=${[t("audit.days-1"), t("audit.days-7"), t("audit.days-30"), t("audit.days-0")]} /></div>
		<${LabRail} labs=${labs()} current=${lab} choose=${setLab} /></div>`;
}

/** What a student is given to do; not to be pressed here, there is no machine behind it. @param {Themed} props */
export function Tasks({ theme }) {
	const given = { seat: 0, lab: "first", mark: 2, setView: () => {} };
	const verdict = { code: 0, feedback: null, points: 0, newly_done: false, duration_ms: 0, error: null };
	const hints = [{ cost: 1, text: { en: "Quotes keep a space in a name.", ja: "引用符で囲むと、名前に空白を入れられます。" } }, { cost: 2 }];
	const options = [{ en: "Read", ja: "読み取り" }, { en: "Write", ja: "書き込み" }];
	return html`<div class="design-stack">
		<div inert><${Task} ...${given} task=${task(`${theme}-now`, { hints })} now />
			<${Task} ...${given} mark="3" task=${task(`${theme}-quiz`, { kind: "quiz", options, optional: true })} now=${false} />
			<${Task} ...${given} task=${task(`${theme}-done`, { progress: progress({ done: true, points: 5 }) })} now=${false} />
			<${Task} ...${given} task=${task(`${theme}-helped`, { progress: progress({ done: true, caught_up: true }) })} now=${false} /></div>
		<div><${Feedback} verdict=${{ ...verdict, verdict: "pass" }} /></div>
		<div><${Feedback} verdict=${{ ...verdict, verdict: "not-yet" }} /></div>
		<div><${Feedback} verdict=${{ ...verdict, verdict: "error", error: "exit status 127: no such program" }} /></div>
		<${Hanamaru} next=${undefined} all choose=${() => {}} /></div>`;
}
