/** Things of single pages that need no class behind them, and where all others are seen: for the page /design. */
import { html } from "../html.js";
import { findings } from "../state/check.js";
import { ELSEWHERE } from "../state/elsewhere.js";
import { builds, machine, progress, task } from "../state/samples.js";
import { t } from "../text.js";
import { CheckRow } from "./check-row.js";
import { ImageCopies } from "./image-copies.js";
import { MachineRow } from "./machine-row.js";
import { TaskSteps } from "./task-steps.js";

/** One of each level. */
const TRIED = findings({ cookies: true, storage: false, server: false }).filter((one) => ["browser", "cookies", "storage", "server"].includes(one.what));

/** What acts is not to be pressed here: nothing is behind it. @param {{ theme: string }} props ids differ in the two themes */
export function Things({ theme }) {
	const steps = [task(`${theme}-one`, { progress: progress({ done: true }) }), task(`${theme}-two`, {}), task(`${theme}-three`, { optional: true })];
	return html`<div class="design-stack">
		<div inert><${TaskSteps} tasks=${steps} marks=${new Map(steps.map((one, at) => [one.id, at + 1]))} next=${`${theme}-two`} /></div>
		<ul class="check-list">${TRIED.map((finding) => html`<${CheckRow} key=${finding.what} finding=${finding} />`)}</ul>
		<ul inert>${[machine(1, "ready"), machine(2, "failed")].map((one) => html`<${MachineRow} key=${one.id} seat=${0} machine=${one}
			paused=${false} reset=${() => {}} />`)}</ul>
		<div inert><${ImageCopies} image=${builds} reload=${() => {}} /></div></div>`;
}

/** What needs a class, a seat or a host with something on it is seen where that is; a test holds the list against the folder. */
export function Elsewhere() {
	return html`<div class="table-frame"><table class="table"><thead><tr><th scope="col">${t("design.elsewhere-page")}</th>
			<th scope="col">${t("design.elsewhere-parts")}</th></tr></thead>
		<tbody>${ELSEWHERE.map(({ address, components }) => html`<tr key=${address}>
			<td>${address.includes("{") || address === "*" ? html`<code>${address}</code>` : html`<a href=${address}>${address}</a>`}</td>
			<td class="design-names">${components.map((name) => html`<code key=${name}>${name}</code> `)}</td></tr>`)}</tbody></table></div>`;
}
