/** The images that courses stand on. */
import { useEffect } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { bytes, date, t } from "../text.js";
import { ProblemNote } from "./problem.js";
import { toastProblem } from "./toasts.js";
import { useLoaded } from "./use-loaded.js";
import { WorkBar } from "./work-bar.js";

/** @typedef {import("../types.js").Image} Image */
/** @typedef {import("../types.js").Work} Work */

/** @param {{ works: Work[], started: (work: Work) => void, finished: number }} props */
export function ImageList({ works, started, finished }) {
	const { value, error, load } = useLoaded("/images");
	useEffect(load, [finished]);
	if (error) return html`<${ProblemNote} error=${error} retry=${load} />`;
	if (!value?.length) return null;
	return html`<section class="images"><h2>${t("courses.images")}</h2><ul>${value.map((/** @type {Image} */ image) => {
		const work = works.find((one) => one.kind === "image" && one.object === image.name);
		const build = () => post(`/images/${encodeURIComponent(image.name)}/build`, { force: !!image.built })
			.then(started, toastProblem);
		return html`<li key=${image.name} class="card image">
			<p><b class="mono">${image.name}</b> <span class=${image.built ? "chip ok" : "chip warn"}>
				<span aria-hidden="true">${image.built ? "✓" : "△"}</span>
				${image.built ? t("courses.image-ready") : t("courses.image-missing")}</span>
				${image.bytes ? html`<span class="help"> ${bytes(image.bytes)}</span>` : null}
				${image.built_at ? html`<span class="help"> · ${date(image.built_at)}</span>` : null}</p>
			${work && html`<${WorkBar} work=${work} />`}
			${work?.state !== "running" && html`<button type="button" class="small" onClick=${build}>
				${image.built ? t("courses.rebuild") : t("courses.build")}</button>`}
		</li>`;
	})}</ul></section>`;
}
