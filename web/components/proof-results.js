/** What a test found out: a line for every promise, and what checks and machines took. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Said } from "../said.js";
import { saidToAuthors } from "../said-to-authors.js";
import { bytes, duration, moment, number, t } from "../text.js";

/** @typedef {import("../types.js").Proof} Proof */

/** @param {{ proof: Proof }} props */
export function ProofResults({ proof }) {
	const broken = proof.results.filter((one) => !one.ok).length;
	const [only, setOnly] = useState(false);
	const lines = only ? proof.results.filter((one) => !one.ok) : proof.results;
	return html`<div class="proof-results">
		<${Verdict} proof=${proof} broken=${broken} />
		${broken > 0 && html`<p><label class="check"><input type="checkbox" checked=${only}
			onChange=${() => setOnly(!only)} /> ${t("proof.only-broken")}</label></p>`}
		${lines.length > 0 && html`<${Lines} lines=${lines} follow=${proof.running} />`}
		${!proof.running && proof.checks.length > 0 && html`<${Took} proof=${proof} />`}
	</div>`;
}

/** @param {{ proof: Proof, broken: number }} props */
function Verdict({ proof, broken }) {
	const kept = number(proof.results.length - broken);
	if (proof.running) return html`<p role="status">${t("proof.so-far", { kept, broken: number(broken) })}</p>`;
	const run = { seeds: proof.seeds, seats: proof.seats, time: duration(proof.took_ms), at: moment(proof.at) };
	return html`<p role="status" class=${proof.passed ? "state-line ok" : "state-line bad"}><span aria-hidden="true">${proof.passed ? "✓" : "✕"}</span>
			<strong>${proof.passed ? t("proof.passed", { n: kept }) : t("proof.failed", { n: number(broken) })}</strong></p>
		<p class="help">${t("proof.run", run)}${!proof.whole && ` ${t("proof.in-part")}`}</p>
		${!proof.current && html`<p class="state-line warn"><span aria-hidden="true">△</span> ${t("proof.other")}</p>`}`;
}

/**
 * As TAP has them, in the order in which they came; while more come, the last are in view.
 * @param {{ lines: Proof["results"], follow: boolean }} props
 */
function Lines({ lines, follow }) {
	const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
	useEffect(() => {
		if (follow && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
	}, [lines.length, follow]);
	return html`<div class="table-frame proof-lines" ref=${frame} tabindex="0" role="region" aria-label=${t("proof.lines")}>
		<table class="table"><thead><tr><th scope="col">${t("proof.holds")}</th><th scope="col">${t("proof.promise")}</th>
			<th scope="col" class="number">${t("proof.seed")}</th><th scope="col" class="number">${t("proof.seat")}</th></tr></thead>
		<tbody>${lines.map((one, index) => html`<tr key=${index} class=${one.ok ? "" : "broken"}>
			<td class="mono">${one.ok ? "ok" : "not ok"}</td>
			<td><${Said} text=${one.promise} by=${saidToAuthors} />${one.why && html`<${Why} text=${one.why} />`}</td>
			<td class="number">${one.seed}</td><td class="number">${one.seat || "–"}</td></tr>`)}</tbody></table></div>`;
}

/** One complaint or several. @param {{ text: string }} props */
function Why({ text }) {
	return text.split(/; (?!the seat went)/).map((one, i) => html`<p key=${i} class="proof-why"><${Said} text=${one} by=${saidToAuthors} /></p>`);
}

/** @param {{ proof: Proof }} props */
function Took({ proof }) {
	return html`<details><summary>${t("proof.took")}</summary>
		<div class="table-frame"><table class="table"><thead><tr><th scope="col">${t("proof.check")}</th>
			<th scope="col" class="number">${t("proof.runs")}</th><th scope="col" class="number">p50 ms</th>
			<th scope="col" class="number">p95 ms</th><th scope="col" class="number">${t("proof.most")}</th></tr></thead>
		<tbody>${proof.checks.map((one) => html`<tr key=${`${one.lab}/${one.task}`}>
			<td class="mono">${one.lab ? `${one.lab}/${one.task}` : t("proof.all-checks")}</td><td class="number">${number(one.count)}</td>
			<td class="number">${number(one.p50_ms)}</td><td class="number">${number(one.p95_ms)}</td>
			<td class="number">${number(one.most_ms)}</td></tr>`)}</tbody></table></div>
		<div class="table-frame"><table class="table"><thead><tr><th scope="col">${t("proof.machine")}</th>
			<th scope="col" class="number">${t("host.memory")}</th><th scope="col" class="number">${t("host.disk")}</th></tr></thead>
		<tbody>${proof.machines.map((one) => html`<tr key=${one.name}><td class="mono">${one.name}</td>
			<td class="number">${bytes(one.memory_bytes)}</td><td class="number">${bytes(one.disk_bytes)}</td></tr>`)}</tbody></table></div>
	</details>`;
}
