/**
 * Puts text onto the clipboard; true when it is there. The clipboard's own interface exists on secure
 * pages only; a class without TLS on a local network gets the old command.
 * @param {string} text
 */
export async function copyText(text) {
	if (navigator.clipboard) {
		try {
			await navigator.clipboard.writeText(text);
			return true;
		} catch {
			// refused: try the other way
		}
	}
	const area = document.createElement("textarea");
	area.value = text;
	area.className = "visually-hidden";
	document.body.append(area);
	area.select();
	const done = document.execCommand("copy");
	area.remove();
	return done;
}
