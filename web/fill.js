/**
 * A message with its values in. It may hold `{name}`, replaced by a value, and `{count|seat|seats}`, which chooses by
 * the value's plural form (a language without plurals gives one form).
 * @param {string} message
 * @param {Record<string, unknown>} values
 * @param {string} lang
 */
export function fill(message, values, lang) {
	return message.replace(/\{(\w+)((?:\|[^|{}]*)*)\}/g, (_, name, forms) => {
		if (!forms) return String(values[name] ?? "");
		const [one, other] = forms.slice(1).split("|");
		const rule = new Intl.PluralRules(lang).select(Number(values[name]));
		return rule === "one" ? one : (other ?? one);
	});
}
