/**
 * The design system: every token and component in each of its states, by day and by night, drawn by the page's own
 * components and style sheets. What a new page needs is found here; what it cannot find does not exist yet.
 */
import { Cells, Places, Tables, Tags } from "../components/design-room.js";
import { Badges, Banners, Notes, Progress, Tabs, Tasks } from "../components/design-signs.js";
import { Buttons, Dialogs, Fields, Toasts } from "../components/design-controls.js";
import { Elsewhere, Things } from "../components/design-things.js";
import { Colours, Space, Type } from "../components/design-tokens.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { t } from "../text.js";

/** @type {["light", "dark"]} */
const THEMES = ["light", "dark"];

/** @type {[string, any][]} parts, each shown by day and by night */
const PARTS = [["colours", Colours], ["space", Space], ["buttons", Buttons], ["fields", Fields], ["dialogs", Dialogs], ["badges", Badges],
	["banners", Banners], ["notes", Notes], ["toasts", Toasts], ["progress", Progress], ["tabs", Tabs], ["tables", Tables],
	["cells", Cells], ["tags", Tags], ["places", Places], ["tasks", Tasks], ["things", Things]];

/** @param {string} part @param {string} [end] */
const words = (part, end = "") => t(/** @type {import("../text.js").Key} */ (`design.${part}${end}`));

/** @param {{ part: string, children: any }} props */
function Section({ part, children }) {
	return html`<section class="design-section" aria-labelledby=${`design-${part}`}>
		<div class="design-about"><h2 id=${`design-${part}`}>${words(part)}</h2><p>${words(part, "-about")}</p></div>
		<div class="design-pair">${children}</div></section>`;
}

export function DesignPage() {
	useTitle(t("design.title"));
	return html`<div class="page design">
		<h1>${t("design.title")}</h1>
		<p class="design-intro">${t("design.intro")}</p>
		<nav class="design-parts" aria-label=${t("design.parts")}><ul>${["type", ...PARTS.map(([part]) => part), "elsewhere"].map((part) => html`<li
			key=${part}><a href=${`#design-${part}`}>${words(part)}</a></li>`)}</ul></nav>
		<${Section} part="type"><div class="design-sheet"><${Type} lang="en" /></div><div class="design-sheet"><${Type} lang="ja" /></div><//>
		${PARTS.map(([part, Part]) => html`<${Section} key=${part} part=${part}>${THEMES.map((theme) => html`<div key=${theme}
			class="design-sheet" data-theme=${theme} role="group" aria-label=${t(`theme.${theme}`)}><${Part} theme=${theme} /></div>`)}<//>`)}
		<section class="design-section" aria-labelledby="design-elsewhere"><div class="design-about"><h2 id="design-elsewhere">${words("elsewhere")}</h2>
			<p>${words("elsewhere", "-about")}</p></div><${Elsewhere} /></section>
	</div>`;
}
