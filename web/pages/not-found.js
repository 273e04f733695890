/** No such page, or none for this person. */
import { html } from "../html.js";
import { home } from "../state/session.js";
import { t } from "../text.js";

export function NotFoundPage() {
	return html`<div class="page page-narrow">
		<h1>${t("not-found.title")}</h1>
		<p>${t("not-found.text")}</p>
		<p><a href=${home()}>${t("not-found.home")}</a></p>
	</div>`;
}
