/** Rows of the audit log. A name narrows the log to that person. */
import { html } from "../html.js";
import { clock, date, t, tOr } from "../text.js";

/** @typedef {import("../types.js").AuditRow} AuditRow */

/**
 * "seat 3/07" with its first word in the reader's language, and a setting by its name there.
 * @param {string} object
 */
function object(object) {
	const [word, ...rest] = object.split(" ");
	return rest.length ? `${tOr(`audit.object.${word}`, word)} ${rest.join(" ")}` : tOr(`settings.${object}`, object);
}

/**
 * A role, or what a schedule does, in the reader's language.
 * @param {string} name @param {unknown} value
 */
function fact(name, value) {
	const key = name === "role" ? `people.role-${value}` : name === "action" ? `plan.${value}` : "";
	return `${tOr(`audit.detail.${name}`, name)} ${tOr(key, String(value))}`;
}

/**
 * JSON as "role admin, to 12"; what is none as it is.
 * @param {string} detail
 */
function detail(detail) {
	try {
		return Object.entries(JSON.parse(detail)).map(([name, value]) => fact(name, value)).join(t("list.comma"));
	} catch {
		return detail;
	}
}

/**
 * Whoever fails to sign in is not known, so that it is not told who tried.
 * @param {AuditRow} row
 */
function actor(row) {
	if (row.person || row.actor !== "system") return row.actor;
	return row.action === "sign-in.failed" ? t("audit.somebody") : t("audit.system");
}

/**
 * @param {{ rows: AuditRow[], narrow: (change: { actor: string }) => void }} props
 */
export function AuditTable({ rows, narrow }) {
	/** @param {AuditRow} row @param {number} index */
	const day = (row, index) => (index === 0 || date(rows[index - 1].at) !== date(row.at) ? date(row.at) : "");
	return html`<div class="table-frame"><table class="table audit">
		<thead><tr><th scope="col">${t("audit.time")}</th><th scope="col">${t("audit.actor")}</th>
			<th scope="col">${t("audit.action")}</th><th scope="col">${t("audit.object")}</th>
			<th scope="col">${t("audit.detail")}</th><th scope="col" class="number">${t("audit.row")}</th></tr></thead>
		<tbody>${rows.map((row, index) => html`
			${day(row, index) && html`<tr class="day" key=${`day-${row.id}`}><th scope="rowgroup" colspan="6">${date(row.at)}</th></tr>`}
			<tr key=${row.id}><td><time datetime=${new Date(row.at).toISOString()}>${clock(row.at)}</time></td>
				<td><button type="button" class="link" onClick=${() => narrow({ actor: row.actor })}>${
					actor(row)}</button></td>
				<td class=${/[.-]failed$/.test(row.action) ? "wrong" : ""}>${tOr(`audit.action.${row.action}`, row.action)}</td>
				<td>${object(row.object)}</td><td class="audit-detail">${detail(row.detail)}</td>
				<td class="number help">${row.id}</td></tr>`)}</tbody>
	</table></div>`;
}
