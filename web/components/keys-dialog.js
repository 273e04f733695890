/** What the keys do: the workspace's own, and the shell's that a beginner needs. */
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { screenReader } from "../settings.js";
import { helpShown, questionKey, shortcuts } from "../shortcuts.js";
import { t } from "../text.js";
import { useFocusBack } from "./kept-focus.js";

/** @type {[string[], import("../text.js").Key][]} */
const SHELL = [[["Ctrl", "Shift", "C"], "keys.copy"], [["Ctrl", "Shift", "V"], "keys.paste"], [["Ctrl", "C"], "keys.stop"],
	[["Tab"], "keys.complete"], [["↑"], "keys.history"]];

/** @param {{ list: [string[], import("../text.js").Key][] }} props */
function List({ list }) {
	return html`<dl class="keys-list">${list.map(([keys, word]) => html`<dt>${keys.map((key, index) =>
		html`${index ? "+" : ""}<kbd>${key}</kbd>`)}</dt><dd>${t(word)}</dd>`)}</dl>`;
}

/** @param {{ signal: import("@preact/signals").Signal<boolean>, word: import("../text.js").Key }} props */
function Choice({ signal, word }) {
	return html`<label><input type="checkbox" checked=${signal.value} onChange=${(/** @type {any} */ event) => {
		signal.value = event.target.checked;
	}} /> ${t(word)}</label>`;
}

function Open() {
	const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
	useFocusBack();
	useEffect(() => element.current?.showModal(), []);
	return html`<dialog ref=${element} class="dialog keys-dialog" aria-labelledby="keys-title" onClose=${() => {
		helpShown.value = false;
	}}>
		<form method="dialog">
			<h2 id="keys-title">${t("keys.title")}</h2>
			<h3>${t("keys.page")}</h3>
			<${List} list=${shortcuts().map(({ key, word }) => [["Ctrl", "Shift", key], word])} />
			<h3>${t("keys.shell")}</h3>
			<${List} list=${SHELL} />
			<p><${Choice} signal=${questionKey} word="keys.question" /></p>
			<p><${Choice} signal=${screenReader} word="terminal.screen-reader" /></p>
			<div class="dialog-acts"><button type="submit" class="primary" autofocus>${t("keys.close")}</button></div>
		</form>
	</dialog>`;
}

export const KeysDialog = () => helpShown.value && html`<${Open} />`;
