/** What machines are made from: recipes, their builds with what these print, and who stands on each build. */
import { ImageList } from "../components/image-list.js";
import { useHost } from "../components/use-host.js";
import { useLive } from "../components/use-live.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { reduceWorks } from "../state/reduce.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").Work} Work */

export function ImagesPage() {
	const { view: works, setView } = useLive("/works", "", /** @type {typeof reduceWorks} */ (reduceWorks));
	useTitle(t("images.title"));
	useHost();
	/** @param {Work | null} work */
	const started = (work) => work && setView((all) => reduceWorks(all ?? [], "job", work));
	const ended = (works ?? []).filter((/** @type {Work} */ work) => work.state !== "running").length;
	return html`<div class="page"><div class="page-head"><h1>${t("images.title")}</h1></div>
		<${ImageList} works=${works ?? []} started=${started} ended=${ended} />
	</div>`;
}
