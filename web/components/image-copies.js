/** Every build of one image on the disk: what it takes, who stands on it; an admin may remove what nobody uses. */
import { useState } from "preact/hooks";
import { remove } from "../api.js";
import { html } from "../html.js";
import { isAdmin } from "../state/session.js";
import { bytes, clock, date, t } from "../text.js";
import { Dialog } from "./dialog.js";

/** @typedef {import("../types.js").Image} Image */
/** @typedef {import("../types.js").ImageCopy} ImageCopy */

/** @param {{ image: Image, reload: () => void }} props */
export function ImageCopies({ image, reload }) {
	const [asked, setAsked] = useState(/** @type {ImageCopy | null} */ (null));
	return html`<div class="table-scroll"><table class="table image-copies">
		<thead><tr><th scope="col">${t("images.build")}</th><th scope="col">${t("images.built-at")}</th>
			<th scope="col" class="number">${t("images.size")}</th><th scope="col">${t("images.users")}</th>
			${isAdmin() && html`<th><span class="visually-hidden">${t("images.remove")}</span></th>`}</tr></thead>
		<tbody>${image.copies.map((copy) => html`<tr key=${copy.digest}>
			<td><code>${copy.digest}</code> <${Which} copy=${copy} /></td>
			<td>${date(copy.built_at)} ${clock(copy.built_at)}</td><td class="number">${bytes(copy.bytes)}</td>
			<td><${Users} copy=${copy} /></td>
			${isAdmin() && html`<td class="act">${copy.users.length === 0 && html`<button type="button" class="small danger"
				aria-label=${t("images.remove-which", { name: `${image.name}@${copy.digest}` })}
				onClick=${() => setAsked(copy)}>${t("images.remove")}</button>`}</td>`}</tr>`)}</tbody></table></div>
		${asked && html`<${RemoveDialog} image=${image} copy=${asked} reload=${reload} onClose=${() => setAsked(null)} />`}`;
}

/** @param {{ copy: ImageCopy }} props of which recipe it is */
function Which({ copy }) {
	if (copy.current) return html`<span class="chip ok">${t("images.current")}</span>`;
	return html`<span class="chip">${t(copy.fits ? "images.same-recipe" : "images.older-recipe")}</span>`;
}

/** @param {{ copy: ImageCopy }} props */
function Users({ copy }) {
	if (copy.users.length === 0) return html`<span class="help">${t("images.nobody")}</span>`;
	return html`${copy.users.map((user, index) => html`${index > 0 && t("list.comma")}${user.id > 0
		? html`<a href=${`/classes/${user.id}`}>${user.name}</a>`
		: `${t(`images.kind-${user.kind}`)} ${user.name.length === 64 ? user.name.slice(0, 12) : user.name}`}`)}`;
}

/** @param {{ image: Image, copy: ImageCopy, reload: () => void, onClose: () => void }} props */
function RemoveDialog({ image, copy, reload, onClose }) {
	const name = `${image.name}@${copy.digest}`;
	const confirm = () => remove(`/images/${encodeURIComponent(image.name)}?digest=${encodeURIComponent(copy.digest)}`).then(reload);
	return html`<${Dialog} title=${t("images.remove-title", { name })} confirm=${t("images.remove")} danger
		onConfirm=${confirm} onClose=${onClose}>
		<p>${t("images.remove-frees", { size: bytes(copy.bytes) })}</p>
		<p>${copy.current ? t("images.remove-current") : t("images.remove-old")}</p>
	<//>`;
}
