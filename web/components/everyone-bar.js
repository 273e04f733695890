/** What is being done in all seats of a class: how many are there, and which failed, by name. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { plain, say, t } from "../text.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */

/** @param {{ view: ClassFull, select: (seat: number) => void }} props */
export function EveryoneBar({ view, select }) {
	const [seen, setSeen] = useState(0);
	const now = view.everyone;
	if (!now || seen === now.work) return null;
	const lab = view.labs.find((one) => one.id === now.lab);
	const values = { lab: lab ? plain(say(lab.title)) : now.lab, arrived: now.arrived, seats: now.seats };
	const title = now.kind === "open-lab" ? t(now.running ? "everyone.opening" : "everyone.opened", values)
		: t(now.running ? "everyone.catching-up" : "everyone.caught-up", values);
	return html`<div class="everyone" role="status">
		<p><b>${title}</b> <span>${t("everyone.there", values)}</span></p>
		${now.running && html`<progress max=${now.seats} value=${now.arrived + now.failed.length} aria-label=${title}></progress>`}
		${now.failed.length > 0 && html`<p class="everyone-failed">${t("everyone.failed", { n: now.failed.length })}
			${now.failed.map((one) => html`<button type="button" class="small danger" key=${one.seat} title=${one.message}
				onClick=${() => select(one.seat)}>${nameOf(view, one)}</button>`)}</p>`}
		${!now.running && html`<button type="button" class="quiet icon" aria-label=${t("everyone.dismiss")}
			onClick=${() => setSeen(now.work)}>×</button>`}
	</div>`;
}

/** @param {ClassFull} view @param {{ seat: number, number: number }} failed */
function nameOf(view, failed) {
	const name = view.seat.find((one) => one.id === failed.seat)?.name;
	return `${String(failed.number).padStart(2, "0")} ${name || t("class.free")}`;
}
