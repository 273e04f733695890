/** Certificates of attendance of a class: issued, looked at, printed one on a sheet, revoked. */
import { useState } from "preact/hooks";
import { remove } from "../api.js";
import { Paper } from "../components/certificate.js";
import { CertificateForm } from "../components/certificate-form.js";
import { Dialog } from "../components/dialog.js";
import { ProblemNote } from "../components/problem.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").Certificate} Certificate */

/** @param {{ id: string }} props */
export function CertificatesPage({ id }) {
	const path = `/classes/${id}/certificates`;
	const { value: view, error } = useLoaded(`/classes/${id}`);
	const { value: all, error: unread, load, setValue } = useLoaded(path);
	const [revoking, setRevoking] = useState("");
	useTitle(t("certificates.title"));
	if (!view || !all) return html`<div class="page page-narrow"><${ProblemNote} error=${error ?? unread} retry=${load} /></div>`;
	return html`<div class="page certificates">
		<div class="page-head"><h1>${t("certificates.title")}</h1><a href=${`/classes/${id}/results`}>${view.name}</a></div>
		<p class="certificates-about">${t("certificates.about")}</p>
		${all.seats.length > 0 && html`<${CertificateForm} view=${view} all=${all} changed=${setValue} revoke=${setRevoking} />`}
		${all.seats.length === 0 && html`<div class="empty"><p><strong>${view.results_removed_at ? t("results.gone")
			: t("certificates.empty")}</strong></p></div>
			${all.certificates.length > 0 && html`<p><button type="button" onClick=${() => print()}>
				${t("certificates.print", { n: all.certificates.length })}</button></p>`}`}
		${revoking && html`<${Dialog} title=${t("certificates.revoke-title")} danger confirm=${t("certificates.revoke")}
			onConfirm=${() => remove(`${path}/${revoking}`).then(load)} onClose=${() => setRevoking("")}>
			<p>${t("certificates.revoke-text", { code: revoking })}</p><//>`}
		${all.certificates.length > 0 && html`<section class="papers" aria-label=${t("certificates.preview")}>
			${all.certificates.map((/** @type {Certificate} */ one) => html`<${Paper} key=${one.code} one=${one} />`)}</section>`}
	</div>`;
}
