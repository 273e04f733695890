/** The seats of a class on paper: cards to cut, each with all that its student needs to come in. */
import { useEffect, useState } from "preact/hooks";
import { post } from "../api.js";
import { Dialog } from "../components/dialog.js";
import { Joining } from "../components/joining.js";
import { ProblemNote } from "../components/problem.js";
import { SeatCard } from "../components/seat-card.js";
import { SeatCodes } from "../components/seat-codes.js";
import { useLoaded } from "../components/use-loaded.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { loadSite } from "../state/site.js";
import { moment, t } from "../text.js";

/** @typedef {{ url: string, cards: import("../types.js").Card[] }} Made */

const PER_PAGE = [8, 10];

/** @param {{ id: string }} props */
export function CardsPage({ id }) {
	const { value: view, error: missing, load } = useLoaded(`/classes/${id}`);
	const [made, setMade] = useState(/** @type {Made | null} */ (null));
	const [busy, setBusy] = useState(false);
	const [asking, setAsking] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));
	useEffect(() => void loadSite(), []);
	useTitle(view ? t("cards.of", { name: view.name }) : t("cards.title"));
	/** @param {number} [number] of the only seat that gets a new one */
	async function make(number) {
		setBusy(true);
		setError(null);
		await post(`/classes/${id}/cards`, number ? { number } : {}).then(setMade, setError);
		setBusy(false);
	}
	if (!view) return html`<div class="page page-narrow"><${ProblemNote} error=${missing} retry=${load} /></div>`;
	const over = view.state === "closed" || view.state === "closing";
	return html`<div class="page">
		<div class="cards-head">
			<p><a href="/classes/${id}">${t("cards.back")}</a></p>
			<h1>${t("cards.of", { name: view.name })}</h1>
			<p>${over ? t("cards.over") : t("cards.intro")}</p>
			${!made && !over && html`<${Joining} view=${view} changed=${load} />`}
			<${ProblemNote} error=${error} />
			${!made && !over && html`<div class="cards-acts">
				<button type="button" class="primary large" disabled=${busy}
					onClick=${() => (view.cards_at ? setAsking(true) : make())}>
					${busy ? t("cards.making", { n: view.seats }) : t(view.cards_at ? "cards.anew" : "cards.make")}</button>
				${view.cards_at > 0 && html`<span class="help">${t("cards.made-at", { time: moment(view.cards_at) })}</span>`}</div>`}
			<div role="status">${made && html`<p class="cards-once">${t("cards.once")}</p>`}</div>
		</div>
		${made ? html`<${Printed} made=${made} name=${view.name} />` : !over && html`<${SeatCodes} id=${id} again=${view.cards_at > 0} make=${make} />`}
		${asking && html`<${Dialog} title=${t("cards.anew-title")} confirm=${t("cards.anew")} danger
			onConfirm=${() => make()} onClose=${() => setAsking(false)}><p>${t("cards.anew-text")}</p><//>`}
	</div>`;
}

/** @param {{ made: Made, name: string }} props */
function Printed({ made, name }) {
	const [per, setPer] = useState(PER_PAGE[0]);
	const sheets = Array.from({ length: Math.ceil(made.cards.length / per) }, (_, i) => made.cards.slice(i * per, (i + 1) * per));
	return html`<div class="cards-head cards-acts">
			<button type="button" class="primary large" onClick=${() => print()}>${t("cards.print")}</button>
			<span class="help">${t("cards.per-page")}</span>
			<div class="segments" role="group" aria-label=${t("cards.per-page")}>${PER_PAGE.map((one) => html`<button type="button"
				key=${one} aria-pressed=${one === per} onClick=${() => setPer(one)}>${one}</button>`)}</div></div>
		<div class="sheets" tabindex="0" role="group" aria-label=${t("cards.title")}>${sheets.map((cards, i) => html`<section
			key=${i} class="sheet per-${per}">${cards.map((card) => html`<${SeatCard} key=${card.seat.id} card=${card}
				name=${name} url=${made.url} />`)}</section>`)}</div>`;
}
