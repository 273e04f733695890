/** The last things that happened in the class; a click goes to the seat. */
import { html } from "../html.js";
import { plain, say, t } from "../text.js";
import { Icon } from "./icon.js";
import { useNow } from "./use-now.js";

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Happening} Happening */

/** @type {Record<Happening["kind"], string>} */
const MARKS = { joined: "→", hand: "", lab: "▸", done: "✓", reset: "↺", off: "○", lost: "!", failed: "×" };

/** @param {ClassFull} view @param {Happening} one */
function what(view, one) {
	const lab = view.labs.find((other) => other.id === one.lab);
	const task = lab?.tasks.find((other) => other.id === one.task);
	return t(`happened.${one.kind}`, { lab: lab ? plain(say(lab.title)) : one.lab, task: task ? plain(say(task.title)) : one.task,
		machine: one.machine });
}

/** @param {number} ms */
function ago(ms) {
	const minutes = Math.floor(ms / 60_000);
	if (minutes < 1) return t("happened.now");
	return minutes < 60 ? t("happened.minutes", { n: minutes }) : t("happened.hours", { n: Math.floor(minutes / 60) });
}

/** @param {{ view: ClassFull, select: (seat: number) => void }} props */
export function Happenings({ view, select }) {
	const now = useNow(10_000);
	const list = view.activity ?? [];
	if (!list.length) return null;
	return html`<section class="happenings" aria-labelledby="happenings-title">
		<h2 id="happenings-title">${t("happened.title")}</h2>
		<ul>${list.map((one) => html`<li key=${one.id}><button type="button" class="happening ${one.kind}" onClick=${() => select(one.seat)}>
			<span class="happening-mark" aria-hidden="true">${one.kind === "hand" ? html`<${Icon} name="hand" />` : MARKS[one.kind]}</span>
			<span class="happening-what"><b>${String(one.number).padStart(2, "0")}${" "}${view.seat.find((seat) =>
				seat.id === one.seat)?.name ?? ""}</b>${" "}${what(view, one)}</span>
			<time datetime=${new Date(one.at).toISOString()}>${ago(now - one.at)}</time></button></li>`)}</ul>
	</section>`;
}
