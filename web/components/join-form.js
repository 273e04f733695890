/** Class code and name; a seat's own code or a join link knows the name, where the instructor gave one. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { isSeatless, join, session } from "../state/session.js";
import { t } from "../text.js";
import { isSeatCode } from "../state/code.js";
import { ProblemNote } from "./problem.js";
import { useSubmit } from "./use-submit.js";

const NAME_MAX = 100;

/** @param {{ token?: string, code?: string }} props token: of a join link; code: from the address on the wall */
export function JoinForm({ token, code: given = "" }) {
	const [code, setCode] = useState(given.toUpperCase());
	const [name, setName] = useState("");
	const own = !!token || isSeatCode(code);
	const account = isSeatless();
	const who = { name: account ? "" : name.trim() };
	const { busy, error, submit } = useSubmit(() => join(token ? { token, ...who } : { code: code.trim(), ...who }));
	return html`<form class="join" onSubmit=${submit}>
		${!token && html`<label for="code">${t("join.code")}</label>
			<input id="code" class="code-input" required autocomplete="off" autocapitalize="characters"
				spellcheck=${false} placeholder="HOSHI-742" value=${code} autofocus=${!given}
				aria-describedby="code-help"
				onInput=${(/** @type {any} */ e) => setCode(e.target.value)} />
			<p id="code-help" class="help">${t("join.code-help")}</p>`}
		${account ? html`<p role="status">${t("join.as", { name: session.value?.person.name })}</p>` : html`<label for="name">${t("join.name")}</label>`}
		${own && !account && html`<p class="help" role="status">${t("join.name-known")}</p>`}
		${!account && html`<input id="name" class="large" required=${!own} maxlength=${NAME_MAX} autocomplete="name" value=${name}
			autofocus=${!!token || !!given} onInput=${(/** @type {any} */ e) => setName(e.target.value)} />`}
		<${ProblemNote} error=${error} words=${token ? { "not-found": t("join.old-link"), unauthenticated: t("join.account") }
			: own ? { "not-found": t("join.used"), unauthenticated: t("join.account") }
				: { "not-found": t("join.unknown"), unauthenticated: t("join.account"), conflict: t("join.full"), denied: t("join.own-codes") }} />
		<button type="submit" class="primary large" aria-disabled=${busy ? "true" : undefined}>
			${busy ? t("join.busy") : t("join.join")}</button>
	</form>`;
}
