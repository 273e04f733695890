/** A new account, or another name and role for one that is there. */
import { useState } from "preact/hooks";
import { patch, request } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @typedef {import("../types.js").Account} Account */

const ROLES = /** @type {const} */ (["admin", "instructor", "assistant", "observer"]);
const LOGIN = "[A-Za-z0-9][A-Za-z0-9._\\-]*";

/**
 * @param {{ account?: Account, accounts: Account[], onClose: () => void }
 *	& import("./account-table.js").Told} props account undefined: a new one
 */
export function AccountDialog({ account, accounts, reload, made, onClose }) {
	const [login, setLogin] = useState(account?.login ?? "");
	const [name, setName] = useState(account?.name ?? "");
	const [role, setRole] = useState(/** @type {string} */ (account?.role ?? "instructor"));
	const taken = !account && accounts.some((one) => one.login === login.trim().toLowerCase());
	const path = `/accounts/${encodeURIComponent(login.trim())}`;

	async function save() {
		if (account) await patch(path, { name: name.trim(), role });
		else {
			const reply = await request("PUT", path, { name: name.trim(), role });
			made({ login: login.trim().toLowerCase(), password: reply.password });
		}
		reload();
	}
	return html`<${Dialog} title=${account ? t("people.change-title", { name: account.name }) : t("people.new")}
		confirm=${account ? t("people.save") : t("people.create")} disabled=${!login.trim() || !name.trim() || taken}
		onConfirm=${save} onClose=${onClose}>
		${!account && html`<div><label for="account-login">${t("people.login")}</label>
			<input id="account-login" class="mono" value=${login} pattern=${LOGIN} maxlength="64" autocomplete="off"
				autocapitalize="none" spellcheck=${false} autofocus aria-describedby="account-login-help"
				onInput=${(/** @type {any} */ e) => setLogin(e.target.value)} />
			<p id="account-login-help" class=${taken ? "help wrong" : "help"}>${taken ? t("people.taken") : t("people.login-help")}</p></div>`}
		<div><label for="account-name">${t("people.name")}</label>
			<input id="account-name" value=${name} maxlength="100" autocomplete="off"
				onInput=${(/** @type {any} */ e) => setName(e.target.value)} /></div>
		<fieldset class="choice roles"><legend>${t("people.role")}</legend>
			${ROLES.map((one) => html`<label key=${one}><input type="radio" name="role" checked=${role === one}
				onChange=${() => setRole(one)} /><span><b>${t(`people.role-${one}`)}</b><br /><span class="help">${t(`people.can-${one}`)}</span></span></label>`)}</fieldset>
		${account && account.sessions > 0 && role !== account.role && html`<p>${t("people.ends", { n: account.sessions })}</p>`}
	<//>`;
}
