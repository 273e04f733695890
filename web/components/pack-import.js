/** A pack's archive, chosen here and installed there; what is wrong with it, with file and line. */
import { useState } from "preact/hooks";
import { Problem, upload } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { ProblemNote } from "./problem.js";

/** @typedef {{ id: string, version: string }} Pack */

/** @param {{ imported: () => void }} props */
export function PackImport({ imported }) {
	const [busy, setBusy] = useState(false);
	const [pack, setPack] = useState(/** @type {Pack | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	/** @param {Event} event */
	async function send(event) {
		const input = /** @type {HTMLInputElement} */ (event.currentTarget);
		const file = input.files?.[0];
		if (!file) return;
		setBusy(true);
		setPack(null);
		setError(null);
		try {
			setPack(await upload("/packs", file));
			imported();
		} catch (failure) {
			setError(failure);
		}
		input.value = ""; /* the same file, mended, can be chosen again */
		setBusy(false);
	}
	return html`<section class="card"><h2>${t("courses.import")}</h2>
		<p><label>${t("courses.import-file")} <input type="file" accept=".tar.gz,.tgz,application/gzip" disabled=${busy} onChange=${send} /></label></p>
		<p class="help" role="status">${busy ? t("courses.importing") : pack ? t("courses.imported", pack) : t("courses.import-help")}</p>
		<${Refusal} error=${error} />
	</section>`;
}

/**
 * The archive's fault in the daemon's words; or all that lint finds in the pack.
 * @param {{ error: unknown }} props
 */
function Refusal({ error }) {
	const findings = error instanceof Problem ? error.findings : [];
	if (!findings.length) return html`<${ProblemNote} error=${error} />`;
	return html`<div class="problem" role="alert"><p><strong>${t("courses.import-findings")}</strong></p>
		<ul lang="en">${findings.map((one, i) => html`<li key=${i}><span class="mono">${one.file}${one.line > 0 && `:${one.line}`}</span>
			${" "}${one.message}</li>`)}</ul></div>`;
}
