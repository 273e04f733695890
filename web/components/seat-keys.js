/** ssh from the student's own computer: how, and the public keys that let one in. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post, remove } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { CopyButton } from "./copy-button.js";
import { ProblemNote } from "./problem.js";

/** @typedef {{ id: number, type: string, fingerprint: string, comment: string }} Key */
/** @typedef {{ command: string, fingerprint: string, keys: Key[] }} Keys */

/** @param {{ entry: Key, onRemove: () => void }} props */
function Entry({ entry, onRemove }) {
	return html`<li><span><strong>${entry.comment || entry.type}</strong><br />
		<span class="mono help">${entry.type} ${entry.fingerprint}</span></span>
		<button type="button" class="small" aria-label=${t("keys.ssh-remove-of", { name: entry.comment || entry.fingerprint })}
			onClick=${onRemove}>${t("keys.ssh-remove")}</button></li>`;
}

/** @param {{ path: string, added: () => void }} props */
function Add({ path, added }) {
	const [text, setText] = useState("");
	const [error, setError] = useState(/** @type {unknown} */ (null));
	async function add() {
		setError(null);
		try {
			await post(path, { key: text.trim() });
			setText("");
			added();
		} catch (problem) {
			setError(problem);
		}
	}
	return html`<label for="ssh-key">${t("keys.ssh-paste")}</label>
		<textarea id="ssh-key" class="mono" rows="4" spellcheck=${false} placeholder="ssh-ed25519 AAAA…" value=${text}
			onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea>
		<p class="help">${t("keys.ssh-help")}</p>
		<${ProblemNote} error=${error} words=${{ invalid: t("keys.ssh-invalid"), conflict: t("keys.ssh-conflict") }} />
		<button type="button" disabled=${!text.trim()} onClick=${add}>${t("keys.ssh-add")}</button>`;
}

/** @param {{ seat: number, onClose: () => void }} props */
export function SeatKeys({ seat, onClose }) {
	const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
	const [view, setView] = useState(/** @type {Keys | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const path = `/seats/${seat}/keys`;
	const load = () => get(path).then(setView, setError);
	useEffect(() => {
		element.current?.showModal();
		load();
	}, []);
	return html`<dialog ref=${element} class="dialog ssh-dialog" aria-labelledby="ssh-title" onClose=${onClose}>
		<form method="dialog">
			<h2 id="ssh-title">${t("keys.ssh-title")}</h2>
			<${ProblemNote} error=${error} words=${{ unavailable: t("keys.ssh-none") }} />
			${view && html`<p>${t("keys.ssh-text")}</p>
				<p class="join-link"><input class="mono" readonly value=${view.command} aria-label=${t("seat.ssh")} />
					<${CopyButton} text=${view.command} class="" /></p>
				<p class="help">${t("seat.ssh-key")} <span class="mono">${view.fingerprint}</span></p>
				<h3>${t("keys.ssh-keys")}</h3>
				${view.keys.length ? html`<ul class="ssh-keys">${view.keys.map((entry) => html`<${Entry} key=${entry.id} entry=${entry}
					onRemove=${() => remove(`${path}/${entry.id}`).then(load, setError)} />`)}</ul>` : html`<p>${t("keys.ssh-empty")}</p>`}
				<${Add} path=${path} added=${load} />`}
			<div class="dialog-acts"><button type="submit" class="primary">${t("keys.close")}</button></div>
		</form>
	</dialog>`;
}
