/** Who may sign in, as what, and where they are signed in; and the organisations that people belong to. */
import { useState } from "preact/hooks";
import { AccountDialog } from "../components/account-dialog.js";
import { AccountTable } from "../components/account-table.js";
import { CopyButton } from "../components/copy-button.js";
import { Organisations } from "../components/organisations.js";
import { ProblemNote } from "../components/problem.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {{ login: string, password: string }} Made a password that is shown once */

export function PeoplePage() {
	const { value, error, load } = useLoaded("/accounts");
	const [made, setMade] = useState(/** @type {Made | null} */ (null));
	const [adding, setAdding] = useState(false);
	useTitle(t("people.title"));
	return html`<div class="page"><div class="page-head"><h1>${t("people.title")}</h1><span class="spacer"></span>
			<button type="button" class="primary" onClick=${() => setAdding(true)}>${t("people.new")}</button></div>
		<div role="status">${made && html`<${MadePassword} made=${made} close=${() => setMade(null)} />`}</div>
		<${ProblemNote} error=${error} retry=${load} />
		${value?.length === 0 && html`<div class="empty"><p><strong>${t("people.empty")}</strong></p>
			<p>${t("people.empty-text")}</p></div>`}
		${value?.length > 0 && html`<${AccountTable} accounts=${value} reload=${load} made=${setMade} />`}
		${adding && html`<${AccountDialog} accounts=${value ?? []} reload=${load} made=${setMade} onClose=${() => setAdding(false)} />`}
		<${Organisations} changed=${load} />
	</div>`;
}

/** @param {{ made: Made, close: () => void }} props */
function MadePassword({ made, close }) {
	return html`<section class="card made-password">
		<p>${t("people.made", { login: made.login })}</p>
		<p class="made-line"><code>${made.password}</code> <${CopyButton} text=${made.password} /></p>
		<p class="help">${t("people.made-once")}</p>
		<button type="button" class="small" onClick=${close}>${t("people.made-close")}</button>
	</section>`;
}
