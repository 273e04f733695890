/** One version of a course: what may be done with it, its test on real machines, and its labs to read. */
import { PackActs } from "../components/pack-acts.js";
import { PackProof } from "../components/pack-proof.js";
import { Proven, Rights, UsedBy } from "../components/pack-table.js";
import { PackTemplate } from "../components/pack-template.js";
import { ProblemNote } from "../components/problem.js";
import { useHost } from "../components/use-host.js";
import { useLive } from "../components/use-live.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { reduceWorks } from "../state/reduce.js";
import { bytes, number, say, t } from "../text.js";

/** @typedef {import("../types.js").Pack} Pack */
/** @typedef {import("../types.js").Course} Course */
/** @typedef {import("../types.js").Work} Work */

/** @param {{ course: string, version: string }} props from the address */
export function PackPage({ course, version }) {
	const path = `/packs/${encodeURIComponent(course)}/${encodeURIComponent(version)}`;
	const { value: outline, error, load } = useLoaded(path);
	const { value: packs, setValue: setPacks, load: loadPacks } = useLoaded("/packs");
	const { value: classes } = useLoaded("/classes?closed=1");
	const { view: works, setView } = useLive("/works", "", /** @type {typeof reduceWorks} */ (reduceWorks));
	/** @type {Pack | undefined} */
	const pack = packs?.find((/** @type {Pack} */ one) => one.id === course && one.version === version);
	useTitle(outline ? `${say(outline.title)} ${version}` : t("packs.title"));
	useHost();
	/** @param {Work | null} work */
	const started = (work) => work && setView((all) => reduceWorks(all ?? [], "job", work));
	return html`<div class="page pack">
		<p><a href="/packs">← ${t("packs.title")}</a></p>
		<${ProblemNote} error=${error} retry=${load} />
		${outline && pack && html`
			<div class="page-head"><h1>${say(outline.title)} <span class="help">${t("packs.version-n", { v: version })}</span></h1>
				${pack.active && html`<span class="chip info">${t("packs.active")}</span>`}<span class="spacer"></span>
				<${PackActs} pack=${pack} packs=${packs} classes=${classes ?? []} changed=${setPacks} /></div>
			<div class="pack-parts">
				<section class="card pack-about">
					${outline.summary && html`<p>${say(outline.summary)}</p>`}
					<${Labs} pack=${path} course=${outline} />
				</section>
				<section class="card pack-facts"><${Facts} pack=${pack} course=${outline} classes=${classes ?? []} />
					<${PackTemplate} pack=${pack} works=${works ?? []} started=${started} /></section>
			</div>
			<${PackProof} pack=${pack} works=${works ?? []} started=${started} ended=${loadPacks} />`}
	</div>`;
}

/** @param {{ pack: string, course: Course }} props */
function Labs({ pack, course }) {
	return html`<h2>${t("packs.labs")}</h2><p class="help">${t("packs.labs-help")}</p><ol class="course-labs">
		${course.labs.map((lab) => html`<li key=${lab.id}><span><a href=${`${pack}/${encodeURIComponent(lab.id)}`}>${say(lab.title)}</a></span>
			<span class="help">${t("lab.minutes", { n: lab.minutes })} · ${t("packs.tasks", { n: lab.tasks })}</span></li>`)}</ol>`;
}

/** @param {{ pack: Pack, course: Course, classes: import("../types.js").Class[] }} props */
function Facts({ pack, course, classes }) {
	return html`<dl class="facts">
		<div><dt>${t("packs.test")}</dt><dd><${Proven} at=${pack.proven_at} /></dd></div>
		<div><dt>${t("packs.classes")}</dt><dd><${UsedBy} pack=${pack} classes=${classes} /></dd></div>
		<div><dt>${t("packs.rights")}</dt><dd><${Rights} pack=${pack} /></dd></div>
		<div><dt>${t("packs.authors")}</dt><dd>${pack.authors || "–"}</dd></div>
		<div><dt>${t("packs.size")}</dt><dd>${bytes(pack.bytes)} · ${t("packs.files", { n: number(pack.files) })}</dd></div>
		<div><dt>${t("packs.digest")}</dt><dd><code title=${pack.digest}>${pack.digest.slice(0, 12)}</code></dd></div>
		${course.machines.map((one) => html`<div key=${one.name}><dt>${t("packs.machine", { name: one.name })}</dt>
			<dd>${one.image} · ${number(one.memory_mib)} MB</dd></div>`)}
	</dl>`;
}
