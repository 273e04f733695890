/** Something is under way. Still, where motion is not wanted. */
import { html } from "../html.js";

export function Spinner() {
	return html`<span class="spinner" aria-hidden="true"></span>`;
}
