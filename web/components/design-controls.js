/** What is pressed and filled in, in each of its states: for the page /design. */
import { useId, useState } from "preact/hooks";
import { Problem } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { CopyButton } from "./copy-button.js";
import { Dialog, DialogForm } from "./dialog.js";
import { Icon } from "./icon.js";
import { Spinner } from "./spinner.js";
import { toast, ToastNote } from "./toasts.js";

/** @type {["hand", "eye", "keys", "clock", "sun", "moon", "half"]} */
const ICONS = ["hand", "eye", "keys", "clock", "sun", "moon", "half"];

/** What a daemon might refuse. */
const refusal = () => new Problem("conflict", 409, "class 7: seat 3 is being reset; wait until it is ready");

export function Buttons() {
	const button = (/** @type {string} */ style, /** @type {any} */ words, /** @type {object} */ more = {}) =>
		html`<button type="button" class=${style} ...${more}>${words}</button>`;
	return html`<div class="design-stack">
		<p class="design-line">${button("primary", t("class.launch"))} ${button("", t("classes.new"))} ${button("danger", t("class.close"))}
			${button("primary danger", t("class.close-confirm"))} ${button("quiet", t("hint.no"))} ${button("link", t("people.change"))}</p>
		<p class="design-line">${button("primary", t("class.launch"), { disabled: true })} ${button("", t("classes.new"), { disabled: true })}
			${button("danger", t("class.close"), { disabled: true })} ${button("primary", html`<${Spinner} /> ${t("check.checking")}`, { disabled: true })}</p>
		<p class="design-line">${button("small", t("reset.confirm"))} ${button("", t("check.check"))} ${button("primary large", t("join.join"))}
			<${CopyButton} text="HOSHI-742" /></p>
		<p class="design-line">${ICONS.map((name) => html`<span key=${name} class="with-icon"><${Icon} name=${name} /><code>${name}</code></span>`)}</p>
	</div>`;
}

export function Fields() {
	const id = useId();
	return html`<div class="design-stack">
		<div><label for=${`${id}-name`}>${t("new.name")}</label>
			<input id=${`${id}-name`} placeholder="HOSHI-742" aria-describedby=${`${id}-help`} />
			<p class="help" id=${`${id}-help`}>${t("new.name-help")}</p></div>
		<div><label for=${`${id}-wrong`}>${t("people.login")}</label>
			<input id=${`${id}-wrong`} value="Mori Aoi!" aria-invalid="true" aria-describedby=${`${id}-why`} />
			<ul class="why" id=${`${id}-why`}><li class="wrong">${t("people.login-help")}</li></ul></div>
		<div><label for=${`${id}-off`}>${t("people.organisation")}</label>
			<input id=${`${id}-off`} value="Sakura Bank" disabled /></div>
		<div><label for=${`${id}-select`}>${t("roster.language")}</label>
			<select id=${`${id}-select`}><option>English</option><option>日本語</option></select></div>
		<div><label for=${`${id}-text`}>${t("message.text")}</label>
			<textarea id=${`${id}-text`} rows="2" aria-describedby=${`${id}-left`}></textarea>
			<p class="help" id=${`${id}-left`}>${t("message.help")}</p></div>
		<fieldset class="choice"><legend>${t("new.joining")}</legend>
			<label><input type="radio" name=${id} checked />${t("new.joining-class")}</label>
			<label><input type="radio" name=${id} />${t("new.joining-seat")}</label></fieldset>
		<label class="check"><input type="checkbox" checked />${t("terminal.screen-reader")}</label>
	</div>`;
}

/** @param {{ error?: boolean }} props with what went wrong when it was confirmed */
function StillDialog({ error }) {
	const id = useId();
	const stay = (/** @type {Event | undefined} */ event) => event?.preventDefault();
	return html`<div class="dialog" role="group" aria-labelledby=${id}>
		<${DialogForm} id=${id} title=${t("reset.title", { machine: "desk" })} confirm=${t("reset.confirm")} danger
			error=${error ? refusal() : null} submit=${stay} cancel=${stay}>
			<p>${t("reset.lost")}</p><p>${t("reset.stays")}</p><//></div>`;
}

export function Dialogs() {
	const [open, setOpen] = useState(false);
	return html`<div class="design-stack"><${StillDialog} /><${StillDialog} error />
		<p><button type="button" onClick=${() => setOpen(true)}>${t("design.dialogs-open")}</button></p>
		${open && html`<${Dialog} title=${t("class.remove-title", { name: t("design.title") })} confirm=${t("class.remove")} danger
			onConfirm=${() => Promise.reject(refusal())} onClose=${() => setOpen(false)}><p>${t("class.remove-text")}</p><//>`}
	</div>`;
}

export function Toasts() {
	const undo = { label: t("undo"), run: () => toast(t("message.taken-back")) };
	return html`<div class="design-stack">
		<div class="design-toasts">
			<${ToastNote} toast=${{ id: 0, tone: "info", text: t("settings.saved") }} />
			<${ToastNote} toast=${{ id: 0, tone: "info", text: t("message.sent-all"), action: undo }} />
			<${ToastNote} toast=${{ id: 0, tone: "bad", text: t("problem.offline") }} /></div>
		<p class="design-line"><button type="button" onClick=${() => toast(t("settings.saved"))}>${t("design.toasts-show")}</button>
			<button type="button" onClick=${() => toast(t("message.sent-all"), "info", undo)}>${t("design.toasts-undo")}</button>
			<button type="button" onClick=${() => toast(t("problem.offline"), "bad")}>${t("design.toasts-bad")}</button></p>
	</div>`;
}
