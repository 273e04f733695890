/** One course: its labs, the machines of a seat, and its template. */
import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { leads } from "../state/session.js";
import { date, say, t } from "../text.js";
import { toastProblem } from "./toasts.js";
import { WorkBar } from "./work-bar.js";

/** @typedef {import("../types.js").Course} Course */
/** @typedef {import("../types.js").Work} Work */
/** @typedef {import("../types.js").Template} Template */

/**
 * @param {{ course: Course, works: Work[], started: (work: Work) => void, finished: number }} props
 */
export function CourseCard({ course, works, started, finished }) {
	const work = works.find((one) => one.kind === "template" && one.object.startsWith(course.id));
	return html`<article class="card course">
		<div class="course-main">
			<h2>${say(course.title)} <span class="help">${t("courses.version", { v: course.version })}</span></h2>
			${course.summary && html`<p>${say(course.summary)}</p>`}
			${html`<h3>${t("courses.labs")}</h3><ol class="course-labs">
				${course.labs.map((lab) => html`<li key=${lab.id}><span>${say(lab.title)}</span>
					<span class="help">${t("lab.minutes", { n: lab.minutes })}${" · "}${t("courses.tasks", { n: lab.tasks })}</span></li>`)}</ol>`}
		</div>
		<div class="course-side">
			${html`<h3>${t("courses.machines")}</h3><ul class="course-machines">
				${course.machines.map((one) => html`<li key=${one.name}><b class="mono">${one.name}</b> <span class="help">${one.image}${` · ${one.memory_mib} MB`}</span></li>`)}</ul>`}
			<${ProofState} course=${course} />
			<${TemplateState} course=${course} work=${work} started=${started} finished=${finished} />
			${leads() && html`<p><a class="button" href="/classes/new">${t("courses.new-class")}</a></p>`}
		</div>
	</article>`;
}

/** @param {{ course: Course }} props */
function ProofState({ course }) {
	const proven = course.proven_at > 0;
	return html`<p class=${proven ? "state-line ok" : "state-line warn"}><span aria-hidden="true">${proven ? "✓" : "△"}</span>
		${proven ? t("courses.proven", { date: date(course.proven_at) }) : t("courses.not-proven")}</p>`;
}

/**
 * @param {{ course: Course, work?: Work, started: (work: Work) => void, finished: number }} props
 */
function TemplateState({ course, work, started, finished }) {
	const [templates, setTemplates] = useState(/** @type {Template[]} */ ([]));
	useEffect(() => {
		get("/templates").then(setTemplates, () => {});
	}, [finished]);
	const own = templates.filter((one) => one.course === course.id && one.version === course.version);
	const ready = own.length > 0 && own.every((one) => one.baked);
	function bake() {
		post(`/courses/${encodeURIComponent(course.id)}/bake`, { force: ready }).then(started, toastProblem);
	}
	return html`<div class="template-state">
		<p class=${ready ? "state-line ok" : "state-line warn"}><span aria-hidden="true">${ready ? "✓" : "△"}</span>
			${ready ? t("courses.template-ready") : t("courses.template-missing")}</p>
		${work && html`<${WorkBar} work=${work} />`}
		${leads() && work?.state !== "running" && html`<p><button type="button" class=${ready ? "" : "primary"} onClick=${bake}>
			${ready ? t("courses.rebake") : t("courses.bake")}</button></p>`}
	</div>`;
}
