/** The window's title while a page is shown. */
import { useEffect } from "preact/hooks";

/** @param {string} title */
export function useTitle(title) {
	useEffect(() => {
		document.title = title ? `${title} · Terakoya` : "Terakoya";
	}, [title]);
}
