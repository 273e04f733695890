/** Login and password, for staff. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { signIn } from "../state/session.js";
import { t } from "../text.js";
import { ProblemNote } from "./problem.js";
import { useSubmit } from "./use-submit.js";

export function SignInForm() {
	const [login, setLogin] = useState("");
	const [password, setPassword] = useState("");
	const { busy, error, submit } = useSubmit(() => signIn(login, password));
	return html`<form class="sign-in" onSubmit=${submit}>
		<label for="login">${t("sign-in.login")}</label>
		<input id="login" required autocomplete="username" autocapitalize="none" spellcheck=${false}
			value=${login} onInput=${(/** @type {any} */ e) => setLogin(e.target.value)} />
		<label for="password">${t("sign-in.password")}</label>
		<input id="password" type="password" required autocomplete="current-password" value=${password}
			onInput=${(/** @type {any} */ e) => setPassword(e.target.value)} />
		<${ProblemNote} error=${error} words=${{ unauthenticated: t("sign-in.wrong") }} />
		<button type="submit" aria-disabled=${busy ? "true" : undefined}>${t("sign-in.sign-in")}</button>
	</form>`;
}
