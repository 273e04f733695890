/** Where we are: the address's path as a signal. Links are plain <a href>; main.js lets them pass here. */
import { signal } from "@preact/signals";

export const path = signal(globalThis.location?.pathname ?? "/");

/**
 * @param {string} to
 * @param {{ replace?: boolean }} [options]
 */
export function navigate(to, { replace = false } = {}) {
	if (to !== location.pathname) history[replace ? "replaceState" : "pushState"](null, "", to);
	path.value = to;
	scrollTo(0, 0);
}

/** Follows the browser's buttons, and takes clicks on links to our own pages. */
export function startRouter() {
	addEventListener("popstate", () => {
		path.value = location.pathname;
	});
	document.addEventListener("click", (event) => {
		const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
		if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
		if (event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute("download")) return;
		if (link.origin !== location.origin || link.hash) return;
		event.preventDefault();
		navigate(link.pathname);
	});
}

/**
 * "/classes/:id" against "/classes/7" gives { id: "7" }; null when it does not fit.
 * @param {string} pattern
 * @param {string} address
 * @returns {Record<string, string> | null}
 */
export function match(pattern, address) {
	const wanted = pattern.split("/");
	const given = address.replace(/\/+$/, "").split("/");
	if (wanted.length !== given.length && address !== pattern) return null;
	/** @type {Record<string, string>} */
	const params = {};
	for (const [index, part] of wanted.entries()) {
		const value = given[index] ?? "";
		if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(value);
		else if (part !== value) return null;
	}
	return params;
}
