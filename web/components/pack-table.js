/** One course: a row for each of its versions that is installed. */
import { html } from "../html.js";
import { bytes, date, say, t } from "../text.js";

/** @typedef {import("../types.js").Pack} Pack */
/** @typedef {import("../types.js").Class} Class */
/** @typedef {import("../types.js").Template} Template */
/** @typedef {import("../types.js").Work} Work */

/** @param {Pack} pack */
export const packPath = (pack) => `/packs/${encodeURIComponent(pack.id)}/${encodeURIComponent(pack.version)}`;

/** What is done for this course now. @param {Work[]} works @param {string} course */
const running = (works, course) => works.filter((one) => one.state === "running" &&
	(one.kind === "proof" || one.kind === "template") && one.object.split("/")[0] === course);

/** @param {{ versions: Pack[], templates: Template[], classes: Class[], works: Work[] }} props newest first */
export function PackTable({ versions, templates, classes, works }) {
	const shown = versions.find((one) => one.active) ?? versions[0];
	const under = running(works, shown.id);
	return html`<section class="pack-course" aria-labelledby=${`course-${shown.id}`}>
		<h2 id=${`course-${shown.id}`}>${say(shown.title)} <span class="help mono">${shown.id}</span></h2>
		${under.map((work) => html`<p class="help" key=${work.id}>${t(work.kind === "proof" ? "packs.testing" : "packs.baking",
			{ n: Math.round(work.fraction * 100) })}</p>`)}
		<div class="table-frame"><table class="table packs"><thead><tr>
			<th scope="col">${t("packs.version")}</th><th scope="col">${t("packs.test")}</th>
			<th scope="col">${t("packs.template")}</th><th scope="col">${t("packs.classes")}</th>
			<th scope="col">${t("packs.rights")}</th><th scope="col">${t("packs.authors")}</th>
			<th scope="col" class="number">${t("packs.size")}</th></tr></thead>
		<tbody>${versions.map((pack) => html`<${Row} key=${pack.version} pack=${pack} classes=${classes}
			templates=${templates.filter((one) => one.course === pack.id && one.version === pack.version)} />`)}</tbody></table></div>
	</section>`;
}

/** @param {{ pack: Pack, templates: Template[], classes: Class[] }} props */
function Row({ pack, templates, classes }) {
	return html`<tr><th scope="row"><a href=${packPath(pack)} aria-label=${`${pack.id} ${pack.version}`}>${pack.version}</a>
			${pack.active && html` <span class="chip info">${t("packs.active")}</span>`}</th>
		<td><${Proven} at=${pack.proven_at} /></td>
		<td><${Baked} templates=${templates} /></td>
		<td><${UsedBy} pack=${pack} classes=${classes} /></td>
		<td><${Rights} pack=${pack} /></td>
		<td class="pack-authors">${pack.authors}</td><td class="number">${bytes(pack.bytes)}</td></tr>`;
}

/** @param {{ at: number }} props */
export function Proven({ at }) {
	return at > 0 ? html`<span class="state-line ok"><span aria-hidden="true">✓</span> ${date(at)}</span>`
		: html`<span class="state-line warn"><span aria-hidden="true">△</span> ${t("packs.untested")}</span>`;
}

/** Only versions that are taught are looked at. @param {{ templates: Template[] }} props */
function Baked({ templates }) {
	if (!templates.length) return html`<span class="help">${t("packs.not-needed")}</span>`;
	const ready = templates.every((one) => one.baked);
	return html`<span class=${ready ? "state-line ok" : "state-line warn"}><span aria-hidden="true">${ready ? "✓" : "△"}</span>
		${ready ? t("packs.baked") : t("packs.not-baked")}</span>`;
}

/** @param {{ pack: Pack }} props */
export function Rights({ pack }) {
	return html`<span class="chip">TLP:${pack.tlp.toUpperCase()}</span> <span class="help">${pack.license}</span>`;
}

/** Links to classes, by name where one may see it. @param {{ pack: Pack, classes: Class[] }} props */
export function UsedBy({ pack, classes }) {
	if (!pack.classes.length) return html`<span class="help">${t("images.nobody")}</span>`;
	return html`${pack.classes.map((id, index) => html`${index > 0 && t("list.comma")}<a key=${id} href=${`/classes/${id}`}>
		${className(classes, id)}</a>`)}`;
}

/** @param {Class[]} classes @param {number} id */
export const className = (classes, id) => classes.find((one) => one.id === id)?.name ?? t("packs.class", { id });
