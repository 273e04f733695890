/**
 * A guide as the daemon renders it (Markdown without raw HTML). Code blocks get a button that copies, and
 * lines with a prompt one that types them into the terminal, without pressing Enter for the reader. Tasks stand where the guide wants them.
 */
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { copyText } from "../clipboard.js";
import { html } from "../html.js";
import { t } from "../text.js";

const PROMPT = /^[$#] ./;

/**
 * What a reader would type of a block: lines behind a prompt where there are prompts, else all.
 * @param {string} text
 */
export function typed(text) {
	const lines = text.trimEnd().split("\n");
	const prompted = lines.filter((line) => PROMPT.test(line));
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
 * Behind each line with a prompt a button that types it.
 * @param {Element} code
 * @param {(text: string) => void} type
 */
function addLineButtons(code, type) {
	const lines = (code.textContent ?? "").replace(/\n$/, "").split("\n");
	code.replaceChildren(...lines.flatMap((line, index) => {
		const end = index < lines.length - 1 ? "\n" : "";
		if (!PROMPT.test(line)) return [line + end];
		const command = line.slice(2);
		const button = makeButton("", () => type(command));
		button.className = "type-line";
		button.title = t("guide.type");
		button.setAttribute("aria-label", `${t("guide.type")}: ${command}`);
		return [line, button, end];
	}));
}

/**
 * @param {HTMLPreElement} block
 * @param {((text: string) => void) | undefined} type
 */
function addButtons(block, type) {
	const text = typed(block.textContent ?? "");
	const acts = document.createElement("div");
	acts.className = "code-acts";
	acts.append(makeButton(t("copy.copy"), async (button) => {
		if (await copyText(text)) button.textContent = t("copy.done");
	}));
	if (type && block.firstElementChild) addLineButtons(block.firstElementChild, type);
	const frame = document.createElement("div");
	frame.className = "code-block";
	block.replaceWith(frame);
	frame.append(block, acts);
	if (block.scrollWidth > block.clientWidth) block.tabIndex = 0; // can be scrolled with the keys
}

/**
 * The places where the guide wants its tasks, by task. They are emptied of what the guide's own renderer
 * put there, and filled by Preact.
 * @param {HTMLElement} body
 * @returns {Map<string, HTMLElement>}
 */
function findPlaces(body) {
	const places = new Map();
	for (const place of /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("[data-task]"))) {
		place.className = "task-place";
		places.set(place.dataset.task, place);
	}
	return places;
}

/**
 * @param {{ html: string, type?: (text: string) => void, task: (id: string) => any,
 *	onPlaced: (ids: Set<string>) => void }} props type: absent where
 *	there is no terminal; task: what to show in a task's place; onPlaced: which
 *	tasks have one
 */
export function Guide({ html: text, type, task, onPlaced }) {
	const element = useRef(/** @type {HTMLDivElement | null} */ (null));
	const places = useRef(/** @type {Map<string, HTMLElement>} */ (new Map()));
	useEffect(() => {
		const body = element.current;
		if (!body) return;
		body.innerHTML = text;
		places.current = findPlaces(body);
		onPlaced(new Set(places.current.keys()));
		body.querySelector("h1")?.remove(); // the lab's title stands above already
		for (const block of body.querySelectorAll("pre")) addButtons(block, type);
		for (const link of body.querySelectorAll("a")) {
			link.target = "_blank";
			link.rel = "noopener noreferrer";
		}
		return () => {
			for (const place of places.current.values()) render(null, place);
		};
	}, [text]);
	useEffect(() => {
		for (const [id, place] of places.current) render(task(id), place);
	});
	return html`<div class="prose" ref=${element}></div>`;
}
