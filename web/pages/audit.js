/** Who did what, when, to whom: newest first, page by page, and whether it is still what was written. */
import { useState } from "preact/hooks";
import { AuditFilter } from "../components/audit-filter.js";
import { AuditTable } from "../components/audit-table.js";
import { AuditVerdict } from "../components/audit-verdict.js";
import { ProblemNote } from "../components/problem.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").AuditRow} AuditRow */
/** @typedef {{ actor: string, class: string, days: number }} Filter */

const ROWS = 50;
const DAY_MS = 86_400_000;

/**
 * One row more than is shown tells whether there is an older page.
 * @param {Filter} filter
 * @param {number} before
 */
function address(filter, before) {
	const query = new URLSearchParams({ limit: String(ROWS + 1) });
	if (filter.actor) query.set("actor", filter.actor);
	if (filter.class) query.set("class", filter.class);
	if (filter.days) query.set("since", String(new Date().setHours(0, 0, 0, 0) - (filter.days - 1) * DAY_MS));
	if (before) query.set("before", String(before));
	return `/audit?${query}`;
}

export function AuditPage() {
	const [filter, setFilter] = useState(/** @type {Filter} */ ({ actor: "", class: "", days: 0 }));
	/* The ids that the pages so far began before; the last is this page's. */
	const [trail, setTrail] = useState(/** @type {number[]} */ ([0]));
	const { value, error, load } = useLoaded(address(filter, trail[trail.length - 1]));
	useTitle(t("audit.title"));

	/** @param {Partial<Filter>} change */
	function narrow(change) {
		setFilter({ ...filter, ...change });
		setTrail([0]);
	}
	const rows = /** @type {AuditRow[]} */ (value ?? []).slice(0, ROWS);
	const older = (value?.length ?? 0) > ROWS;
	return html`<div class="page"><div class="page-head"><h1>${t("audit.title")}</h1></div>
		<${AuditVerdict} />
		<${AuditFilter} filter=${filter} narrow=${narrow} />
		<${ProblemNote} error=${error} retry=${load} />
		${value?.length === 0 && html`<div class="empty"><p><strong>${t("audit.empty")}</strong></p></div>`}
		${rows.length > 0 && html`<${AuditTable} rows=${rows} narrow=${narrow} />`}
		${(older || trail.length > 1) && html`<nav class="pager" aria-label=${t("audit.pages")}>
			<button type="button" disabled=${trail.length === 1}
				onClick=${() => setTrail(trail.slice(0, -1))}>← ${t("audit.newer")}</button>
			<span class="help">${t("audit.page", { n: trail.length })}</span>
			<button type="button" disabled=${!older}
				onClick=${() => setTrail([...trail, rows[rows.length - 1].id])}>${t("audit.older")} →</button>
		</nav>`}
	</div>`;
}
