/** A new class: what, who, whether it fits; then launch. */
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { CapacityCard } from "../components/capacity-card.js";
import { ProblemNote } from "../components/problem.js";
import { Roster } from "../components/roster.js";
import { toast, toastProblem } from "../components/toasts.js";
import { useHost } from "../components/use-host.js";
import { useLoaded } from "../components/use-loaded.js";
import { Untested } from "../components/untested.js";
import { useRoster } from "../components/use-roster.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { navigate } from "../router.js";
import { peopleOf } from "../state/roster.js";
import { say, t } from "../text.js";

/** @typedef {import("../types.js").Course} Course */

export const SEATS_MAX = 500;
const NAME_MAX = 100;

export function NewClassPage() {
	const { value: courses, error: missing, load } = useLoaded("/courses");
	const [chosen, setChosen] = useState("");
	const [name, setName] = useState("");
	const [who, setWho] = useState(/** @type {import("../components/roster.js").Who} */ ({ byPeople: false, seats: 12, joining: "class" }));
	const roster = useRoster();
	const [fits, setFits] = useState(true);
	/** The course of which somebody said that it may be launched untested. */
	const [untested, setUntested] = useState("");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	useTitle(t("new.title"));
	useHost();

	const course = chosen || courses?.[0]?.id || "";
	const taught = courses?.find((/** @type {Course} */ one) => one.id === course);
	const unproven = taught?.proven_at === 0;
	const seats = who.byPeople ? roster.count : who.seats;
	const valid = course && seats >= 1 && seats <= SEATS_MAX && (!who.byPeople || roster.right);

	/** @param {boolean} launch */
	async function create(launch) {
		setBusy(true);
		setError(null);
		const people = who.byPeople ? { people: peopleOf(roster.rows) } : { seats };
		let made;
		try {
			made = await post("/classes", { course, ...(name.trim() && { name: name.trim() }), joining: who.joining, ...people });
			if (launch) await post(`/classes/${made.id}/launch`, unproven ? { untested: true } : {});
		} catch (problem) {
			setError(problem);
			setBusy(false);
			if (!made) return;
			toastProblem(problem);
			toast(t("new.draft-kept"));
		}
		navigate(`/classes/${made.id}`);
	}
	/** @param {Event} event */
	function submit(event) {
		event.preventDefault();
		create(true);
	}
	return html`<div class="page"><div class="page-head"><h1>${t("new.title")}</h1></div>
		<${ProblemNote} error=${missing} retry=${load} />
		${courses?.length === 0 && html`<p>${t("new.no-courses")}</p>`}
		${courses && courses.length > 0 && html`<div class="new-class">
			<form class="card form" onSubmit=${submit}>
				<${CourseChoice} courses=${courses} course=${course} choose=${setChosen} />
				<div><label for="class-name">${t("new.name")}</label>
					<input id="class-name" value=${name} maxlength=${NAME_MAX} aria-describedby="class-name-help"
						onInput=${(/** @type {any} */ e) => setName(e.target.value)} />
					<p class="help" id="class-name-help">${t("new.name-help")}</p></div>
				<${Roster} value=${who} change=${setWho} roster=${roster} />
				${unproven && html`<${Untested} course=${course} version=${taught.version} checked=${untested === course}
					change=${(/** @type {boolean} */ yes) => setUntested(yes ? course : "")} />`}
				<${ProblemNote} error=${error} />
				<div class="acts"><button type="submit" class="primary large"
						disabled=${busy || !valid || !fits || (unproven && untested !== course)}>
						${busy ? t("new.launching") : t("new.launch", { n: seats })}</button>
					<button type="button" class="large" disabled=${busy || !valid}
						onClick=${() => create(false)}>${t("new.draft")}</button></div>
			</form>
			<${CapacityCard} onVerdict=${setFits}
				path=${`/courses/${encodeURIComponent(course)}/capacity?seats=${Math.min(Math.max(seats, 1), SEATS_MAX)}`} />
		</div>`}
	</div>`;
}

/** @param {{ courses: Course[], course: string, choose: (id: string) => void }} props */
function CourseChoice({ courses, course, choose }) {
	return html`<fieldset class="choice"><legend>${t("new.course")}</legend>
		${courses.map((one) => html`<label key=${one.id}><input type="radio" name="course"
			checked=${one.id === course} onChange=${() => choose(one.id)} />
			<span><b>${say(one.title)}</b> <span class="help">${one.version}</span></span></label>`)}
	</fieldset>`;
}
