/** A QR code as the daemon drew it, with the quiet zone of four modules that readers need. */
import { html } from "../html.js";

const QUIET = 4;

/** @param {{ qr: import("../types.js").QrCode, label: string }} props */
export function Qr({ qr, label }) {
	const side = qr.size + 2 * QUIET;
	return html`<svg viewBox="${-QUIET} ${-QUIET} ${side} ${side}" role="img" aria-label=${label}
		shape-rendering="crispEdges"><path d=${qr.path} fill="#000" /></svg>`;
}
