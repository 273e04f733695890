/** The test of a version on real machines: started here, its results as they come, and what the last one found out. */
import { useEffect, useState } from "preact/hooks";
import { get, post, remove } from "../api.js";
import { html } from "../html.js";
import { leads } from "../state/session.js";
import { t } from "../text.js";
import { Dialog } from "./dialog.js";
import { ProblemNote } from "./problem.js";
import { ProofResults } from "./proof-results.js";
import { WorkBar } from "./work-bar.js";

/** @typedef {import("../types.js").Pack} Pack */
/** @typedef {import("../types.js").Proof} Proof */
/** @typedef {import("../types.js").Work} Work */

const LOOK_MS = 1500;

/**
 * What the test has found out so far: looked at again and again while it runs.
 * @param {Pack} pack @param {Work | undefined} work
 */
function useProof(pack, work) {
	const [proof, setProof] = useState(/** @type {Proof | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const running = work?.state === "running";
	useEffect(() => {
		const path = `/courses/${encodeURIComponent(pack.id)}/proof?version=${encodeURIComponent(pack.version)}`;
		const load = () => get(path).then((view) => {
			setProof(view);
			setError(null);
		}, setError);
		load();
		const timer = running ? setInterval(load, LOOK_MS) : 0;
		return () => clearInterval(timer);
	}, [pack.id, pack.version, work?.id, running]);
	return { proof, error };
}

/** @param {{ pack: Pack, works: Work[], started: (work: Work) => void, ended: () => void }} props */
export function PackProof({ pack, works, started, ended }) {
	const work = works.find((one) => one.kind === "proof" && one.object === pack.id);
	const other = works.find((one) => one.kind === "proof" && one.state === "running" && one !== work);
	const { proof, error } = useProof(pack, work);
	const mine = !!proof?.running;
	useEffect(() => {
		if (work && work.state !== "running") ended();
	}, [work?.state]);
	return html`<section class="card pack-proof" aria-labelledby="proof-title"><h2 id="proof-title">${t("proof.title")}</h2>
		<p class="help">${t("proof.help")}</p>
		${leads() && !mine && html`<${Start} pack=${pack} busy=${other ?? (work?.state === "running" ? work : undefined)} started=${started} />`}
		<${ProblemNote} error=${error} />
		${work?.state === "running" && mine && html`<${WorkBar} work=${work} />
			${leads() && html`<${Stop} pack=${pack} />`}`}
		${proof ? html`<${ProofResults} proof=${proof} />` : html`<p class="help">${t("proof.none")}</p>`}
	</section>`;
}

/** @param {{ pack: Pack }} props */
function Stop({ pack }) {
	const [asking, setAsking] = useState(false);
	return html`<p><button type="button" onClick=${() => setAsking(true)}>${t("proof.stop")}</button></p>
		${asking && html`<${Dialog} title=${t("proof.stop-title", { name: pack.id })} confirm=${t("proof.stop")} danger
			onConfirm=${() => remove(`/courses/${encodeURIComponent(pack.id)}/proof`)} onClose=${() => setAsking(false)}>
			<p>${t("proof.stop-text")}</p><//>`}`;
}

/** @param {{ pack: Pack, busy: Work | undefined, started: (work: Work) => void }} props busy: another test */
function Start({ pack, busy, started }) {
	const [seeds, setSeeds] = useState(1);
	const [seats, setSeats] = useState(2);
	const [waiting, setWaiting] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	/** @param {Event} event */
	async function start(event) {
		event.preventDefault();
		setWaiting(true);
		setError(null);
		await post(`/courses/${encodeURIComponent(pack.id)}/proof`, { version: pack.version, seeds, seats }).then(started, setError);
		setWaiting(false);
	}
	return html`<form class="proof-start" onSubmit=${start}>
		<div><label for="proof-seeds">${t("proof.seeds")}</label>
			<input id="proof-seeds" type="number" min="1" max="16" required value=${seeds} aria-describedby="proof-seeds-help"
				onInput=${(/** @type {any} */ e) => setSeeds(Number(e.target.value))} /></div>
		<div><label for="proof-seats">${t("proof.seats")}</label>
			<input id="proof-seats" type="number" min="2" max="8" required value=${seats}
				onInput=${(/** @type {any} */ e) => setSeats(Number(e.target.value))} /></div>
		<button type="submit" class="primary" disabled=${waiting || !!busy}>${t("proof.start")}</button>
		<p class="help" id="proof-seeds-help">${busy ? t("proof.busy", { object: busy.object }) : t("proof.seeds-help")}</p>
		<${ProblemNote} error=${error} />
	</form>`;
}
