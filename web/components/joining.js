/** How students join a class, and the other way to do it: asked first, with what stops working. */
import { useState } from "preact/hooks";
import { patch } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @param {{ view: import("../types.js").ClassFull, changed: () => void }} props */
export function Joining({ view, changed }) {
	const [asking, setAsking] = useState(false);
	const other = view.joining === "seat" ? "class" : "seat";
	async function change() {
		await patch(`/classes/${view.id}`, { joining: other });
		changed();
	}
	return html`<p class="cards-acts" role="status"><span>${t("new.joining")}: <b>${t(`new.joining-${view.joining}`)}</b></span>
			<button type="button" class="small" onClick=${() => setAsking(true)}>${t("joining.change")}</button></p>
		${asking && html`<${Dialog} title=${t(`joining.${other}-title`)} confirm=${t("joining.change")}
			onConfirm=${change} onClose=${() => setAsking(false)}>
			<p>${t(`joining.${other}-text`, { code: view.code })}</p><p>${t("joining.stays")}</p><//>`}`;
}
