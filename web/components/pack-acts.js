/** What may be done with a version: a class of it, its archive, making it the active one, removing it. Asked first. */
import { useState } from "preact/hooks";
import { post, remove } from "../api.js";
import { html } from "../html.js";
import { navigate } from "../router.js";
import { isAdmin, leads } from "../state/session.js";
import { bytes, number, t } from "../text.js";
import { Dialog } from "./dialog.js";
import { className, packPath } from "./pack-table.js";
import { toast } from "./toasts.js";

/** @typedef {import("../types.js").Pack} Pack */
/** @typedef {import("../types.js").Class} Class */

/**
 * @param {{ pack: Pack, packs: Pack[], classes: Class[], changed: (packs: Pack[]) => void }} props packs: all
 */
export function PackActs({ pack, packs, classes, changed }) {
	const [asked, setAsked] = useState(/** @type {"" | "activate" | "remove"} */ (""));
	const close = () => setAsked("");
	return html`<div class="acts">
		${leads() && html`${pack.active && html`<a class="button" href="/classes/new">${t("packs.new-class")}</a>`}
			<a class="button" href=${`/api/v1${packPath(pack)}/archive`} download>${t("packs.export")}</a>`}
		${isAdmin() && !pack.active && html`<button type="button" class="primary" onClick=${() => setAsked("activate")}>${t("packs.activate")}</button>`}
		${isAdmin() && html`<button type="button" class="danger" onClick=${() => setAsked("remove")}>${t("packs.remove")}</button>`}
		${asked === "activate" && html`<${Activate} pack=${pack} packs=${packs} changed=${changed} onClose=${close} />`}
		${asked === "remove" && html`<${Remove} pack=${pack} packs=${packs} classes=${classes} onClose=${close} />`}
	</div>`;
}

/** @param {Pack} pack */
const named = (pack) => ({ id: pack.id, version: pack.version });

/** @param {{ pack: Pack, packs: Pack[], changed: (packs: Pack[]) => void, onClose: () => void }} props */
function Activate({ pack, packs, changed, onClose }) {
	const now = packs.find((one) => one.id === pack.id && one.active);
	async function activate() {
		changed(await post(`${packPath(pack)}/activate`));
		toast(t("packs.activated", named(pack)));
	}
	return html`<${Dialog} title=${t("packs.activate-title", named(pack))} confirm=${t("packs.activate")} onConfirm=${activate} onClose=${onClose}>
		<p>${t("packs.activate-text", { version: pack.version, now: now?.version ?? "–" })}</p>
		${!pack.proven_at && html`<p class="state-line warn"><span aria-hidden="true">△</span> ${t("packs.activate-untested")}</p>`}
	<//>`;
}

/** The daemon refuses as well; here it is said before, with the classes' names. @param {{ pack: Pack, classes: Class[] }} props */
function WhyNot({ pack, classes }) {
	if (pack.ships) return html`<p>${t("packs.remove-ships")}</p>`;
	return html`<p>${t("packs.remove-used")}</p><ul>${pack.classes.map((id) => html`<li key=${id}>
		<a href=${`/classes/${id}`}>${className(classes, id)}</a></li>`)}</ul>`;
}

/** @param {{ pack: Pack, packs: Pack[], classes: Class[], onClose: () => void }} props */
function Remove({ pack, packs, classes, onClose }) {
	const never = pack.ships || pack.classes.length > 0;
	const next = packs.find((one) => one.id === pack.id && one.version !== pack.version);
	async function confirm() {
		await remove(packPath(pack));
		toast(t("packs.removed", named(pack)));
		navigate("/packs");
	}
	return html`<${Dialog} title=${t("packs.remove-title", named(pack))} confirm=${t("packs.remove")} danger disabled=${never}
		onConfirm=${confirm} onClose=${onClose}>
		${never ? html`<${WhyNot} pack=${pack} classes=${classes} />` : html`
			<p>${t("packs.remove-lost", { files: number(pack.files), size: bytes(pack.bytes) })}</p>
			${pack.active && html`<p>${next ? t("packs.remove-next", { version: next.version }) : t("packs.remove-last")}</p>`}`}
	<//>`;
}
