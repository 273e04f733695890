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
 * @property {boolean} follow its grid follows the host element; else it is told by setGrid()
 * @property {boolean} [shrink] it is told, and the type is as large as the host has room for, up to fontSize
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
		if (options.follow || options.shrink) {
			this.observer = new ResizeObserver(() => this.fit());
			this.observer.observe(host);
			this.fit();
		}
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
		if (this.options.shrink) {
			if (this.host.clientWidth) this.shrinkTo(this.terminal.cols, this.host.clientWidth - 16, this.options.fontSize);
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
		if (this.options.shrink) this.fit();
	}

	/** Where the frame is lower than the grid: scrolls it so that the line being written is seen. */
	showCursor() {
		const row = this.terminal.buffer.active.cursorY + 2;
		const height = (this.terminal.element?.clientHeight ?? 0) / this.terminal.rows;
		this.host.scrollTop = Math.max(0, row * height - this.host.clientHeight);
	}

	/**
	 * A size of type that shows `columns` in `width` pixels.
	 * @param {number} columns
	 * @param {number} width
	 * @param {number} most pixels
	 */
	shrinkTo(columns, width, most = 15) {
		const size = Math.floor((width / columns / 0.602) * 2) / 2;
		this.terminal.options.fontSize = Math.min(most, Math.max(6, size));
	}

	/** @param {number} size pixels */
	setFontSize(size) {
		this.options.fontSize = size;
		this.terminal.options.fontSize = size;
		if (this.options.follow || this.options.shrink) this.fit();
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
		this.observer?.disconnect();
		this.terminal.dispose();
	}
}
