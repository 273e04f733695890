/** A class's name, state, code, and what can be done with it as a whole. */
import { useState } from "preact/hooks";
import { post, remove } from "../api.js";
import { html } from "../html.js";
import { navigate } from "../router.js";
import { leads } from "../state/session.js";
import { t } from "../text.js";
import { ClassPower } from "./class-power.js";
import { ClassNext } from "./class-schedule.js";
import { CloseDialog } from "./close-dialog.js";
import { Dialog } from "./dialog.js";
import { EveryoneDialog } from "./everyone-dialog.js";
import { JoinCode } from "./join-code.js";
import { MessageDialog } from "./message-dialog.js";
import { StaffDialog } from "./staff-dialog.js";
import { StateChip } from "./state-chip.js";
import { toastProblem } from "./toasts.js";
import { Untested } from "./untested.js";

/** @param {{ view: import("../types.js").ClassFull }} props */
export function ClassHead({ view }) {
	const [asking, setAsking] = useState(/** @type {"" | "close" | "everyone" | "launch" | "message" | "remove" | "staff"} */ (""));
	const [busy, setBusy] = useState(false);
	const idle = view.state === "draft" || view.state === "closed";
	const over = idle || view.state === "closing";
	async function launch() {
		setBusy(true);
		await post(`/classes/${view.id}/launch`).catch(toastProblem);
		setBusy(false);
	}
	async function removeIt() {
		await remove(`/classes/${view.id}`);
		navigate("/classes");
	}
	return html`<div class="class-head">
		<div class="class-name"><h1>${view.name}</h1><${StateChip} state=${view.state} paused=${view.paused_at > 0} /></div>
		<${ClassNext} view=${view} />
		${!over && html`<${JoinCode} view=${view} />`}
		<div class="class-acts">
			${view.state !== "draft" && html`<a class="button" href=${`/classes/${view.id}/results`}>${t("results.title")}</a>`}
			${leads() && html`<button type="button" onClick=${() => setAsking("staff")}>${t("staff.button")}</button>`}
			${leads() && !over && html`<a class="button" href=${`/classes/${view.id}/cards`}>${t("cards.open")}</a>`}
			${leads() && idle && html`<button type="button" onClick=${() => setAsking("remove")}>${t("class.remove")}</button>`}
			${leads() && html`<${ClassPower} view=${view} />`}
			${leads() && view.state === "draft" && html`<button type="button" class="primary" disabled=${busy}
				onClick=${() => (view.proven_at ? launch() : setAsking("launch"))}>${t("class.launch")}</button>`}
			${view.state === "open" && html`<button type="button" onClick=${() => setAsking("message")}>
				${t("message.button-all")}</button>`}
			${leads() && view.state === "open" && html`<button type="button" disabled=${view.everyone?.running || view.paused_at > 0}
				onClick=${() => setAsking("everyone")}>${t("everyone.button")}</button>`}
			${leads() && !over && html`<button type="button" class="danger"
				onClick=${() => setAsking("close")}>${t("class.close")}</button>`}
		</div>
		${asking === "launch" && html`<${LaunchDialog} view=${view} onClose=${() => setAsking("")} />`}
		${asking === "everyone" && html`<${EveryoneDialog} view=${view} onClose=${() => setAsking("")} />`}
		${asking === "message" && html`<${MessageDialog} view=${view} onClose=${() => setAsking("")} />`}
		${asking === "staff" && html`<${StaffDialog} view=${view} onClose=${() => setAsking("")} />`}
		${asking === "close" && html`<${CloseDialog} view=${view} onClose=${() => setAsking("")} />`}
		${asking === "remove" && html`<${Dialog} title=${t("class.remove-title", { name: view.name })} danger
			confirm=${t("class.remove")} onConfirm=${removeIt} onClose=${() => setAsking("")}>
			<p>${t("class.remove-text")}</p><//>`}
	</div>`;
}

/** @param {{ view: import("../types.js").ClassFull, onClose: () => void }} props */
function LaunchDialog({ view, onClose }) {
	const [known, setKnown] = useState(false);
	return html`<${Dialog} title=${t("untested.launch-title", { name: view.name })} confirm=${t("class.launch")}
		disabled=${!known} onConfirm=${() => post(`/classes/${view.id}/launch`, { untested: true })} onClose=${onClose}>
		<${Untested} course=${view.course} version=${view.version} checked=${known} change=${setKnown} /><//>`;
}
