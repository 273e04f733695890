/** Who comes: a number of seats, or people from a file or a paste; and by which code they join. */
import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { SEATS_MAX } from "../pages/new-class.js";
import { say, t } from "../text.js";
import { ProblemNote } from "./problem.js";
import { RosterTable } from "./roster-table.js";

/** @typedef {{ byPeople: boolean, seats: number, joining: "class" | "seat" }} Who */
/** @typedef {import("./use-roster.js").RosterState} RosterState */

/** @param {{ value: Who, change: (who: Who) => void, roster: RosterState }} props */
export function Roster({ value, change, roster }) {
	return html`<fieldset class="roster"><legend>${t("new.who")}</legend>
		<div class="segments" role="group">
			<button type="button" aria-pressed=${!value.byPeople}
				onClick=${() => change({ ...value, byPeople: false })}>${t("new.by-number")}</button>
			<button type="button" aria-pressed=${value.byPeople}
				onClick=${() => change({ ...value, byPeople: true })}>${t("new.by-people")}</button></div>
		${value.byPeople ? html`<${People} roster=${roster} />`
			: html`<label for="seats">${t("new.seats")}</label>
			<input id="seats" type="number" class="seats-input" min="1" max=${SEATS_MAX} required value=${value.seats}
				onInput=${(/** @type {any} */ e) => change({ ...value, seats: e.target.valueAsNumber || 0 })} />`}
		${!value.byPeople && value.seats > SEATS_MAX && html`<p class="help wrong" role="alert">${t("new.too-many", { n: SEATS_MAX })}</p>`}
	</fieldset>
	<fieldset class="choice"><legend>${t("new.joining")}</legend>
		${/** @type {const} */ (["class", "seat"]).map((one) => html`<label key=${one}><input type="radio" name="joining"
			checked=${value.joining === one} onChange=${() => change({ ...value, joining: one })} />
			<span><b>${t(`new.joining-${one}`)}</b><br /><span class="help">${t(`new.joining-${one}-help`)}</span></span></label>`)}
	</fieldset>`;
}

/** @param {{ roster: RosterState }} props */
function People({ roster }) {
	const [text, setText] = useState("");
	const file = useRef(/** @type {HTMLInputElement | null} */ (null));
	const [over, setOver] = useState(false);
	/** @param {string} typed */
	function paste(typed) {
		setText(typed);
		if (typed.trim()) roster.read(new Blob([typed]));
		else roster.clear();
	}
	/** @param {File | null | undefined} chosen */
	function take(chosen) {
		if (!chosen) return;
		setText("");
		roster.read(chosen, 0);
	}
	/** @param {DragEvent} event */
	function drop(event) {
		event.preventDefault();
		setOver(false);
		take(event.dataTransfer?.files[0]);
	}
	return html`<div class="roster-in ${over ? "is-over" : ""}" onDrop=${drop} onDragLeave=${() => setOver(false)}
			onDragOver=${(/** @type {DragEvent} */ e) => { e.preventDefault(); setOver(true); }}>
		<label for="people">${t("roster.paste")}</label>
		<textarea id="people" rows=${roster.rows.length ? 5 : 7} spellcheck=${false} value=${text} aria-describedby="people-help"
			placeholder=${t("roster.example")} onInput=${(/** @type {any} */ e) => paste(e.target.value)}></textarea>
		<p id="people-help" class="help">${t("roster.help")}</p>
		<p><button type="button" onClick=${() => file.current?.click()}>${t("roster.file")}</button>
			<input ref=${file} type="file" hidden
				accept=".csv,.tsv,.txt,text/csv,text/plain" onChange=${(/** @type {any} */ e) => {
					take(e.target.files[0]);
					e.target.value = "";
				}} /></p>
		<${ProblemNote} error=${roster.error} />
		${roster.notes.length > 0 && html`<ul class="roster-notes">${roster.notes.map((note) => html`<li
			class=${note.wrong ? "wrong" : "help"}>${note.line > 0 && html`<b>${t("roster.at-line", { n: note.line })}</b> `}${say(note.text)}</li>`)}</ul>`}
		${roster.rows.length > 0 && html`<${RosterTable} roster=${roster} />`}
	</div>`;
}
