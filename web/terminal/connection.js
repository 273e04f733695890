/**
 * One terminal's WebSocket, kept up: it is made again after every loss, at once when the network or the
 * page comes back, else after a growing pause, and goes on at the byte where it stopped.
 */
import { signal } from "@preact/signals";
import { TerminalStream } from "./stream.js";

const PROTOCOL = "terakoya.terminal.1";
const RETRY_MS = [300, 700, 1500, 3000, 6000, 10000];
const PING_MS = 5000;
/** No answer to a ping for so long: the connection is dead, whatever the socket believes. */
const DEAD_MS = 12000;
const NORMAL = 1000;
/** The daemon takes at most 64 KiB at once. */
const INPUT_MAX = 32768;

/** @typedef {"connecting" | "opening" | "live" | "away" | "ended" | "lost"} LinkState */

/**
 * @typedef {object} Options
 * @property {number} machine
 * @property {number} terminal 1..
 * @property {boolean} watch read only
 * @property {{ rows: number, columns: number } | null} size null: leave the size as it is
 * @property {(bytes: Uint8Array) => void} onBytes
 * @property {(count: number) => void} onSkipped bytes that are gone for good
 * @property {() => void} onRestart what is on the screen belongs to a terminal that is over
 * @property {(rows: number, columns: number) => void} onSize somebody else changed the size
 */

export class TerminalConnection {
	/** @param {Options} options */
	constructor(options) {
		this.options = options;
		this.size = options.size;
		this.stream = new TerminalStream();
		this.state = signal(/** @type {LinkState} */ ("connecting"));
		this.why = signal("");
		/** Milliseconds there and back; null: not known. */
		this.latency = signal(/** @type {number | null} */ (null));
		/** @type {WebSocket | null} */
		this.socket = null;
		this.failures = 0;
		this.closed = false;
		this.heardAt = 0;
		this.hurry = () => this.reconnectNow();
		addEventListener("online", this.hurry);
		document.addEventListener("visibilitychange", this.hurry);
		this.open();
	}

	url() {
		const { machine, terminal, watch } = this.options;
		const query = new URLSearchParams({ machine: String(machine), terminal: String(terminal) });
		if (this.stream.next !== null) query.set("offset", String(this.stream.next));
		if (watch) query.set("watch", "1");
		if (this.size) {
			query.set("rows", String(this.size.rows));
			query.set("columns", String(this.size.columns));
		}
		return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/terminal?${query}`;
	}

	open() {
		clearTimeout(this.retry);
		const socket = new WebSocket(this.url(), PROTOCOL);
		socket.binaryType = "arraybuffer";
		this.socket = socket;
		this.stream.connected();
		socket.onopen = () => this.opened();
		socket.onmessage = (event) => {
			this.heardAt = performance.now();
			if (typeof event.data === "string") this.control(JSON.parse(event.data));
			else this.output(event.data);
		};
		socket.onclose = (event) => this.dropped(socket, event.reason, event.code === NORMAL);
	}

	opened() {
		this.failures = 0;
		this.heardAt = performance.now();
		if (this.state.value !== "live") this.state.value = "opening";
		this.ping();
		clearInterval(this.pings);
		this.pings = setInterval(() => this.ping(), PING_MS);
	}

	ping() {
		if (performance.now() - this.heardAt > DEAD_MS) this.drop();
		else this.tell({ type: "ping", t: performance.now() });
	}

	/** @param {any} message */
	control(message) {
		if (message.type === "pong") this.latency.value = Math.max(0, performance.now() - message.t);
		else if (message.type === "size") this.options.onSize(message.rows, message.columns);
		else if (message.type === "state") {
			this.state.value = message.state;
			this.why.value = message.why ?? "";
			if (message.state === "ended") this.stream.restart();
		}
	}

	/** @param {ArrayBuffer} frame */
	output(frame) {
		const { bytes, skipped, restarted } = this.stream.accept(frame);
		if (this.state.value === "opening" || this.state.value === "connecting") this.state.value = "live";
		if (restarted) this.options.onRestart();
		if (skipped) this.options.onSkipped(skipped);
		if (bytes) this.options.onBytes(bytes);
	}

	/**
	 * The shell's end is told before a normal close; "ended" and another code is a terminal that could
	 * not be opened yet.
	 * @param {WebSocket} socket
	 * @param {string} reason
	 * @param {boolean} [normal]
	 */
	dropped(socket, reason, normal = false) {
		if (socket !== this.socket) return;
		this.socket = null;
		this.latency.value = null;
		clearInterval(this.pings);
		if (this.closed || (this.state.value === "ended" && normal)) return;
		this.state.value = "lost";
		this.why.value = reason;
		const pause = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
		this.retry = setTimeout(() => this.open(), pause * (0.8 + 0.4 * Math.random()));
	}

	drop() {
		const socket = this.socket;
		if (!socket) return;
		socket.close();
		this.dropped(socket, ""); // a dead peer would let us wait for its answer
	}

	reconnectNow() {
		if (!this.closed && !this.socket && this.state.value === "lost" && !document.hidden) this.open();
	}

	/** A machine is there again: its new terminal is opened from its start. */
	renew() {
		this.stream.restart();
		this.failures = 0;
		this.state.value = "connecting";
		const old = this.socket;
		this.socket = null;
		old?.close();
		this.options.onRestart(); // a shell on a machine that has just booted may take seconds to speak
		this.open();
	}

	/** @param {object} message */
	tell(message) {
		if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
	}

	/** @param {string} text */
	input(text) {
		this.inputBytes(new TextEncoder().encode(text));
	}

	/** @param {Uint8Array<ArrayBuffer>} bytes */
	inputBytes(bytes) {
		if (this.options.watch || this.socket?.readyState !== WebSocket.OPEN) return;
		for (let at = 0; at < bytes.length; at += INPUT_MAX) {
			this.socket.send(bytes.subarray(at, at + INPUT_MAX));
		}
	}

	/**
	 * @param {number} rows
	 * @param {number} columns
	 */
	resize(rows, columns) {
		if (this.options.watch) return;
		if (this.size?.rows === rows && this.size.columns === columns) return;
		this.size = { rows, columns };
		this.tell({ type: "resize", rows, columns });
	}

	close() {
		this.closed = true;
		removeEventListener("online", this.hurry);
		document.removeEventListener("visibilitychange", this.hurry);
		clearTimeout(this.retry);
		clearInterval(this.pings);
		this.socket?.close();
		this.socket = null;
	}
}
