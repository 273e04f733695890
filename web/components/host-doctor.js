/** What is wrong with the host and what to do about it, as `terakoya doctor` says it there. */
import { html } from "../html.js";
import { Said } from "../said.js";
import { t, tOr } from "../text.js";
import { ProblemNote } from "./problem.js";
import { Spinner } from "./spinner.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {import("../types.js").DoctorCheck} DoctorCheck */
/** @typedef {import("../types.js").DoctorReport} DoctorReport */

const MARKS = { ok: "✓", warn: "△", fail: "✕" };
const CHIPS = { ok: "ok", warn: "warn", fail: "bad" };

export function HostDoctor() {
	const { value, error, load, setValue } = useLoaded("/host/doctor");
	const report = /** @type {DoctorReport | null} */ (value);
	function again() {
		setValue(null);
		load();
	}
	return html`<section class="card doctor">
		<div class="doctor-head"><h2>${t("doctor.title")}</h2><span class="spacer"></span>
			<button type="button" class="small" onClick=${again} disabled=${!report}>${t("doctor.again")}</button></div>
		<p role="status">${report ? verdict(report) : html`<${Spinner} /> ${t("doctor.looking")}`}</p>
		<${ProblemNote} error=${error} retry=${load} />
		${report && html`<${Checks} checks=${report.checks} />`}
	</section>`;
}

/** @param {DoctorReport} report */
function verdict({ failures, warnings }) {
	if (failures) return t("doctor.fail", { n: failures });
	return warnings ? t("doctor.warn", { n: warnings }) : t("doctor.ok");
}

/** Those that are not well are open to read; the others can be.
 * @param {{ checks: DoctorCheck[] }} props */
function Checks({ checks }) {
	const well = checks.filter((one) => one.verdict === "ok");
	return html`<ul class="doctor-checks">
			${checks.filter((one) => one.verdict !== "ok").map((one) => html`<${Check} key=${one.id} check=${one} />`)}</ul>
		${well.length > 0 && html`<details><summary>${t("doctor.well", { n: well.length })}</summary>
			<ul class="doctor-checks">${well.map((one) => html`<${Check} key=${one.id} check=${one} />`)}</ul></details>`}`;
}

/** @param {{ check: DoctorCheck }} props */
function Check({ check }) {
	const { id, title, verdict, found, means, remedy, fixable } = check;
	return html`<li>
		<h3><span class="chip ${CHIPS[verdict]}"><span aria-hidden="true">${MARKS[verdict]}</span> ${t(`doctor.mark-${verdict}`)}</span>
			${tOr(`doctor.check.${id}`, title)}</h3>
		<p><${Said} text=${found} /></p>
		${means && html`<p class="help">${t("doctor.means")} <${Said} text=${means} /></p>`}
		${remedy && html`<p><strong>${t("doctor.remedy")}</strong> <${Said} text=${remedy} /></p>`}
		${fixable && html`<p class="help">${t("doctor.fixable")} <code>terakoya doctor --fix</code></p>`}
	</li>`;
}
