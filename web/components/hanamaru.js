/** The flower-shaped circle that teachers draw in vermilion under work that is complete. */
import { html } from "../html.js";
import { say, t } from "../text.js";

/**
 * @param {{ next: import("../types.js").Lab | undefined, all: boolean, choose: (id: string) => void }} props
 *	next: the lab after this one; all: nothing is left in any lab
 */
export function Hanamaru({ next, all, choose }) {
	const then = all ? "tasks.complete-all" : next ? "tasks.complete-text" : "tasks.complete-last";
	return html`<div class="hanamaru" role="status">
		<svg viewBox="0 0 100 100" width="72" height="72" aria-hidden="true"><g fill="none"
			stroke="currentColor" stroke-width="3.200" stroke-linecap="round">
			<path d="M52 50c-2-4-8-2-8 3s8 9 14 4 4-17-6-20-22 5-21 18 14 22 28 18 21-17 16-30-20-18-30-15" />
			<path d="M26 31c-8-6-5-17 6-16 2-11 17-13 22-4 9-7 21-1 19 9 11 0 16 13 8 20 9 6 5 20-6 20 1 10-11 17-19 11-5 9-19 8-22-2-11 3-20-7-15-16-10-4-8-20 7-22z" />
		</g></svg>
		<p><strong>${t("tasks.complete")}</strong><br />${t(then)}</p>
		${next && !all && html`<button type="button" onClick=${() => choose(next.id)}>${say(next.title)} →</button>`}
	</div>`;
}
