/** One terminal: a screen, a connection, and what stands over it while there is no shell. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { screenReader, terminalSize } from "../settings.js";
import { CONSOLE, TerminalConnection } from "../terminal/connection.js";
import { Screen } from "../terminal/screen.js";
import { transport } from "../terminal/transport.js";
import { number as formatNumber, t } from "../text.js";
import { TerminalOverlay } from "./terminal-overlay.js";
import { toast } from "./toasts.js";

/** For so long after a connection is made, what comes may be old output. */
const REPLAY_MS = 1500;

/** @typedef {{ screen: Screen, connection: TerminalConnection }} View */

/**
 * @typedef {object} Props
 * @property {import("../types.js").Machine} machine
 * @property {number} number CONSOLE: the machine's serial line, which has a size of its own
 * @property {"own" | "watch" | "assist"} [mode] own: it follows its frame; else it keeps the student's size
 * @property {boolean} [hidden]
 * @property {boolean} [whole] all its lines are to be seen at once, and not only its columns
 * @property {boolean} [paused] the class: nothing can be typed
 * @property {(view: View) => void} [onView]
 * @property {() => Promise<unknown>} onStart
 * @property {() => void} onReset
 * @property {() => void} [onConsole] shows the machine's console instead
 */

/**
 * @param {HTMLElement} host
 * @param {Props} props
 * @returns {View}
 */
function makeView(host, { machine, number, mode = "own" }) {
	const own = mode === "own", line = number === CONSOLE;
	/** @type {TerminalConnection | undefined} the screen is measured before it is made */
	let connection;
	const screen = new Screen(host, {
		fontSize: terminalSize.peek(), screenReader: screenReader.peek(),
		readOnly: mode === "watch", follow: own && !line,
		label: t(line ? "terminal.console-label" : "terminal.label", { machine: machine.name }),
		wayOut: own ? t("terminal.way-out") : undefined,
		onInput: (text) => {
			if (connection?.state.peek() === "ended") {
				if (text === "\r" && own) connection.renew();
			} else connection?.input(text);
		},
		onBinary: (bytes) => connection?.inputBytes(bytes),
		onGrid: (rows, columns) => connection?.resize(rows, columns),
		onCopied: () => toast(t("copy.done")),
	});
	connection = new TerminalConnection({
		machine: machine.id, terminal: number, watch: mode === "watch", size: own && !line ? screen.grid : null,
		onBytes: (bytes) => screen.write(bytes, own && !line ? undefined : () => screen.showCursor()),
		onSkipped: (count) => screen.mark(line ? t("terminal.console-skipped")
			: t("terminal.skipped", { n: formatNumber(count) })),
		onRestart: () => screen.reset(),
		onSize: (rows, columns) => {
			screen.setGrid(rows, columns);
			if (!own) connection?.resize(rows, columns); // typing makes our size the shell's: it has to be the same
		},
	});
	if (line && mode !== "watch") screen.mark(t("terminal.console-hint"));
	return { screen, connection };
}

/** @param {Props} props */
export function TerminalView(props) {
	const { machine, hidden, mode = "own", onView } = props;
	const host = useRef(/** @type {HTMLDivElement | null} */ (null));
	const view = useSignal(/** @type {View | null} */ (null));

	useEffect(() => {
		const made = makeView(/** @type {HTMLElement} */ (host.current), props);
		view.value = made;
		onView?.(made);
		let timer = 0;
		const quieten = made.connection.state.subscribe((state) => {
			clearTimeout(timer);
			made.screen.quiet = true;
			if (state === "live" && mode === "own") {
				timer = window.setTimeout(() => {
					made.screen.quiet = false;
				}, REPLAY_MS);
			}
		});
		return () => {
			quieten();
			clearTimeout(timer);
			made.connection.close();
			made.screen.dispose();
		};
	}, [machine.id, props.number, mode]);
	useEffect(() => view.value?.screen.setFontSize(terminalSize.value), [terminalSize.value]);
	useEffect(() => view.value?.screen.setWhole(!!props.whole), [view.value, props.whole]);
	useEffect(() => view.value?.screen.setScreenReader(screenReader.value), [screenReader.value]);
	useEffect(() => {
		view.value?.connection.rest(!!hidden && transport.value !== "websocket");
	}, [hidden, transport.value]);
	useEffect(() => {
		if (machine.state !== "ready") return;
		if (view.value?.connection.state.peek() === "ended") view.value.connection.renew();
		else view.value?.connection.reconnectNow();
	}, [machine.state]);
	useEffect(() => {
		if (!hidden && mode === "own") view.value?.screen.fit();
	}, [hidden]);

	return html`<div class=${props.number === CONSOLE ? "terminal-view line" : "terminal-view"} role="tabpanel" hidden=${hidden}>
		<div class="terminal-host" ref=${host}></div>
		${view.value && html`<${TerminalOverlay} machine=${machine} connection=${view.value.connection}
			number=${props.number} mode=${mode} paused=${!!props.paused} onStart=${props.onStart} onReset=${props.onReset}
			onConsole=${props.onConsole} />`}
	</div>`;
}
