/**
 * A guide as the daemon renders it (Markdown without raw HTML). Code blocks get two buttons: copy, and
 * type it into the terminal, without pressing Enter for the reader.
 */
import { useEffect, useRef } from "preact/hooks";
import { copyText } from "../clipboard.js";
import { html } from "../html.js";
import { t } from "../text.js";

/**
 * What a reader would type of a block: lines behind a prompt where there are prompts, else all.
 * @param {string} text
 */
export function typed(text) {
	const lines = text.trimEnd().split("\n");
	const prompted = lines.filter((line) => /^[$#] /.test(line));
	return (prompted.length ? prompted.map((line) => line.slice(2)) : lines).join("\n");
}

/**
 * @param {string} label
 * @param {(button: HTMLButtonElement) => void} act
 */
function makeButton(label, act) {
	const button = document.createElement("button");
	button.type = "button";
	button.className = "small";
	button.textContent = label;
	button.addEventListener("click", () => act(button));
	return button;
}

/**
 * @param {HTMLPreElement} block
 * @param {(text: string) => void} type
 */
function addButtons(block, type) {
	const text = typed(block.textContent ?? "");
	const acts = document.createElement("div");
	acts.className = "code-acts";
	acts.append(makeButton(t("copy.copy"), async (button) => {
		if (await copyText(text)) button.textContent = t("copy.done");
	}));
	const isOutput = /\blanguage-(text|output|console-output)\b/.test(block.firstElementChild?.className ?? "");
	if (!isOutput && !text.includes("\n")) acts.append(makeButton(t("guide.type"), () => type(text)));
	const frame = document.createElement("div");
	frame.className = "code-block";
	block.replaceWith(frame);
	frame.append(block, acts);
	if (block.scrollWidth > block.clientWidth) block.tabIndex = 0; // can be scrolled with the keys
}

/** @param {{ html: string, type: (text: string) => void }} props */
export function Guide({ html: text, type }) {
	const element = useRef(/** @type {HTMLDivElement | null} */ (null));
	useEffect(() => {
		const body = element.current;
		if (!body) return;
		body.innerHTML = text;
		body.querySelector("h1")?.remove(); // the lab's title stands above already
		for (const block of body.querySelectorAll("pre")) addButtons(block, type);
		for (const link of body.querySelectorAll("a")) {
			link.target = "_blank";
			link.rel = "noopener noreferrer";
		}
	}, [text]);
	return html`<div class="prose" ref=${element}></div>`;
}
