/** A question that has to be answered first. The browser's own <dialog>: focus stays in, Escape leaves. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../text.js";
import { useFocusBack } from "./kept-focus.js";
import { ProblemNote } from "./problem.js";

/**
 * What is in a dialog.
 * @typedef {object} Question
 * @property {string} title
 * @property {any} children
 * @property {string} confirm
 * @property {boolean} [danger]
 * @property {boolean} [disabled]
 * @property {boolean} [told] there is nothing to cancel
 */

/**
 * @param {Question & { id: string, busy?: boolean, error?: unknown, submit: (event: Event) => void,
 *	cancel: () => void }} props id: of its title
 */
export function DialogForm({ id, title, children, confirm, danger, disabled, told, busy, error, submit, cancel }) {
	return html`<form method="dialog" onSubmit=${submit}>
		<h2 id=${id}>${title}</h2>
		<div class="dialog-text">${children}</div>
		<${ProblemNote} error=${error} />
		<div class="dialog-acts">
			${!told && html`<button type="button" onClick=${cancel}>${t("dialog.cancel")}</button>`}
			<button type="submit" class=${danger ? "primary danger" : "primary"}
				aria-disabled=${busy ? "true" : undefined} disabled=${disabled}>${confirm}</button>
		</div>
	</form>`;
}

/**
 * @param {Question & { onConfirm: () => unknown, onClose: () => void }} props onConfirm may be a promise: the dialog
 *	waits for it, and shows what went wrong
 */
export function Dialog({ onConfirm, onClose, ...question }) {
	const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const id = useId();
	useFocusBack();
	useEffect(() => element.current?.showModal(), []);

	/** @param {Event} event */
	async function submit(event) {
		event.preventDefault();
		if (busy) return;
		setBusy(true);
		try {
			await onConfirm();
			onClose();
		} catch (problem) {
			setError(problem);
			setBusy(false);
		}
	}
	return html`<dialog ref=${element} class="dialog" aria-labelledby=${id} onClose=${onClose}>
		<${DialogForm} ...${question} id=${id} busy=${busy} error=${error} submit=${submit}
			cancel=${() => element.current?.close()} />
	</dialog>`;
}
