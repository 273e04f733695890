/** A lab of a pack, read as its students will, in either language; hints and feedback behind a click. */
import { useState } from "preact/hooks";
import { Guide } from "../components/guide.js";
import { ProblemNote } from "../components/problem.js";
import { ReadTask } from "../components/read-task.js";
import { TaskList } from "../components/task-list.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { language } from "../settings.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").PackLab} PackLab */
/** @typedef {"en" | "ja"} Lang */

/** @param {{ course: string, version: string, lab: string }} props from the address */
export function PackLabPage({ course, version, lab }) {
	const [lang, setLang] = useState(/** @type {Lang} */ (language.value));
	const pack = `/packs/${encodeURIComponent(course)}/${encodeURIComponent(version)}`;
	const { value, error, load } = useLoaded(`${pack}/labs/${encodeURIComponent(lab)}?language=${lang}`);
	useTitle(value ? value.title[lang] : t("packs.title"));
	return html`<div class="page pack-lab">
		<p><a href=${pack}>← ${course} ${version}</a></p>
		<${ProblemNote} error=${error} retry=${load} />
		<div class="pack-lab-bar"><p class="help">${t("packs.reading")}</p><span class="spacer"></span>
			<${Languages} lang=${lang} choose=${setLang} /></div>
		${value && html`<${Sheet} key=${value.language} lab=${value} />`}
	</div>`;
}

/** @param {{ lang: Lang, choose: (lang: Lang) => void }} props */
function Languages({ lang, choose }) {
	/** @type {[Lang, string][]} */
	const all = [["en", "English"], ["ja", "日本語"]];
	return html`<div class="segments" role="group" aria-label=${t("packs.language")}>${all.map(([one, name]) => html`<button
		type="button" key=${one} lang=${one} aria-pressed=${lang === one} onClick=${() => choose(one)}>${name}</button>`)}</div>`;
}

/** @param {{ lab: PackLab }} props */
function Sheet({ lab }) {
	const [placed, setPlaced] = useState(/** @type {Set<string> | null} */ (null));
	const required = lab.tasks.filter((task) => !task.optional);
	/** @param {string} id */
	function show(id) {
		const task = lab.tasks.find((one) => one.id === id);
		return task ? html`<${ReadTask} task=${task} lang=${lab.language}
			mark=${task.optional ? "◇" : required.indexOf(task) + 1} />` : null;
	}
	const unplaced = placed ? lab.tasks.filter((task) => !placed.has(task.id)) : [];
	return html`<article class="sheet" lang=${lab.language}>
		<p class="lab-line"><span>${t("lab.minutes", { n: lab.minutes })}</span></p>
		<h1>${lab.title[lab.language]}</h1>
		<${Guide} html=${lab.guide} task=${show} onPlaced=${setPlaced} />
		${unplaced.length > 0 && html`<${TaskList} tasks=${unplaced} show=${show} />`}
	</article>`;
}
