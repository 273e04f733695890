/** The front page: students join a class here; staff sign in beside it. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { JoinForm } from "../components/join-form.js";
import { SignInForm } from "../components/sign-in-form.js";
import { language } from "../settings.js";
import { session, wasSignedOut } from "../state/session.js";
import { loadSite, site } from "../state/site.js";
import { t } from "../text.js";

/** @param {{ token?: string, code?: string }} props token: of a join link; code: from the address on the wall */
export function FrontPage({ token, code }) {
	useEffect(() => {
		document.title = "Terakoya";
		loadSite();
	}, []);
	const notice = site.value?.notice[language.value];
	return html`<div class="front">
		${notice && html`<p class="front-notice">${notice}</p>`}
		${wasSignedOut.value && html`<p class="front-note" role="status">${t("session.ended")}</p>`}
		<section class="front-join">
			${site.value && site.value.name !== "Terakoya" && html`<p class="front-site">${site.value.name}</p>`}
			<p class="front-motto">${t("front.motto")}</p>
			<h1>${t("front.title")}</h1>
			<${JoinForm} token=${token} code=${code} />
			<p class="front-check"><a href="/check">${t("precheck.link")}</a></p>
		</section>
		${!token && !session.value && html`<section class="front-staff" aria-labelledby="staff-title">
			<h2 id="staff-title">${t("sign-in.title")}</h2>
			<${SignInForm} />
		</section>`}
	</div>`;
}
