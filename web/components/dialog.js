/** A question that has to be answered first. The browser's own <dialog>: focus stays in, Escape leaves. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../text.js";
import { ProblemNote } from "./problem.js";

/**
 * @param {{ title: string, children: any, confirm: string, danger?: boolean, disabled?: boolean, told?: boolean,
 *	onConfirm: () => unknown, onClose: () => void }} props onConfirm may be a promise: the dialog
 *	waits for it, and shows what went wrong; told: there is nothing to cancel
 */
export function Dialog({ title, children, confirm, danger, disabled, told, onConfirm, onClose }) {
	const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	useEffect(() => element.current?.showModal(), []);

	/** @param {Event} event */
	async function submit(event) {
		event.preventDefault();
		setBusy(true);
		try {
			await onConfirm();
			onClose();
		} catch (problem) {
			setError(problem);
			setBusy(false);
		}
	}
	return html`<dialog ref=${element} class="dialog" aria-labelledby="dialog-title" onClose=${onClose}>
		<form method="dialog" onSubmit=${submit}>
			<h2 id="dialog-title">${title}</h2>
			<div class="dialog-text">${children}</div>
			<${ProblemNote} error=${error} />
			<div class="dialog-acts">
				${!told && html`<button type="button" onClick=${() => element.current?.close()}>${t("dialog.cancel")}</button>`}
				<button type="submit" class=${danger ? "primary danger" : "primary"}
					disabled=${busy || disabled}>${confirm}</button>
			</div>
		</form>
	</dialog>`;
}
