/** Every course that is installed, in all its versions: which is active, tested, used, and whether its template is made. */
import { useEffect } from "preact/hooks";
import { PackImport } from "../components/pack-import.js";
import { PackTable } from "../components/pack-table.js";
import { ProblemNote } from "../components/problem.js";
import { useHost } from "../components/use-host.js";
import { useLive } from "../components/use-live.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { Said } from "../said.js";
import { reduceWorks } from "../state/reduce.js";
import { isAdmin } from "../state/session.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").Pack} Pack */
/** @typedef {import("../types.js").Work} Work */

/** The list is sorted by course already. @param {Pack[]} packs */
function byCourse(packs) {
	return [...new Set(packs.map((one) => one.id))].map((id) => packs.filter((one) => one.id === id));
}

export function PacksPage() {
	const { value: packs, error, load } = useLoaded("/packs");
	const { value: problems, load: loadProblems } = useLoaded("/courses/problems");
	const { value: templates, load: loadTemplates } = useLoaded("/templates");
	const { value: classes } = useLoaded("/classes?closed=1");
	const { view: works } = useLive("/works", "", /** @type {typeof reduceWorks} */ (reduceWorks));
	useTitle(t("packs.title"));
	useHost();
	useEffect(loadTemplates, [(works ?? []).filter((/** @type {Work} */ one) => one.state === "done").length]);
	function imported() {
		load();
		loadProblems();
		loadTemplates();
	}
	return html`<div class="page"><div class="page-head"><h1>${t("packs.title")}</h1></div>
		<${ProblemNote} error=${error} retry=${load} />
		${problems?.map((/** @type {{ directory: string, message: string }} */ problem) => html`<div class="problem"
			key=${problem.directory} role="status"><p><strong>${t("packs.problem", problem)}</strong></p>
			<p class="problem-detail"><${Said} text=${problem.message} /></p></div>`)}
		${packs?.length === 0 && html`<div class="empty"><p><strong>${t("packs.empty")}</strong></p>
			<p>${t("packs.empty-text")}</p></div>`}
		${packs && byCourse(packs).map((versions) => html`<${PackTable} key=${versions[0].id} versions=${versions}
			templates=${templates ?? []} classes=${classes ?? []} works=${works ?? []} />`)}
		${isAdmin() && html`<${PackImport} imported=${imported} />`}
	</div>`;
}
