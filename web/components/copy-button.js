/** Copies a text, and says so in its own place. */
import { useState } from "preact/hooks";
import { copyText } from "../clipboard.js";
import { html } from "../html.js";
import { t } from "../text.js";

const SHOW_MS = 1600;

/** @param {{ text: string, label?: string, class?: string }} props */
export function CopyButton({ text, label, class: style = "small" }) {
	const [copied, setCopied] = useState(false);
	async function copy() {
		if (!(await copyText(text))) return;
		setCopied(true);
		setTimeout(() => setCopied(false), SHOW_MS);
	}
	return html`<button type="button" class=${style} onClick=${copy}>
		<span aria-live="polite">${copied ? t("copy.done") : (label ?? t("copy.copy"))}</span></button>`;
}
