/** Which seats are looked at, and how: the matrix or the grid. */
import { html } from "../html.js";
import { roomLook } from "../settings.js";
import { organisations } from "../state/room.js";
import { t } from "../text.js";

/** @typedef {import("../state/room.js").Filter} Filter */
/** @typedef {"matrix" | "seats"} Look */

/**
 * @param {{ view: import("../types.js").ClassFull, filter: Filter, setFilter: (filter: Filter) => void,
 *	found: number }} props
 */
export function RoomFilter({ view, filter, setFilter, found }) {
	const all = organisations(view.seat);
	const none = view.seat.some((seat) => !seat.organisation);
	const narrowed = filter.text.trim() !== "" || filter.organisation !== 0;
	return html`<div class="room-bar" role="search">
		<div class="switch" role="group" aria-label=${t("room.look")}>${/** @type {Look[]} */ (["matrix", "seats"]).map((look) =>
			html`<button type="button" key=${look} aria-pressed=${roomLook.value === look} onClick=${() => {
				roomLook.value = look;
			}}>${t(`room.${look}`)}</button>`)}</div>
		<input type="search" aria-label=${t("room.find")} placeholder=${t("room.find")} value=${filter.text}
			onInput=${(/** @type {any} */ e) => setFilter({ ...filter, text: e.target.value })} />
		${all.length > 0 && html`<select aria-label=${t("room.organisation")} value=${filter.organisation}
			onChange=${(/** @type {any} */ e) => setFilter({ ...filter, organisation: Number(e.target.value) })}>
			<option value="0">${t("room.all-organisations")}</option>
			${all.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
			${none && html`<option value="-1">${t("room.no-organisation")}</option>`}</select>`}
		<span role="status" class="help">${narrowed ? t("room.found", { n: found, total: view.seat.length }) : ""}</span>
		${narrowed && html`<button type="button" class="quiet small" onClick=${() => setFilter({ text: "", organisation: 0 })}>
			${t("room.clear")}</button>`}
		<span class="spacer"></span>
		<a class="button small" href=${`/classes/${view.id}/wall`} target="_blank" rel="noopener">${t("wall.link")}</a>
	</div>`;
}
