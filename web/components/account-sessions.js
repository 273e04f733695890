/** Where one person is signed in; each session, or all, can be ended. */
import { remove } from "../api.js";
import { html } from "../html.js";
import { moment, t } from "../text.js";
import { Dialog } from "./dialog.js";
import { ProblemNote } from "./problem.js";
import { toastProblem } from "./toasts.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {import("../types.js").AccountSession} AccountSession */

/**
 * @param {{ account: import("../types.js").Account, onClose: () => void }
 *	& import("./account-table.js").Told} props
 */
export function AccountSessions({ account, reload, onClose }) {
	const path = `/accounts/${encodeURIComponent(account.login)}/sessions`;
	const { value, error, load } = useLoaded(path);
	/** @param {AccountSession} one */
	const end = (one) => remove(`${path}?session=${one.id}`).then(() => {
		load();
		reload();
	}, toastProblem);
	return html`<${Dialog} title=${t("people.sessions-title", { name: account.name })} confirm=${t("people.end-all")} danger
		disabled=${value?.length === 0} onConfirm=${() => remove(path).then(reload)} onClose=${onClose}>
		<${ProblemNote} error=${error} retry=${load} />
		<p>${t("people.sessions-text")}</p>
		<ul class="session-list">${value?.map((/** @type {AccountSession} */ one) => html`<li key=${one.id}>
			<span><b>${t("people.since", { time: moment(one.created_at) })}</b>
				<span class="help">${t("people.seen", { time: moment(one.seen_at) })}</span></span>
			${one.current ? html`<span class="chip info">${t("people.this-one")}</span>`
				: html`<button type="button" class="small" onClick=${() => end(one)}>${t("people.end")}</button>`}</li>`)}</ul>
	<//>`;
}
