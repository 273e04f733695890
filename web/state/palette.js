/** Which colours stand on which, and how well they have to be told apart. The page /design shows it, a test holds it. */

/** @typedef {[front: string, ground: string]} Pair names of tokens */

const INKS = ["ink", "ink-2", "ink-3"];
const DYES = ["ai", "matcha", "yamabuki", "shu"];

/** WCAG 2.2, 1.4.3: text. */
export const TEXT_LEAST = 4.5;
/** @type {Pair[]} */
export const TEXT = [
	...INKS.flatMap((ink) => ["paper", "sheet", "sunken"].map((ground) => /** @type {Pair} */ ([ink, ground]))),
	...DYES.flatMap((dye) => ["paper", "sheet", `${dye}-soft`].map((ground) => /** @type {Pair} */ ([dye, ground]))),
	["on-ai", "ai"], ["on-ai", "ai-deep"], ["on-matcha", "matcha"], ["on-shu", "shu"], ["ink", "ai-soft"], ["ink-2", "ai-soft"],
	["ink", "shu-soft"], ["ink", "matcha-soft"], ["night-ink", "night"], ["night-ink-2", "night-deep"], ["night-ink-2", "night-raised"],
];

/** WCAG 2.2, 1.4.11: edges of controls, signs. */
export const EDGE_LEAST = 3;
/** @type {Pair[]} */
export const EDGES = [["line-strong", "paper"], ["line-strong", "sheet"], ["ai", "sheet"], ["matcha", "paper"], ["shu", "paper"]];

/** @param {number[]} colour red, green, blue: 0 to 255 */
function luminance(colour) {
	const [r, g, b] = colour.map((part) => part / 255)
		.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * WCAG's contrast ratio, 1 to 21.
 * @param {number[]} one red, green, blue: 0 to 255
 * @param {number[]} other
 */
export function contrast(one, other) {
	const [light, dark] = [luminance(one), luminance(other)].sort((x, y) => y - x);
	return (light + 0.05) / (dark + 0.05);
}
