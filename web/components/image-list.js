/** The images that courses stand on: whether they are built, and every build that lies on the disk. */
import { useEffect, useState } from "preact/hooks";
import { post } from "../api.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { leads } from "../state/session.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";
import { ImageCopies } from "./image-copies.js";
import { ImageLog } from "./image-log.js";
import { ImageRecipe } from "./image-recipe.js";
import { ProblemNote } from "./problem.js";
import { toastProblem } from "./toasts.js";
import { useLoaded } from "./use-loaded.js";
import { WorkBar } from "./work-bar.js";

/** @typedef {import("../types.js").Image} Image */
/** @typedef {import("../types.js").Work} Work */

/** @param {{ works: Work[], started: (work: Work) => void, ended: number }} props */
export function ImageList({ works, started, ended }) {
	const { value, error, load } = useLoaded("/images");
	useEffect(load, [ended]);
	if (error) return html`<${ProblemNote} error=${error} retry=${load} />`;
	if (!value?.length) return null;
	return html`<ul class="images">
		${value.map((/** @type {Image} */ image) => html`<${Row} key=${image.name} image=${image} started=${started}
			reload=${load} work=${works.find((one) => one.kind === "image" && one.object === image.name)} />`)}
	</ul>`;
}

/** @param {{ image: Image, work?: Work, started: (work: Work) => void, reload: () => void }} props */
function Row({ image, work, started, reload }) {
	const { built } = image;
	const [asking, setAsking] = useState(false);
	const build = () => post(`/images/${encodeURIComponent(image.name)}/build`, { force: built }).then(started);
	return html`<li class="card image">
		<div class="image-line"><h2 class="mono">${image.name}</h2>
			<span class=${built ? "chip ok" : "chip warn"}><span aria-hidden="true">${built ? "✓" : "△"}</span>
				${built ? t("images.built") : t("images.not-built")}</span>
			<span class="spacer"></span>
			${leads() && work?.state !== "running" && image.recipe && html`<button type="button" class="small" onClick=${() => (built ? setAsking(true) : build().catch(toastProblem))}>
				${built ? t("images.rebuild") : t("images.build-now")}</button>`}</div>
		${image.problem && html`<p class="problem"><${Said} text=${image.problem} /></p>`}
		${!built && image.recipe && image.copies.length > 0 && html`<p class="help">${t("images.changed")}</p>`}
		${work && html`<${WorkBar} work=${work} />`}
		<${ImageLog} name=${image.name} work=${work} />
		${image.copies.length > 0 && html`<${ImageCopies} image=${image} reload=${reload} />`}
		${asking && html`<${Dialog} title=${t("images.rebuild-title", { name: image.name })} confirm=${t("images.rebuild")}
			onConfirm=${build} onClose=${() => setAsking(false)}><p>${t("images.rebuild-text")}</p><p>${t("images.rebuild-after")}</p><//>`}
		${leads() && image.recipe && html`<${ImageRecipe} name=${image.name} />`}
	</li>`;
}
