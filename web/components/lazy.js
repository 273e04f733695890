/**
 * A page that is loaded when it is first shown, with what only it imports: nobody needs all pages to come in, and
 * xterm.js alone is a third of everything.
 */
import { signal } from "@preact/signals";
import { html } from "../html.js";

/**
 * @param {() => Promise<any>} load resolves to the page's component
 */
export function lazy(load) {
	const loaded = signal(/** @type {any} */ (null));
	let asked = false;
	return (/** @type {any} */ props) => {
		if (!asked) {
			asked = true;
			load().then((Page) => {
				loaded.value = Page;
			}, () => dispatchEvent(new Event("terakoya-incomplete"))); // boot.js begins again
		}
		const Page = loaded.value;
		return Page ? html`<${Page} ...${props} />` : html`<div class="page" aria-busy="true"></div>`;
	};
}
