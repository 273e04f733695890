/** Whether a class fits on this host, asked anew whenever what is asked for changes. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { html } from "../html.js";
import { host } from "../state/shell.js";
import { about, bytes, number, t } from "../text.js";
import { Gauge } from "./gauge.js";
import { ProblemNote } from "./problem.js";

/** Typing "30" need not ask for 3. */
const WAIT_MS = 250;

/** @typedef {import("../types.js").Capacity} Capacity */

/** @param {{ path: string, onVerdict?: (fits: boolean) => void }} props */
export function CapacityCard({ path, onVerdict }) {
	const [capacity, setCapacity] = useState(/** @type {Capacity | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	useEffect(() => {
		let current = true;
		const timer = setTimeout(() => {
			get(path).then((view) => {
				if (!current) return;
				setCapacity(view);
				onVerdict?.(view.fits);
				setError(null);
			}, (problem) => current && setError(problem));
		}, WAIT_MS);
		return () => {
			current = false;
			clearTimeout(timer);
		};
	}, [path]);
	return html`<section class="card capacity" aria-live="polite">
		<${ProblemNote} error=${error} />
		${capacity && html`<${Verdict} capacity=${capacity} />`}
		${onVerdict && host.value?.accel === "tcg" && html`<div class="capacity-note">
			<p><span class="chip warn"><span aria-hidden="true">△</span>${t("host.tcg")}</span></p>
			<p class="help">${t("host.tcg-text")}</p></div>`}
	</section>`;
}

/** @param {Capacity} capacity */
function source(capacity) {
	if (!capacity.launch_ms || capacity.measured === capacity.time_measured) {
		return t(capacity.measured ? "new.measured" : "new.estimated");
	}
	return t(capacity.measured ? "new.measured-memory" : "new.measured-time");
}

/** @param {{ capacity: Capacity }} props */
function Verdict({ capacity }) {
	const bringsBack = !capacity.launch_ms;
	return html`<h2 class=${capacity.fits ? "fits" : "fits-not"}><span class="mark" aria-hidden="true">${capacity.fits ? "✓" : "×"}</span>
			${" "}${capacity.fits ? t("new.fits") : t("new.fits-not")}</h2>
		<p class="help">${source(capacity)}</p>
		<${Gauge} label=${t("new.memory")} needed=${capacity.memory_needed} free=${capacity.memory_free} />
		${!bringsBack && html`<${Gauge} label=${t("new.disk")} needed=${capacity.disk_needed} free=${capacity.disk_free} />`}
		${capacity.kept_for > 0 && html`<p class="help">${t(capacity.kept_for === 1 ? "new.kept-one" : "new.kept", { n: number(capacity.kept_for),
			memory: bytes(capacity.memory_kept), disk: bytes(capacity.disk_kept) })}</p>`}
		${!bringsBack && html`<dl class="facts">
			<div><dt>${t("new.time")}</dt><dd>${t("new.about", { time: about(capacity.launch_ms) })}</dd></div>
			<div><dt>${t("new.largest")}</dt><dd>${t("classes.seats", { n: number(capacity.seats_that_fit) })}</dd></div>
		</dl>`}
		${!capacity.fits && html`<p>${t(bringsBack ? "new.remedy-resume" : capacity.kept_for ? "new.remedy-kept" : "new.remedy")}</p>`}`;
}
