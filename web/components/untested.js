/** Stands before the launch of a course that has not passed its test: what that means, and a tick that nobody has made. */
import { useId } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../text.js";

/**
 * @param {{ course: string, version: string, checked: boolean, change: (checked: boolean) => void }} props course: its id
 */
export function Untested({ course, version, checked, change }) {
	const id = useId();
	return html`<section class="untested" aria-labelledby=${id}>
		<h3 id=${id}><span aria-hidden="true">△</span> ${t("untested.title")}</h3>
		<p>${t("untested.means")}</p>
		<p>${t("untested.remedy")} <a href=${`/packs/${encodeURIComponent(course)}/${encodeURIComponent(version)}`}>${course} ${version}</a></p>
		<label><input type="checkbox" checked=${checked}
			onChange=${(/** @type {any} */ e) => change(e.target.checked)} /><span>${t("untested.tick")}</span></label>
	</section>`;
}
