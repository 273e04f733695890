/**
 * The daemon speaks English; here its sentences are found again in a catalogue whose keys are the sentences as the C source has
 * them: "class %lld is %s already". What a field was filled with may be one of the sentences, or words, itself.
 */
const FIELD = /%[-0 #+]*\d*(?:\.(?:\d+|\*))?(?:ll|l|z|h)?([a-zA-Z])/g;
const DEEPEST = 3; /* sentences in sentences */

/** @param {string} format */
const literal = (format) => format.replace(FIELD, "").length;

/** @param {string} text */
const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Of texts side by side the first is taken for all of them: nobody can tell where it ends.
 * @param {string} format of printf
 */
function patternOf(format) {
	let at = 0, pattern = "";
	for (const field of format.matchAll(FIELD)) {
		const beside = at > 0 && at === field.index;
		pattern += quoted(format.slice(at, field.index)) + (field[1] !== "s" ? "(-?[\\d.]+)" : beside ? "()" : "(.*?)");
		at = field.index + field[0].length;
	}
	return new RegExp(`^${pattern}${quoted(format.slice(at))}$`, "s");
}

/**
 * @param {Record<string, string>} catalogue
 * @returns {(text: string) => string | null} the sentence in the catalogue's language; null: it has none like it
 */
export function sentences(catalogue) {
	// The most definite first: "class %lld is %s" would be all of them.
	const known = Object.keys(catalogue).filter((format) => format.includes("%")).sort((a, b) => literal(b) - literal(a))
		.map((format) => ({ pattern: patternOf(format), words: catalogue[format] }));

	/** @type {(text: string, depth: number) => string | null} */
	const find = (text, depth) => {
		if (Object.hasOwn(catalogue, text)) return catalogue[text];
		for (const { pattern, words } of depth < DEEPEST ? known : []) {
			const found = pattern.exec(text);
			if (found) return words.replace(/\{(\d+)\}/g, (_, n) => filled(found[n], depth));
		}
		const [head, ...rest] = depth ? text.split(": ") : [];
		return rest.length && Object.hasOwn(catalogue, head) ? `${catalogue[head]}：${filled(rest.join(": "), depth)}` : null;
	};
	/** @type {(text: string, depth: number) => string} */
	const filled = (text, depth) => find(text, depth + 1) ?? text;
	return (text) => find(text, 0);
}

/**
 * Also of "desk: freezing it: now" what is known of its parts; those that are not known, names for the most part, stay.
 * @type {typeof sentences}
 */
export function sentencesInParts(catalogue) {
	const find = sentences(catalogue);
	/** @type {(text: string) => string | null} */
	const inParts = (text) => {
		const at = text.indexOf(": ");
		if (at < 0) return find(text);
		const head = find(text.slice(0, at)), rest = inParts(text.slice(at + 2)), whole = head && rest ? null : find(text);
		return whole ?? (head || rest ? `${head ?? text.slice(0, at)}：${rest ?? text.slice(at + 2)}` : null);
	};
	return inParts;
}
