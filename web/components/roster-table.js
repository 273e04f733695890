/** The preview of a roster: every line can be mended where it stands, with what is wrong below the field. */
import { useState } from "preact/hooks";
import { html } from "../html.js";
import { FIELDS, isEmpty, isWrong } from "../state/roster.js";
import { say, t } from "../text.js";

/** @typedef {import("../types.js").RosterRow} RosterRow */
/** @typedef {import("../types.js").RosterProblem} RosterProblem */
/** @typedef {import("./use-roster.js").RosterState} RosterState */

/** @param {{ roster: RosterState }} props */
export function RosterTable({ roster }) {
	const [only, setOnly] = useState(false);
	const wrong = roster.rows.filter(isWrong).length;
	return html`<div class="roster-preview">
		<p class="roster-state" role="status">${roster.busy ? t("roster.reading")
			: wrong ? html`<strong class="wrong">${t("roster.wrong", { n: wrong })}</strong> ${t("roster.nothing-saved")}`
				: html`<strong class="right">${t("roster.right", { n: roster.count })}</strong>`}
			${(wrong > 0 || only) && html`<label class="check"><input type="checkbox" checked=${only}
				onChange=${() => setOnly(!only)} /> ${t("roster.only-wrong")}</label>`}</p>
		<div class="table-frame roster-frame"><table class="table roster-table">
			<thead><tr><th scope="col" class="number">${t("roster.line")}</th>
				${FIELDS.map((field) => html`<th scope="col" class="roster-${field}">${t(`roster.${field}`)}</th>`)}
				<th><span class="visually-hidden">${t("people.acts")}</span></th></tr></thead>
			<tbody>${roster.rows.map((row, i) => (!only || isWrong(row)) && html`<${Row} key=${i} row=${row} index=${i} roster=${roster} />`)}</tbody>
		</table></div>
		<p><button type="button" class="small" onClick=${roster.add}>${t("roster.add")}</button></p>
	</div>`;
}

/** @param {{ row: RosterRow, index: number, roster: RosterState }} props */
function Row({ row, index, roster }) {
	const whole = row.kept ?? [];
	return html`<tr class=${isWrong(row) ? "is-wrong" : ""}>
		<td class="number">${isEmpty(row) ? "–" : row.line}</td>
		${FIELDS.map((field, i) => {
			const problems = [...(i === 0 ? whole : []), ...row.problems.filter((one) => one.field === field)];
			const id = `roster-${index}-${field}`;
			const wrong = problems.some((one) => one.wrong);
			const fitting = { id, value: row[field], "aria-label": t("roster.cell", { field: t(`roster.${field}`), n: row.line }),
				"aria-invalid": wrong ? "true" : undefined, "aria-describedby": problems.length ? `${id}-why` : undefined,
				onInput: (/** @type {any} */ e) => roster.edit(index, field, e.target.value) };
			return html`<td key=${field}>${field === "language" ? html`<${LanguageCell} ...${fitting} />`
				: html`<input spellcheck=${false} autocomplete="off" ...${fitting} />`}
				${problems.length > 0 && html`<ul id="${id}-why" class="why">${problems.map((one) =>
					html`<li class=${one.wrong ? "wrong" : "help"}>${say(one.text)}</li>`)}</ul>`}</td>`;
		})}
		<td><button type="button" class="quiet small" aria-label=${t("roster.drop", { n: row.line, name: row.name })}
			onClick=${() => roster.drop(index)}>×</button></td>
	</tr>`;
}

/** What is no language stays to be seen until another one is chosen. */
/** @param {any} props */
function LanguageCell({ value, ...rest }) {
	const known = ["", "en", "ja"].includes(value);
	return html`<select value=${value} ...${rest}>${!known && html`<option value=${value}>${value}</option>`}
		<option value="">${t("roster.language-none")}</option><option value="en">English</option>
		<option value="ja">日本語</option></select>`;
}
