/**
 * Which rows of a long list are in view, so that only those are drawn. The browser would lay out and paint all
 * of them for each change of one: with three hundred rows of fifty cells it was busy all the time
 * (docs/measurements.md).
 */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Rows that are drawn beyond both edges: for quick scrolling, and so that arrow keys find the next one. */
const BEYOND = 6;

/**
 * @param {{ current: HTMLElement | null }} frame what scrolls
 * @param {string} row selects one of the rows in it, which are all of one height
 * @param {number} count
 * @param {boolean} on false: all are drawn
 * @returns {{ first: number, last: number, height: number }} rows first to last - 1; pixels of one row
 */
export function useWindow(frame, row, count, on) {
	const [seen, setSeen] = useState({ first: 0, last: 40 });
	const [height, setHeight] = useState(31);

	useLayoutEffect(() => {
		const measured = on && frame.current?.querySelector(row)?.getBoundingClientRect().height;
		if (measured && measured !== height) setHeight(measured);
	});
	useEffect(() => {
		const element = frame.current;
		if (!on || !element) return;
		function look() {
			if (!element) return;
			const top = Math.floor(element.scrollTop / height / BEYOND) * BEYOND;
			const rows = Math.ceil(element.clientHeight / height);
			const next = { first: Math.max(0, top - BEYOND), last: top + rows + 2 * BEYOND };
			setSeen((old) => (old.first === next.first && old.last === next.last ? old : next));
		}
		const sizes = new ResizeObserver(look);
		sizes.observe(element);
		element.addEventListener("scroll", look, { passive: true });
		return () => {
			sizes.disconnect();
			element.removeEventListener("scroll", look);
		};
	}, [on, height, count]);

	if (!on) return { first: 0, last: count, height };
	const first = Math.min(seen.first, Math.max(0, count - 1));
	return { first, last: Math.min(count, Math.max(seen.last, first + 1)), height };
}
