/** Accounts, one in each row, with what can be done to them. */
import { useState } from "preact/hooks";
import { post, remove } from "../api.js";
import { html } from "../html.js";
import { session } from "../state/session.js";
import { moment, number, t } from "../text.js";
import { AccountDialog } from "./account-dialog.js";
import { AccountSessions } from "./account-sessions.js";
import { Dialog } from "./dialog.js";

/** @typedef {import("../types.js").Account} Account */
/** @typedef {{ reload: () => void, made: (made: import("../pages/people.js").Made) => void }} Told */

/** @type {Record<string, string>} */
const TONES = { admin: "warn", instructor: "info" };

/**
 * What would end the session that asks is left to another admin, or to the command line.
 * @param {Account} account
 */
const guard = (account) => (account.id === session.value?.person.id ? { disabled: true, title: t("people.own") } : {});

/** @param {{ accounts: Account[] } & Told} props */
export function AccountTable({ accounts, reload, made }) {
	const [asked, setAsked] = useState(/** @type {{ what: string, account: Account } | null} */ (null));
	/** @param {string} what @param {Account} account */
	const ask = (what, account) => () => setAsked({ what, account });
	const close = () => setAsked(null);
	const told = { reload, made, onClose: close };
	return html`<div class="table-frame"><table class="table accounts">
		<thead><tr><th scope="col">${t("people.name")}</th><th scope="col">${t("people.role")}</th>
			<th scope="col" class="number">${t("people.classes")}</th><th scope="col">${t("people.sessions")}</th>
			<th><span class="visually-hidden">${t("people.acts")}</span></th></tr></thead>
		<tbody>${accounts.map((one) => html`<tr key=${one.login}>
			<th scope="row">${one.name}<span class="account-login">${one.login}</span></th>
			<td><span class="chip ${TONES[one.role] ?? ""}">${t(`people.role-${one.role}`)}</span>${
				one.role === "observer" && html`<span class="account-login">${one.organisation?.name ?? t("people.no-organisation")}</span>`}</td>
			<td class="number">${one.classes > 0 ? number(one.classes) : html`<span class="help">–</span>`}</td>
			<td>${one.sessions > 0 ? html`<button type="button" class="link" onClick=${ask("sessions", one)}>${
				t("people.signed-in", { n: one.sessions })}</button> <span class="help">${
				t("people.seen", { time: moment(one.seen_at) })}</span>` : html`<span class="help">${t("people.away")}</span>`}</td>
			<td><div class="acts"><button type="button" class="small" onClick=${ask("change", one)}>${t("people.change")}</button>
				<button type="button" class="small" ...${guard(one)}
					onClick=${ask("password", one)}>${t("people.password")}</button>
				<button type="button" class="small danger" ...${guard(one)}
					onClick=${ask("remove", one)}>${t("people.remove")}</button></div></td></tr>`)}</tbody>
	</table></div>
	${asked?.what === "sessions" && html`<${AccountSessions} account=${asked.account} ...${told} />`}
	${asked?.what === "change" && html`<${AccountDialog} account=${asked.account} accounts=${accounts} ...${told} />`}
	${asked?.what === "password" && html`<${PasswordDialog} account=${asked.account} ...${told} />`}
	${asked?.what === "remove" && html`<${RemoveDialog} account=${asked.account} ...${told} />`}`;
}

/** @param {{ account: Account, onClose: () => void } & Told} props */
function PasswordDialog({ account, made, reload, onClose }) {
	const confirm = () => post(`/accounts/${encodeURIComponent(account.login)}/password`).then((reply) => {
		made({ login: account.login, password: reply.password });
		reload();
	});
	return html`<${Dialog} title=${t("people.password-title", { name: account.name })} confirm=${t("people.password-confirm")}
		onConfirm=${confirm} onClose=${onClose}>
		<p>${t("people.password-text")}</p>
		${account.sessions > 0 && html`<p>${t("people.ends", { n: account.sessions })}</p>`}<//>`;
}

/** @param {{ account: Account, onClose: () => void } & Told} props */
function RemoveDialog({ account, reload, onClose }) {
	return html`<${Dialog} title=${t("people.remove-title", { name: account.name })} confirm=${t("people.remove")} danger
		onConfirm=${() => remove(`/accounts/${encodeURIComponent(account.login)}`).then(reload)} onClose=${onClose}>
		<p>${t("people.remove-text")}</p>
		${account.classes > 0 && html`<p>${t("people.remove-classes", { n: account.classes })}</p>`}
		${account.sessions > 0 && html`<p>${t("people.ends", { n: account.sessions })}</p>`}<//>`;
}
