/** Whose rows, of which class, since when. */
import { html } from "../html.js";
import { t } from "../text.js";
import { useLoaded } from "./use-loaded.js";

/** Days that are offered; 0: all. */
const SPANS = /** @type {const} */ ([1, 7, 30, 0]);

/**
 * @param {{ filter: import("../pages/audit.js").Filter,
 *	narrow: (change: Partial<import("../pages/audit.js").Filter>) => void }} props
 */
export function AuditFilter({ filter, narrow }) {
	const { value: classes } = useLoaded("/classes?closed=1");
	return html`<form class="filter" onSubmit=${(/** @type {Event} */ e) => e.preventDefault()}>
		<div><label for="audit-actor">${t("audit.actor")}</label>
			<input id="audit-actor" value=${filter.actor} placeholder=${t("audit.anybody")} spellcheck=${false}
				onChange=${(/** @type {any} */ e) => narrow({ actor: e.target.value.trim() })} /></div>
		<div><label for="audit-class">${t("audit.class")}</label>
			<select id="audit-class" value=${filter.class}
				onChange=${(/** @type {any} */ e) => narrow({ class: e.target.value })}>
				<option value="">${t("audit.any-class")}</option>
				${classes?.map((/** @type {import("../types.js").Class} */ one) => html`<option key=${one.id}
					value=${String(one.id)}>${one.id} · ${one.name}</option>`)}</select></div>
		<fieldset><legend>${t("audit.since")}</legend><div class="segments">
			${SPANS.map((days) => html`<button type="button" key=${days} aria-pressed=${filter.days === days}
				onClick=${() => narrow({ days })}>${t(`audit.days-${days}`)}</button>`)}</div></fieldset>
	</form>`;
}
