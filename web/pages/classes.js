/** All classes, newest first. */
import { useState } from "preact/hooks";
import { ProblemNote } from "../components/problem.js";
import { goesSoon } from "../components/retention-card.js";
import { StateChip } from "../components/state-chip.js";
import { useHost } from "../components/use-host.js";
import { useLive } from "../components/use-live.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { reduceClasses } from "../state/reduce.js";
import { leads } from "../state/session.js";
import { date, t } from "../text.js";

/** @typedef {import("../types.js").Class} Class */

export function ClassesPage() {
	const [closed, setClosed] = useState(false);
	const { view, error, load } = useLive("/classes?closed=1", "",
		/** @type {typeof reduceClasses} */ (reduceClasses));
	const shown = view?.filter((/** @type {Class} */ one) => closed || one.state !== "closed" || goesSoon(one));
	useTitle(t("classes.title"));
	useHost();
	return html`<div class="page">
		<div class="page-head"><h1>${t("classes.title")}</h1><span class="spacer"></span>
			<label class="check"><input type="checkbox" checked=${closed}
				onChange=${(/** @type {any} */ e) => setClosed(e.target.checked)} /> ${t("classes.show-closed")}</label>
			${leads() && html`<a class="button primary" href="/classes/new">${t("classes.new")}</a>`}</div>
		<${ProblemNote} error=${error} retry=${load} />
		${shown?.length === 0 && html`<div class="empty"><p><strong>${t("classes.empty")}</strong></p>
			<p>${t("classes.empty-text")}</p></div>`}
		<ul class="class-list">${shown?.map((/** @type {Class} */ one) => html`<${Row} key=${one.id} view=${one} />`)}</ul>
	</div>`;
}

/** @param {{ view: Class }} props */
function Row({ view }) {
	const live = !["draft", "closing", "closed"].includes(view.state);
	return html`<li class="class-row"><a href=${`/classes/${view.id}`}>
		<span class="class-row-name">${view.name}</span>
		<${StateChip} state=${view.state} />
		<span class="class-row-fact">${live ? t("class.ready-of", { ready: view.ready, total: view.seats })
			: t("classes.seats", { n: view.seats })}</span>
		<span class="class-row-fact">${t("classes.created", { date: date(view.created_at) })}</span>
		${live && html`<span class="class-row-code">${view.code}</span>`}
		${goesSoon(view) && html`<span class="class-row-soon">△ ${t("retention.soon", { date: date(view.results_until) })}</span>`}
	</a></li>`;
}
