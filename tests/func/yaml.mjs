/** As much YAML as docs/openapi.yaml uses: block maps and lists, one-line flow, quoted and block texts. */

function scalar(text) {
	if (text === "true" || text === "false") return text === "true";
	if (text === "null" || text === "") return null;
	if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
	return text;
}

/** A flow value from text[at]: [value, where it ended]. */
function flow(text, at) {
	while (text[at] === " ") at++;
	if (text[at] === '"') {
		const end = text.indexOf('"', at + 1);
		return [JSON.parse(text.slice(at, end + 1)), end + 1];
	}
	if (text[at] !== "{" && text[at] !== "[") {
		const end = at + /^[^,\]}]*/.exec(text.slice(at))[0].length;
		return [scalar(text.slice(at, end).trim()), end];
	}
	const isMap = text[at++] === "{", value = isMap ? {} : [];
	for (;;) {
		while (" ,".includes(text[at])) at++;
		if (at >= text.length) throw new Error(`not closed: ${text}`);
		if (text[at] === (isMap ? "}" : "]")) return [value, at + 1];
		let key;
		if (isMap) {
			const found = /^("[^"]*"|[^:]+):/.exec(text.slice(at));
			if (!found) throw new Error(`no key: ${text.slice(at)}`);
			key = found[1].replaceAll('"', "");
			at += found[0].length;
		}
		const [item, end] = flow(text, at);
		if (isMap) value[key] = item;
		else value.push(item);
		at = end;
	}
}

export function parseYaml(source) {
	const lines = source.split("\n").map((line) => ({ indent: line.search(/\S/), text: line.trim() }));
	let at = 0;
	const skip = () => {
		while (at < lines.length && (lines[at].indent < 0 || lines[at].text.startsWith("#"))) at++;
		return lines[at];
	};
	const rest = (text, indent) => {
		if (text === "|") {
			const parts = [];
			for (; at < lines.length && (lines[at].indent < 0 || lines[at].indent > indent); at++) parts.push(lines[at].text);
			return parts.join("\n");
		}
		return text ? (/^["{[]/.test(text) ? flow(text, 0)[0] : scalar(text)) : block(indent + 1);
	};
	const block = (least) => {
		const first = skip();
		if (!first || first.indent < least) return null;
		const { indent } = first;
		const value = first.text.startsWith("- ") ? [] : {};
		for (let line; (line = skip()) && line.indent === indent;) {
			const found = /^("[^"]+"|[^\s:]+):(?: (.*))?$/.exec(line.text);
			if (Array.isArray(value) && /^- [\w$"]+:( |$)/.test(line.text)) {
				lines[at] = { indent: indent + 2, text: line.text.slice(2) };
				value.push(block(indent + 1));
			} else if (Array.isArray(value)) {
				at++;
				value.push(rest(line.text.slice(2), indent));
			} else if (found) {
				at++;
				value[found[1].replaceAll('"', "")] = rest(found[2] ?? "", indent);
			} else {
				throw new Error(`line ${at + 1}: ${line.text}`);
			}
		}
		return value;
	};
	const value = block(0);
	if (skip()) throw new Error(`line ${at + 1} is not understood`);
	return value;
}
