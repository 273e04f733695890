/** What an image's build prints, line by line while it runs; afterwards what it printed, its end in view. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";

const LOOK_MS = 700;
const SHOWN = 1000; // lines, as many as the daemon keeps

/**
 * @param {string} name
 * @param {import("../types.js").Work | undefined} work each build begins with an empty log
 */
function useLog(name, work) {
	const [lines, setLines] = useState(/** @type {string[]} */ ([]));
	const running = work?.state === "running";
	const next = useRef(0);
	useEffect(() => {
		next.current = 0;
		setLines([]);
	}, [work?.id]);
	useEffect(() => {
		let over = false;
		async function look() {
			const after = next.current;
			const log = await get(`/images/${encodeURIComponent(name)}/log?after=${after}`).catch(() => null);
			if (!log || over || next.current !== after) return;
			next.current = log.next;
			if (log.lines.length) setLines((all) => [...all, ...log.lines].slice(-SHOWN));
		}
		look();
		const timer = running ? setInterval(look, LOOK_MS) : 0;
		return () => {
			over = true;
			clearInterval(timer);
		};
	}, [name, work?.id, running]);
	return lines;
}

/** @param {{ name: string, work: import("../types.js").Work | undefined }} props */
export function ImageLog({ name, work }) {
	const lines = useLog(name, work);
	const box = useRef(/** @type {HTMLPreElement | null} */ (null));
	const atEnd = useRef(true);
	useEffect(() => {
		if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
	}, [lines]);
	/** Who has scrolled up to read is left there. */
	function scrolled() {
		const { scrollTop, scrollHeight, clientHeight } = /** @type {HTMLPreElement} */ (box.current);
		atEnd.current = scrollTop + clientHeight > scrollHeight - 20;
	}
	if (!lines.length) return null;
	return html`<details class="image-log" open=${work?.state !== "done"}><summary>${t("images.log")}</summary>
		<pre ref=${box} tabindex="0" role="log" aria-label=${t("images.log-of", { name })} lang="en" onScroll=${scrolled}
			onToggle=${scrolled}>${lines.join("\n")}</pre></details>`;
}
