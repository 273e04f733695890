/** Codes that students type. The daemon reads them; the page only has to know whether a name is needed with one. */

const SEAT = /^[34679ACDEFGHJKMNPQRTWXY]{8}$/;
const CLASS = /^[A-Z]{4,}[2-9]{3}$/;

/**
 * Is this a seat's own code, "KXP7-M3QD", rather than a class's? In any case and width, with or without a dash.
 * @param {string} typed
 */
export function isSeatCode(typed) {
	const plain = typed.normalize("NFKC").toUpperCase().replace(/[\s\-_‐-―−ー]/g, "");
	return SEAT.test(plain) && !CLASS.test(plain);
}
