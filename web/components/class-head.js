/** A class's name, state, code, and what can be done with it as a whole. */
import { useState } from "preact/hooks";
import { post, remove } from "../api.js";
import { html } from "../html.js";
import { navigate } from "../router.js";
import { t } from "../text.js";
import { CloseDialog } from "./close-dialog.js";
import { Dialog } from "./dialog.js";
import { JoinCode } from "./join-code.js";
import { StateChip } from "./state-chip.js";
import { toastProblem } from "./toasts.js";

/** @param {{ view: import("../types.js").ClassFull }} props */
export function ClassHead({ view }) {
	const [asking, setAsking] = useState(/** @type {"" | "close" | "remove"} */ (""));
	const [busy, setBusy] = useState(false);
	const idle = view.state === "draft" || view.state === "closed";
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
		<div class="class-name"><h1>${view.name}</h1><${StateChip} state=${view.state} /></div>
		${(view.state === "open" || view.state === "preparing") && html`<${JoinCode} code=${view.code} />`}
		<div class="class-acts">
			${idle && html`<button type="button" onClick=${() => setAsking("remove")}>${t("class.remove")}</button>`}
			${view.state === "draft" && html`<button type="button" class="primary" disabled=${busy}
				onClick=${launch}>${t("class.launch")}</button>`}
			${(view.state === "open" || view.state === "preparing") && html`<button type="button" class="danger"
				onClick=${() => setAsking("close")}>${t("class.close")}</button>`}
		</div>
		${asking === "close" && html`<${CloseDialog} view=${view} onClose=${() => setAsking("")} />`}
		${asking === "remove" && html`<${Dialog} title=${t("class.remove-title", { name: view.name })} danger
			confirm=${t("class.remove")} onConfirm=${removeIt} onClose=${() => setAsking("")}>
			<p>${t("class.remove-text")}</p><//>`}
	</div>`;
}
