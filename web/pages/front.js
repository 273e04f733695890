/** The front page: students join a class here; staff sign in beside it. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { JoinForm } from "../components/join-form.js";
import { SignInForm } from "../components/sign-in-form.js";
import { wasSignedOut } from "../state/session.js";
import { t } from "../text.js";

/** @param {{ token?: string }} props token: of a join link */
export function FrontPage({ token }) {
	useEffect(() => {
		document.title = "Terakoya";
	}, []);
	return html`<div class="front">
		${wasSignedOut.value && html`<p class="front-note" role="status">${t("session.ended")}</p>`}
		<section class="front-join">
			<p class="front-motto">${t("front.motto")}</p>
			<h1>${t("front.title")}</h1>
			<${JoinForm} token=${token} />
		</section>
		${!token && html`<section class="front-staff" aria-labelledby="staff-title">
			<h2 id="staff-title">${t("sign-in.title")}</h2>
			<${SignInForm} />
		</section>`}
	</div>`;
}
