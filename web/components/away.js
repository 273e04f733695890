/** The daemon does not answer: says so, and asks again by itself. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../text.js";

const RETRY_MS = 3000;

/** @param {{ retry: () => void }} props */
export function Away({ retry }) {
	useEffect(() => {
		const timer = setInterval(retry, RETRY_MS);
		return () => clearInterval(timer);
	}, []);
	return html`<div class="page page-narrow" role="alert">
		<h1>${t("away.title")}</h1>
		<p>${t("away.text")}</p>
		<p><button type="button" onClick=${retry}>${t("away.retry")}</button></p>
	</div>`;
}
