/**
 * xterm.js under a content policy without inline styles. It writes its colours and cell sizes into
 * <style> elements and, for true colours, into style attributes; both are refused by
 * `style-src 'self'`. What the policy does allow is the object model: style sheets adopted by the
 * document, and element.style. So, while a terminal is opened, each <style> element that xterm.js wants
 * is a hidden stand-in that passes its text to a sheet of its own; and a style attribute set by script
 * goes through element.style.
 */

/** @param {HTMLElement} element the stand-in */
function adopt(element) {
	element.hidden = true;
	const sheet = new CSSStyleSheet();
	document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
	let text = "";
	Object.defineProperty(element, "textContent", {
		get: () => text,
		set: (/** @type {string} */ value) => {
			text = value;
			sheet.replaceSync(value);
		},
	});
	const remove = element.remove.bind(element);
	element.remove = () => {
		document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
		remove();
	};
}

/**
 * Runs `open`, which makes xterm.js's elements.
 * @param {() => void} open
 */
export function withinPolicy(open) {
	const create = document.createElement;
	/** @param {string} name @param {ElementCreationOptions} [options] */
	document.createElement = function (name, options) {
		if (name !== "style") return create.call(document, name, options);
		const element = create.call(document, "span");
		adopt(element);
		return element;
	};
	try {
		open();
	} finally {
		document.createElement = create;
	}
}

const setAttribute = Element.prototype.setAttribute;
/** @param {string} name @param {string} value */
Element.prototype.setAttribute = function (name, value) {
	if (name === "style" && this instanceof HTMLElement) this.style.cssText = value;
	else setAttribute.call(this, name, value);
};
