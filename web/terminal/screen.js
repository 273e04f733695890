/**
 * xterm.js as we use it: its looks, its keys, its width tables. Knows nothing of the network.
 *
 * Programs ask a terminal questions (where is the cursor, what are you) and xterm.js answers as if the
 * answer were typed. That must not happen when old output is shown again after a reload, nor twice when
 * an instructor looks on: `quiet` drops such answers, and lets real typing pass.
 */
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { Terminal } from "@xterm/xterm";
import { copyText } from "../clipboard.js";
import { isShortcut } from "../shortcuts.js";
import { withinPolicy } from "./policy.js";
import { isReport } from "./report.js";

const FONT = 'ui-monospace, "JetBrains Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", ' +
	'"BIZ UDGothic", "Noto Sans Mono CJK JP", "MS Gothic", monospace';
const SCROLLBACK = 5000;

/** Pixels. No type is smaller where a grid that is told does not fit: it is scrolled instead. */
const LEAST_TYPE = 12;
/** Nor larger where there is room for more. */
const MOST_TYPE = 22;

/** Sixteen colours, each at least 4.5:1 on the background but the blacks. */
const THEME = {
	background: "#14161a", foreground: "#e6e3dc", cursor: "#e6e3dc", cursorAccent: "#14161a",
	selectionBackground: "#3b5f95", selectionForeground: "#ffffff", selectionInactiveBackground: "#34404f",
	black: "#3a3f47", red: "#f08a74", green: "#9ccb7a", yellow: "#e6b450",
	blue: "#86b0ef", magenta: "#cf9fe0", cyan: "#7cc7c3", white: "#d6d3cc",
	brightBlack: "#868a93", brightRed: "#ffab97", brightGreen: "#b7e096", brightYellow: "#f5cd7c",
	brightBlue: "#a9c8f8", brightMagenta: "#e2bdef", brightCyan: "#9fdedb", brightWhite: "#ffffff",
	scrollbarSliderBackground: "#ffffff26", scrollbarSliderHoverBackground: "#ffffff40",
};

/**
 * @typedef {object} ScreenOptions
 * @property {number} fontSize pixels
 * @property {boolean} screenReader
 * @property {boolean} readOnly
 * @property {boolean} follow its grid follows the host element; else it is told by setGrid(), and the type is as large as
 *	the host has room for, up to fontSize
 * @property {string} label for assistive technology
 * @property {string} [wayOut] which keys leave it, since Tab belongs to the shell
 * @property {(text: string) => void} onInput
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void} onBinary
 * @property {(rows: number, columns: number) => void} onGrid
 * @property {() => void} [onCopied]
 */

export class Screen {
	/**
	 * @param {HTMLElement} host
	 * @param {ScreenOptions} options
	 */
	constructor(host, options) {
		this.host = host;
		this.options = options;
		this.quiet = false;
		this.whole = false;
		this.terminal = new Terminal({
			allowProposedApi: true, // the width tables are chosen through it
			fontFamily: FONT, fontSize: options.fontSize, lineHeight: 1.2, theme: THEME,
			scrollback: SCROLLBACK, screenReaderMode: options.screenReader,
			disableStdin: options.readOnly, cursorStyle: options.readOnly ? "underline" : "block",
			cursorBlink: !options.readOnly && !matchMedia("(prefers-reduced-motion: reduce)").matches,
			macOptionIsMeta: true, minimumContrastRatio: 4.5,
		});
		this.fitter = new FitAddon();
		this.terminal.loadAddon(this.fitter);
		this.terminal.loadAddon(new Unicode11Addon());
		this.terminal.unicode.activeVersion = "11";
		withinPolicy(() => this.terminal.open(host));
		this.terminal.textarea?.setAttribute("aria-label", options.label);
		if (options.wayOut) this.terminal.textarea?.setAttribute("aria-description", options.wayOut);
		this.terminal.attachCustomKeyEventHandler((event) => this.key(event));
		this.terminal.onData((data) => this.typed(data));
		this.terminal.onBinary((data) => options.onBinary(Uint8Array.from(data, (c) => c.charCodeAt(0))));
		this.observer = new ResizeObserver(() => this.fit());
		this.observer.observe(host);
		this.fit();
	}

	/** @param {string} data */
	typed(data) {
		if (this.quiet && isReport(data)) return;
		this.options.onInput(data);
	}

	/**
	 * Ctrl+Shift+C copies, and Ctrl+C does where something is selected on a Mac anyway. Ctrl+Shift+V is
	 * left to the browser, whose paste needs no permission.
	 * @param {KeyboardEvent} event
	 */
	key(event) {
		if (!event.ctrlKey || !event.shiftKey) return true;
		if (event.code === "KeyV" || isShortcut(event)) return false;
		if (event.code !== "KeyC") return true;
		if (event.type === "keydown") {
			event.preventDefault();
			this.copy();
		}
		return false;
	}

	async copy() {
		if (!this.terminal.hasSelection()) return;
		if (await copyText(this.terminal.getSelection())) this.options.onCopied?.();
		this.terminal.focus();
	}

	/**
	 * @param {Uint8Array} bytes
	 * @param {() => void} [shown]
	 */
	write(bytes, shown) {
		this.terminal.write(bytes, shown);
	}

	/**
	 * A line of ours between the output's.
	 * @param {string} text
	 */
	mark(text) {
		this.terminal.write(`\r\n\x1b[0;2m⋯ ${text} ⋯\x1b[0m\r\n`);
	}

	reset() {
		this.terminal.reset();
	}

	fit() {
		if (!this.options.follow) {
			if (this.host.clientWidth) this.fitType();
			return;
		}
		const grid = this.fitter.proposeDimensions();
		if (!grid || !(grid.rows > 1) || !(grid.cols > 9)) return; // hidden, or not laid out yet
		this.terminal.resize(grid.cols, grid.rows);
		this.options.onGrid(grid.rows, grid.cols);
	}

	get grid() {
		return { rows: this.terminal.rows, columns: this.terminal.cols };
	}

	/**
	 * @param {number} rows
	 * @param {number} columns
	 */
	setGrid(rows, columns) {
		this.terminal.resize(columns, rows);
		if (!this.options.follow) this.fit();
	}

	/** Where the frame is smaller than the grid: scrolls it so that the place being written to is seen. */
	showCursor() {
		const { cursorX, cursorY } = this.terminal.buffer.active;
		const { width, height } = this.cell();
		this.host.scrollTop = Math.max(0, (cursorY + 2) * height - this.host.clientHeight);
		this.host.scrollLeft = Math.max(0, (cursorX + 4) * width - this.host.clientWidth);
	}

	/** One character's box, in pixels. */
	cell() {
		const screen = this.terminal.element?.querySelector(".xterm-screen");
		return { width: (screen?.clientWidth ?? 0) / this.terminal.cols, height: (screen?.clientHeight ?? 0) / this.terminal.rows };
	}

	/** The largest type that shows every column of a grid that was told; and every row, if the whole is wanted. */
	fitType() {
		const { cols, rows, options } = this.terminal;
		let size = this.whole ? MOST_TYPE : this.options.fontSize;
		for (; size > LEAST_TYPE; size--) { // a row is a whole number of pixels high: tried, as it cannot be reckoned
			options.fontSize = size;
			const { width, height } = this.cell();
			if (width * cols + 16 <= this.host.clientWidth && (!this.whole || height * rows <= this.host.clientHeight)) break;
		}
		options.fontSize = size;
		this.showCursor();
	}

	/** @param {boolean} on all rows are to be seen at once */
	setWhole(on) {
		if (this.whole === on) return;
		this.whole = on;
		this.fit();
	}

	/** @param {number} size pixels */
	setFontSize(size) {
		this.options.fontSize = size;
		this.terminal.options.fontSize = size;
		this.fit();
	}

	/** @param {boolean} on */
	setScreenReader(on) {
		this.terminal.options.screenReaderMode = on;
	}

	/**
	 * As if typed, without a final line end: the reader presses Enter.
	 * @param {string} text
	 */
	type(text) {
		this.terminal.paste(text.replace(/\n+$/, ""));
		this.terminal.focus();
	}

	focus() {
		this.terminal.focus();
	}

	dispose() {
		this.observer.disconnect();
		this.terminal.dispose();
	}
}
