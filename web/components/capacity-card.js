/** Whether a class fits on this host, asked anew whenever course or seats change. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { host } from "../state/shell.js";
import { about, number, t } from "../text.js";
import { Gauge } from "./gauge.js";
import { ProblemNote } from "./problem.js";

/** Typing "30" need not ask for 3. */
const WAIT_MS = 250;

/** @typedef {import("../types.js").Capacity} Capacity */

/** @param {{ course: string, seats: number, onVerdict: (fits: boolean) => void }} props */
export function CapacityCard({ course, seats, onVerdict }) {
	const [capacity, setCapacity] = useState(/** @type {Capacity | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	useEffect(() => {
		let current = true;
		const timer = setTimeout(() => {
			get(`/courses/${encodeURIComponent(course)}/capacity?seats=${seats}`).then((view) => {
				if (!current) return;
				setCapacity(view);
				onVerdict(view.fits);
				setError(null);
			}, (problem) => current && setError(problem));
		}, WAIT_MS);
		return () => {
			current = false;
			clearTimeout(timer);
		};
	}, [course, seats]);
	return html`<section class="card capacity" aria-live="polite">
		<${ProblemNote} error=${error} />
		${capacity && html`<${Verdict} capacity=${capacity} />`}
		${host.value?.accel === "tcg" && html`<div class="capacity-note">
			<p><span class="chip warn"><span aria-hidden="true">△</span>${t("host.tcg")}</span></p>
			<p class="help">${t("host.tcg-text")}</p></div>`}
	</section>`;
}

/** @param {{ capacity: Capacity }} props */
function Verdict({ capacity }) {
	return html`<h2 class=${capacity.fits ? "fits" : "fits-not"}><span class="mark" aria-hidden="true">${capacity.fits ? "✓" : "×"}</span>
			${" "}${capacity.fits ? t("new.fits") : t("new.fits-not")}</h2>
		<p class="help">${t("new.fits-note")}</p>
		<${Gauge} label=${t("new.memory")} needed=${capacity.memory_needed} free=${capacity.memory_free} />
		<${Gauge} label=${t("new.disk")} needed=${capacity.disk_needed} free=${capacity.disk_free} />
		<dl class="facts">
			${capacity.launch_ms > 0 && html`<div><dt>${t("new.time")}</dt>
				<dd>${t("new.about", { time: about(capacity.launch_ms) })}</dd></div>`}
			<div><dt>${t("new.largest")}</dt><dd>${t("classes.seats", { n: number(capacity.seats_that_fit) })}</dd></div>
		</dl>`;
}
