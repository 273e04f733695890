/** Automatic, light, dark: one button that goes round. */
import { html } from "../html.js";
import { theme } from "../settings.js";
import { t } from "../text.js";
import { Icon } from "./icon.js";

/** @type {import("../settings.js").Theme[]} */
const ORDER = ["auto", "light", "dark"];
/** @type {Record<import("../settings.js").Theme, "half" | "sun" | "moon">} */
const MARKS = { auto: "half", light: "sun", dark: "moon" };

export function ThemeSwitch() {
	const now = theme.value;
	const label = t("theme.label", { theme: t(`theme.${now}`) });
	function change() {
		theme.value = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
	}
	return html`<button type="button" class="quiet icon" title=${label} aria-label=${label}
		onClick=${change}><${Icon} name=${MARKS[now]} /></button>`;
}
