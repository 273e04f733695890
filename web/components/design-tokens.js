/** The tokens as they look: each colour on its ground with the contrast that the browser shows, type, spacing. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { contrast, EDGE_LEAST, EDGES, TEXT, TEXT_LEAST } from "../state/palette.js";
import { number, t, tIn } from "../text.js";

/** "rgb(1, 2, 3)" as the browser computed it. @param {string} colour */
const parts = (colour) => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);

/** @param {{ front: string, ground: string, least: number, edge?: boolean }} props edge: of a control, no text */
function Swatch({ front, ground, least, edge }) {
	const sample = useRef(/** @type {HTMLElement | null} */ (null));
	const [ratio, setRatio] = useState(0);
	useLayoutEffect(() => {
		const style = getComputedStyle(/** @type {HTMLElement} */ (sample.current));
		setRatio(contrast(parts(style.color), parts(style.backgroundColor)));
	}, []);
	return html`<li class="swatch">
		<span ref=${sample} class=${edge ? "swatch-sample edge" : "swatch-sample"} aria-hidden="true"
			style=${{ color: `var(--${front})`, background: `var(--${ground})` }}>${edge ? "" : "Aa 文字"}</span>
		<span><code>${front}</code> / <code>${ground}</code></span>
		<b class=${ratio && ratio < least ? "wrong" : ""}>${number(ratio, 1)} : 1</b></li>`;
}

export function Colours() {
	return html`<div class="design-stack">
		<h3>${t("design.colours-text", { n: number(TEXT_LEAST, 1) })}</h3>
		<ul class="swatches">${TEXT.map(([front, ground]) => html`<${Swatch} key=${front + ground} front=${front} ground=${ground}
			least=${TEXT_LEAST} />`)}</ul>
		<h3>${t("design.colours-edges", { n: number(EDGE_LEAST, 0) })}</h3>
		<ul class="swatches">${EDGES.map(([front, ground]) => html`<${Swatch} key=${front + ground} front=${front} ground=${ground}
			least=${EDGE_LEAST} edge />`)}</ul></div>`;
}

/** How large it is and how high its lines are, as the browser has it, in pixels. @param {{ children: any, name: string }} props */
function Measured({ children, name }) {
	const frame = useRef(/** @type {HTMLElement | null} */ (null));
	const [size, setSize] = useState("");
	useLayoutEffect(() => {
		const style = getComputedStyle(/** @type {Element} */ (frame.current?.querySelector("h1, h2, h3, p, em, code")));
		setSize(`${number(parseFloat(style.fontSize), 1)} / ${number(parseFloat(style.lineHeight), 1)}`);
	}, []);
	return html`<div class="type-row"><span ref=${frame}>${children}</span>
		<span class="type-size"><code>${name}</code> ${size}</span></div>`;
}

/** @param {{ lang: "en" | "ja" }} props */
export function Type({ lang }) {
	const say = (/** @type {import("../text.js").Key} */ key) => tIn(lang, key);
	return html`<div class="design-type" lang=${lang}>
		<${Measured} name="h1"><h1>${say("front.title")}</h1><//>
		<${Measured} name=".prose h2"><span class="prose"><h2>${say("tasks.title")}</h2></span><//>
		<${Measured} name="h2"><h2>${say("attention.title")}</h2><//>
		<${Measured} name="h3"><h3>${say("untested.title")}</h3><//>
		<${Measured} name="body"><p>${say("design.prose")}</p><//>
		<${Measured} name=".help"><p class="help">${say("people.made-once")}</p><//>
		<${Measured} name="em"><em>${say("tasks.complete")}</em><//>
		<${Measured} name="code, kbd"><code>ls -la /etc</code> <kbd>Ctrl</kbd> <kbd>C</kbd><//>
	</div>`;
}

const SPACES = ["s1", "s2", "s3", "s4", "s5", "s6", "s7"];

export function Space() {
	return html`<ul class="spaces">${SPACES.map((name) => html`<li key=${name}><code>--${name}</code>
			<span class="space-bar" style=${{ width: `var(--${name})` }} aria-hidden="true"></span></li>`)}</ul>
		<ul class="edges"><li class="design-round"><code>--round</code></li><li class="card"><code>.card</code></li>
			<li class="empty"><code>.empty</code></li></ul>`;
}
