/** In the bar on top of a workspace: the course, how far one is, and the hand. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { isStaff } from "../state/session.js";
import { moment, say, t } from "../text.js";
import { endOf } from "./class-schedule.js";
import { Icon } from "./icon.js";
import { toastProblem } from "./toasts.js";

/** @param {{ view: import("../types.js").Workspace }} props */
export function WorkspaceBar({ view }) {
	const tasks = view.labs.flatMap((lab) => lab.tasks);
	const required = tasks.filter((task) => !task.optional);
	const done = required.filter((task) => task.progress?.done).length;
	const end = endOf(view.class);
	const points = tasks.reduce((sum, task) => sum + (task.progress?.points ?? 0), 0);
	return html`<span class="bar-course">${say(view.class.title)}</span>
		<span class="tally" title=${t("workspace.tally-title")}>
			<b>${done}</b> / ${required.length} <span class="tally-word">${t("workspace.tasks")}</span>
			<i aria-hidden="true"></i><b>${points}</b> <span class="tally-word">${t("workspace.points")}</span></span>
		${end && view.class.state === "open" && html`<span class="bar-end" role="status">${t("workspace.until", { time: moment(end.at) })}</span>`}
		<span class="spacer"></span>
		${!isStaff() && view.class.state === "open" && html`<${Hand} seat=${view.seat} />`}`;
}

/** @param {{ seat: import("../types.js").Seat }} props */
function Hand({ seat }) {
	const [busy, setBusy] = useState(false);
	const raised = !!seat.hand;
	async function toggle() {
		setBusy(true);
		await post(`/seats/${seat.id}/hand`, { raised: !raised }).catch(toastProblem);
		setBusy(false);
	}
	return html`<button type="button" class=${raised ? "hand raised" : "hand"} aria-pressed=${raised}
		disabled=${busy} onClick=${toggle}><${Icon} name="hand" />
		${raised ? t("hand.raised") : t("hand.raise")}</button>`;
}
