/** Focus is not lost with what had it: whoever works by keyboard goes on near by, and not at the top of the page. */
import { useLayoutEffect } from "preact/hooks";

/** Nothing on the page has the focus. */
export const isLost = () => !document.activeElement || document.activeElement === document.body;

/**
 * When what had the focus in `element` goes away as its component is drawn anew, `fallback` gives what has it instead.
 * @param {{ current: Element | null }} element
 * @param {(element: Element) => Element | null} fallback null: somebody further out knows
 */
export function useKeptFocus(element, fallback) {
	const had = !!element.current?.contains(document.activeElement); // asked while the old is still drawn
	useLayoutEffect(() => {
		if (!had || !element.current || !isLost()) return;
		/** @type {HTMLElement | null} */ (fallback(element.current))?.focus();
	});
}

/** As long as the component is there; when it goes, the focus is back where it was before. */
export function useFocusBack() {
	useLayoutEffect(() => {
		const before = /** @type {HTMLElement | null} */ (document.activeElement);
		return () => queueMicrotask(() => isLost() && before?.isConnected && before.focus());
	}, []);
}
