/** The bar on top, the banners below it, and what the page is about. */
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { path } from "../router.js";
import { home, isAdmin, isStaff, session, signOut } from "../state/session.js";
import { shellExtra } from "../state/shell.js";
import { t } from "../text.js";
import { Banners } from "./banners.js";
import { isLost } from "./kept-focus.js";
import { LanguageSwitch } from "./language-switch.js";
import { ThemeSwitch } from "./theme-switch.js";

/** @type {[string, import("../text.js").Key][]} */
const PLACES = [["/classes", "nav.classes"], ["/packs", "nav.packs"], ["/images", "nav.images"], ["/host", "nav.host"]];
/** @type {typeof PLACES} */
const ADMIN_PLACES = [["/people", "nav.people"], ["/audit", "nav.audit"], ["/settings", "nav.settings"]];

function Places() {
	return html`<nav class="places" aria-label=${t("nav.label")}>
		${[...PLACES, ...(isAdmin() ? ADMIN_PLACES : [])].map(([to, key]) => html`<a href=${to}
			aria-current=${path.value.startsWith(to) ? "page" : undefined}>${t(key)}</a>`)}
	</nav>`;
}

function Person() {
	if (!session.value) return null;
	return html`<span class="person">${session.value.person.name}</span>
		<button type="button" class="quiet" onClick=${signOut}>${t("session.sign-out")}</button>`;
}

/** @param {{ children: any }} props */
export function Shell({ children }) {
	const main = useRef(/** @type {HTMLElement | null} */ (null));
	const shown = useRef(path.value);
	useEffect(() => { // another page: by keyboard one goes on at its beginning
		if (shown.current !== path.value && isLost()) main.current?.focus({ preventScroll: true });
		shown.current = path.value;
	}, [path.value]);
	return html`
		<a class="skip" href="#main">${t("nav.skip")}</a>
		<header class="bar">
			<a class="brand" href=${session.value ? home() : "/"}><img src="/mark.svg" alt="" width="28"
				height="28" /><span>Terakoya</span></a>
			${isStaff() && html`<${Places} />`}
			<div class="bar-extra">${shellExtra.value}</div>
			<${LanguageSwitch} />
			<${ThemeSwitch} />
			<${Person} />
		</header>
		<${Banners} />
		<main id="main" tabindex="-1" ref=${main}>${children}</main>`;
}
