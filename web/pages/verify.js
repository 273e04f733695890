/** Anybody who holds a certificate asks here whether it is real. */
import { useEffect, useState } from "preact/hooks";
import { get, Problem } from "../api.js";
import { days } from "../components/certificate.js";
import { ProblemNote } from "../components/problem.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { navigate } from "../router.js";
import { language } from "../settings.js";
import { say, t } from "../text.js";

/** @typedef {import("../types.js").Confirmed} Confirmed */

/** @param {{ code?: string }} props */
export function VerifyPage({ code = "" }) {
	const [typed, setTyped] = useState(code);
	const [found, setFound] = useState(/** @type {Confirmed | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	useTitle(t("verify.title"));
	useEffect(() => {
		setFound(null);
		setError(null);
		if (code) get(`/certificates/${encodeURIComponent(code)}`).then(setFound, setError);
	}, [code]);
	/** @param {Event} event */
	function ask(event) {
		event.preventDefault();
		navigate(`/verify/${encodeURIComponent(typed.trim())}`);
	}
	const unknown = error instanceof Problem && error.status === 404;
	return html`<div class="page page-narrow verify"><h1>${t("verify.title")}</h1>
		<form onSubmit=${ask}><label for="verify-code">${t("verify.code")}</label>
			<span class="verify-line"><input id="verify-code" class="mono" value=${typed} maxlength="40" autocomplete="off" spellcheck=${false}
				autocapitalize="characters" placeholder="XXXX-XXXX-XXXX" onInput=${(/** @type {any} */ e) => setTyped(e.target.value)} />
			<button type="submit" class="primary" disabled=${!typed.trim()}>${t("verify.ask")}</button></span></form>
		<div role="status">${found && html`<${Yes} found=${found} />`}
			${unknown && html`<section class="card verify-no"><h2>${t("verify.no")}</h2><p>${t("verify.no-text")}</p></section>`}</div>
		${!unknown && html`<${ProblemNote} error=${error} />`}</div>`;
}

/** @param {{ found: Confirmed }} props */
function Yes({ found }) {
	return html`<section class="card verify-yes"><h2><span aria-hidden="true">✓</span> ${t("verify.yes")}</h2>
		<dl class="facts"><div><dt>${t("results.name")}</dt><dd>${found.name}</dd></div>
			<div><dt>${t("verify.course")}</dt><dd>${say(found.title)}</dd></div>
			<div><dt>${t("verify.date")}</dt><dd>${days(found, language.value)}</dd></div>
			${found.site && html`<div><dt>${t("verify.site")}</dt><dd>${found.site}</dd></div>`}
			<div><dt>${t("certificates.code")}</dt><dd class="mono">${found.code}</dd></div></dl></section>`;
}
