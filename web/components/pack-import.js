/** A pack's archive, chosen here and installed there; what is wrong with it, with file and line. */
import { useState } from "preact/hooks";
import { Problem, upload } from "../api.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { saidToAuthors } from "../said-to-authors.js";
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
	return html`<section class="card"><h2>${t("packs.import")}</h2>
		<p><label>${t("packs.import-file")} <input type="file" accept=".tar.gz,.tgz,application/gzip" disabled=${busy} onChange=${send} /></label></p>
		<p class="help" role="status">${busy ? t("packs.importing") : pack ? t("packs.imported", pack) : t("packs.import-help")}</p>
		<${Refusal} error=${error} />
	</section>`;
}

/**
 * Lint says in one sentence what it found, and what it expected.
 * @param {string} message
 */
function parts(message) {
	const at = message.lastIndexOf("; expected ");
	return at < 0 ? { found: message, expected: "" } : { found: message.slice(0, at), expected: message.slice(at + 11) };
}

/**
 * The archive's fault in the daemon's words; or all that lint finds in the pack.
 * @param {{ error: unknown }} props
 */
function Refusal({ error }) {
	const findings = error instanceof Problem ? error.findings : [];
	if (!findings.length) return html`<${ProblemNote} error=${error} />`;
	return html`<div class="problem" role="alert"><p><strong>${t("packs.import-findings", { n: findings.length })}</strong></p></div>
		<div class="table-frame"><table class="table findings-table"><thead><tr>
			<th scope="col">${t("packs.finding-file")}</th><th scope="col" class="number">${t("packs.finding-line")}</th>
			<th scope="col">${t("packs.finding-found")}</th><th scope="col">${t("packs.finding-expected")}</th></tr></thead>
		<tbody>${findings.map((one, i) => html`<${Finding} key=${i} finding=${one} />`)}</tbody></table></div>`;
}

/** @param {{ finding: { file: string, line: number, message: string } }} props */
function Finding({ finding }) {
	const { found, expected } = parts(finding.message);
	return html`<tr><td class="mono">${finding.file}</td><td class="number">${finding.line || "–"}</td>
		<td><${Said} text=${found} by=${saidToAuthors} /></td>
		<td>${expected ? html`<${Said} text=${expected} by=${saidToAuthors} />` : "–"}</td></tr>`;
}
