/** Whether the log is what was written: asked for by a button, since it reads all of it. */
import { useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { number, t } from "../text.js";
import { ProblemNote } from "./problem.js";
import { Spinner } from "./spinner.js";

/** @typedef {import("../types.js").AuditChain} AuditChain */

export function AuditVerdict() {
	const [chain, setChain] = useState(/** @type {AuditChain | null} */ (null));
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	async function verify() {
		setBusy(true);
		setError(null);
		await get("/audit/verify").then(setChain, setError);
		setBusy(false);
	}
	return html`<section class="card verdict-card ${chain ? (chain.broken ? "broken" : "whole") : ""}">
		<div role="status"><p>${t("audit.about")}</p>
			${chain && (chain.broken ? html`<${Broken} chain=${chain} />` : html`<${Whole} chain=${chain} />`)}
			<${ProblemNote} error=${error} /></div>
		<button type="button" onClick=${verify} disabled=${busy}>${busy && html`<${Spinner} />`}${t("audit.verify")}</button>
	</section>`;
}

/** @param {{ chain: AuditChain }} props */
function Whole({ chain }) {
	return html`<p class="verdict-line ok"><span aria-hidden="true">✓</span> ${t("audit.whole", { n: number(chain.rows) })}</p>
		${chain.first > 1 && html`<p class="help">${t("audit.forgotten", { n: number(chain.first - 1) })}</p>`}
		${chain.last > 0 && html`<p class="help">${t("audit.hash", { n: number(chain.last) })}<br /><code class="hash">${chain.hash}</code></p>`}`;
}

/** @param {{ chain: AuditChain }} props */
function Broken({ chain }) {
	return html`<p class="verdict-line bad"><span aria-hidden="true">✗</span> ${t("audit.broken", { n: number(chain.broken) })}</p>
		<p class="help">${t("audit.finding", { n: number(chain.broken) })}<${Said} text=${chain.finding} /></p>`;
}
