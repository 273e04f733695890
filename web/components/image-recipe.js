/**
 * What an image's recipe says, loaded when somebody opens it: what it is based on, its packages, its files to be read, and
 * what the digest is made from that tells builds of it from older ones. A recipe is changed where it lies, not here.
 */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t, tOr } from "../text.js";
import { ProblemNote } from "./problem.js";
import { Spinner } from "./spinner.js";
import { useLoaded } from "./use-loaded.js";

/** @typedef {import("../types.js").ImageRecipe} Recipe */
/** @typedef {import("../types.js").RecipeFile} File */

/** @param {{ name: string }} props */
export function ImageRecipe({ name }) {
	const [open, setOpen] = useState(false);
	return html`<details class="image-recipe" onToggle=${(/** @type {Event} */ event) => event.target === event.currentTarget
		&& setOpen(/** @type {HTMLDetailsElement} */ (event.currentTarget).open)}>
		<summary>${t("recipe.title")}</summary>${open && html`<${Content} name=${name} />`}</details>`;
}

/** @param {{ name: string }} props */
function Content({ name }) {
	const { value, error, load } = useLoaded(`/images/${encodeURIComponent(name)}`);
	/** @type {Recipe | null} */
	const recipe = value;
	if (error) return html`<${ProblemNote} error=${error} retry=${load} />`;
	if (!recipe) return html`<p><${Spinner} /></p>`;
	const { words, packages, shelf } = recipe.content;
	return html`<div class="recipe">
		<dl class="facts">${words.filter((word) => word.name !== "name").map((word) => html`<div key=${word.name}>
			<dt>${tOr(`recipe.word-${word.name}`, word.name)}</dt><dd><code>${word.value}</code></dd></div>`)}
			${recipe.courses.length > 0 && html`<div><dt>${t("recipe.courses")}</dt><dd><${Courses} recipe=${recipe} /></dd></div>`}</dl>
		<${Names} title=${t("recipe.packages", { n: packages.length })} names=${packages} />
		${shelf.length > 0 && html`<${Names} title=${t("recipe.shelf", { n: shelf.length })} names=${shelf} />`}
		<section><h3>${t("recipe.files")}</h3><p class="help">${t("recipe.files-help", { directory: recipe.directory })}</p>
			<ul class="recipe-files">${recipe.content.files.map((file) => html`<${FileRow} key=${file.path} file=${file} />`)}</ul>
			${recipe.content.left_out > 0 && html`<p class="help">${t("recipe.left-out", { n: number(recipe.content.left_out) })}</p>`}</section>
		<section><h3>${t("recipe.digest")}</h3>
			${recipe.recipe && html`<p><code class="hash">${recipe.recipe}</code></p>`}
			<p class="help">${t("recipe.digest-help")}</p>
			<ul class="recipe-beside">${[recipe.directory, ...recipe.beside].map((path) => html`<li key=${path}><code>${path}</code></li>`)}</ul></section>
	</div>`;
}

/** @param {{ recipe: Recipe }} props one course with all its machines, then the next */
function Courses({ recipe }) {
	const versions = [...new Set(recipe.courses.map((one) => `${one.course}/${one.version}`))];
	return html`${versions.map((version, index) => html`${index > 0 && t("list.comma")}<a href=${`/packs/${version}`}
		>${version.replace("/", " ")}</a> (${recipe.courses.filter((one) => `${one.course}/${one.version}` === version)
	.map((one) => one.machine).join(t("list.comma"))})`)}`;
}

/** @param {{ title: string, names: string[] }} props */
function Names({ title, names }) {
	return html`<section><h3>${title}</h3><ul class="recipe-names">${names.map((name) => html`<li key=${name}><code>${name}</code></li>`)}</ul></section>`;
}

/** @param {{ file: File }} props what is no text is named with the reason */
function FileRow({ file }) {
	const about = html`<code>${file.path}</code> <span class="help">${t(`recipe.kind-${file.kind}`)} · ${t("recipe.bytes", { n: number(file.bytes) })}</span>`;
	if (file.link !== null) return html`<li>${about} <span class="help">→ <code>${file.link}</code></span></li>`;
	if (file.text === null) return html`<li>${about} <span class="help">${t("recipe.no-text")}</span></li>`;
	return html`<li><details><summary>${about}</summary><pre tabindex="0" lang="en" aria-label=${file.path}>${file.text}</pre></details></li>`;
}
