/** How much of what is free something needs, in bytes; another colour where it does not fit. */
import { html } from "../html.js";
import { bytes, t } from "../text.js";

/** @param {{ label: string, needed: number, free: number }} props */
export function Gauge({ label, needed, free }) {
	const over = needed > free;
	return html`<div class="gauge"><div class="gauge-line"><span>${label}</span>
			<span>${t("new.of-free", { needed: bytes(needed), free: bytes(free) })}</span></div>
		<meter class=${over ? "over" : ""} min="0" max=${Math.max(free, 1)} value=${Math.min(needed, free)}
			aria-label=${label}></meter></div>`;
}
