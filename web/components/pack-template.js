/** Whether a version's machines can be cloned, and the button that bakes what they are cloned from. */
import { useEffect, useState } from "preact/hooks";
import { get, post } from "../api.js";
import { html } from "../html.js";
import { leads } from "../state/session.js";
import { t } from "../text.js";
import { toastProblem } from "./toasts.js";
import { WorkBar } from "./work-bar.js";

/** @typedef {import("../types.js").Work} Work */
/** @typedef {import("../types.js").Template} Template */

/** @param {{ pack: import("../types.js").Pack, works: Work[], started: (work: Work) => void }} props */
export function PackTemplate({ pack, works, started }) {
	const [templates, setTemplates] = useState(/** @type {Template[]} */ ([]));
	const work = works.find((one) => one.kind === "template" && one.object.split("/")[0] === pack.id);
	useEffect(() => {
		get("/templates").then(setTemplates, () => {});
	}, [work?.state, pack.active]);
	const own = templates.filter((one) => one.course === pack.id && one.version === pack.version);
	const ready = own.length > 0 && own.every((one) => one.baked);
	function bake() {
		post(`/courses/${encodeURIComponent(pack.id)}/bake`, { force: ready, version: pack.version }).then(started, toastProblem);
	}
	return html`<div class="template-state">
		<p class=${ready ? "state-line ok" : "state-line warn"}><span aria-hidden="true">${ready ? "✓" : "△"}</span>
			${ready ? t("packs.template-ready") : t("packs.template-missing")}</p>
		${work && html`<${WorkBar} work=${work} />`}
		${leads() && work?.state !== "running" && html`<p><button type="button" class=${ready ? "" : "primary"} onClick=${bake}>
			${ready ? t("packs.rebake") : t("packs.bake")}</button></p>`}
	</div>`;
}
