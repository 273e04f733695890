/** A new account, or another name and role for one that is there. */
import { useState } from "preact/hooks";
import { patch, post, request } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {import("../types.js").Account} Account */
/** @typedef {import("../types.js").Organisation} Organisation */

const ROLES = /** @type {const} */ (["admin", "instructor", "assistant", "observer", "student"]);
const LOGIN = "[A-Za-z0-9][A-Za-z0-9._\\-]*";

/**
 * @param {{ account?: Account, accounts: Account[], onClose: () => void }
 *	& import("./account-table.js").Told} props account undefined: a new one
 */
export function AccountDialog({ account, accounts, reload, made, onClose }) {
	const [login, setLogin] = useState(account?.login ?? "");
	const [name, setName] = useState(account?.name ?? "");
	const [role, setRole] = useState(/** @type {string} */ (account?.role ?? "instructor"));
	const [organisation, setOrganisation] = useState(account?.organisation?.name ?? "");
	const { value: organisations } = useLoaded("/organisations");
	const taken = !account && accounts.some((one) => one.login === login.trim().toLowerCase());
	const path = `/accounts/${encodeURIComponent(login.trim())}`;

	/** Whose people an observer sees; one that is not there yet is made. Others see by class. */
	async function organisationId() {
		const wanted = organisation.trim();
		if (role !== "observer" || !wanted) return 0;
		const known = organisations?.find((/** @type {Organisation} */ one) => one.name === wanted);
		return (known ?? await post("/organisations", { name: wanted })).id;
	}
	async function save() {
		const wanted = { name: name.trim(), role, organisation: await organisationId() };
		if (account) await patch(path, wanted);
		else {
			const reply = await request("PUT", path, wanted);
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
		${role === "observer" && html`<div><label for="account-organisation">${t("people.organisation")}</label>
			<input id="account-organisation" value=${organisation} list="organisations" maxlength="100" autocomplete="off"
				aria-describedby="account-organisation-help" onInput=${(/** @type {any} */ e) => setOrganisation(e.target.value)} />
			<datalist id="organisations">${organisations?.map((/** @type {Organisation} */ one) => html`<option key=${one.id}
				value=${one.name}></option>`)}</datalist>
			<p id="account-organisation-help" class="help">${t("people.organisation-help")}</p></div>`}
	<//>`;
}
