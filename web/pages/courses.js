/** What can be taught here, and whether its images and templates are made. */
import { CourseCard } from "../components/course-card.js";
import { ImageList } from "../components/image-list.js";
import { PackImport } from "../components/pack-import.js";
import { ProblemNote } from "../components/problem.js";
import { useHost } from "../components/use-host.js";
import { useLive } from "../components/use-live.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { reduceWorks } from "../state/reduce.js";
import { isAdmin } from "../state/session.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").Work} Work */

export function CoursesPage() {
	const { value: courses, error, load } = useLoaded("/courses");
	const { value: problems } = useLoaded("/courses/problems");
	const { view: works, setView } = useLive("/works", "", /** @type {typeof reduceWorks} */ (reduceWorks));
	useTitle(t("courses.title"));
	useHost();
	/** @param {Work | null} work */
	const started = (work) => work && setView((all) => reduceWorks(all ?? [], "job", work));
	const finished = (works ?? []).filter((/** @type {Work} */ work) => work.state === "done").length;
	return html`<div class="page"><div class="page-head"><h1>${t("courses.title")}</h1></div>
		<${ProblemNote} error=${error} retry=${load} />
		${problems?.map((/** @type {{ directory: string, message: string }} */ problem) => html`<div class="problem"
			key=${problem.directory} role="status"><p><strong>${t("courses.problem", problem)}</strong></p>
			<p class="problem-detail" lang="en">${problem.message}</p></div>`)}
		${courses?.length === 0 && html`<div class="empty"><p><strong>${t("courses.empty")}</strong></p>
			<p>${t("courses.empty-text")}</p></div>`}
		${courses?.map((/** @type {import("../types.js").Course} */ course) => html`<${CourseCard} key=${course.id}
			course=${course} works=${works ?? []} started=${started} finished=${finished} />`)}
		${isAdmin() && html`<${PackImport} imported=${load} />`}
		<${ImageList} works=${works ?? []} started=${started} finished=${finished} />
	</div>`;
}
