/**
 * One terminal's connection, kept up: it is made again after every loss, at once when the network or the
 * page comes back, else after a growing pause, and goes on at the byte where it stopped. What carries it is
 * a WebSocket, or what transport.js found to work instead.
 */
import { signal } from "@preact/signals";
import { post } from "../api.js";
import { HttpWire } from "./http-wire.js";
import { Line } from "./line.js";
import { TerminalStream } from "./stream.js";
import { doubtSocket, takeTransport, transport } from "./transport.js";
import { SocketWire } from "./wire.js";

const RETRY_MS = [300, 700, 1500, 3000, 6000, 10000];
const PING_MS = 5000;
/** No answer to a ping for so long: the connection is dead, whatever the socket believes. */
const DEAD_MS = 12000;
/** Pieces that are kept while a socket is being opened. While a connection counts as lost none are: they would be typed blindly. */
const EARLY_MAX = 256;

/** The terminal with this number is a machine's serial line: there without an agent, and never over. */
export const CONSOLE = 0;

/** @typedef {"connecting" | "opening" | "live" | "away" | "ended" | "lost"} LinkState */

/**
 * @typedef {object} Options
 * @property {number} machine
 * @property {number} terminal CONSOLE, or 1..
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
		/** @type {import("./wire.js").Wire | null} */
		this.wire = null;
		this.line = new Line(options.machine, post);
		/** Typed while a socket is being opened. @type {Uint8Array<ArrayBuffer>[]} */
		this.early = [];
		this.leaving = false;
		this.resting = false;
		this.failures = 0;
		this.closed = false;
		this.heardAt = 0;
		this.hurry = () => this.reconnectNow();
		addEventListener("online", this.hurry);
		document.addEventListener("visibilitychange", this.hurry);
		let first = true;
		this.forget = transport.subscribe(() => {
			if (!first) this.reopen();
			first = false;
		});
		this.open();
	}

	query() {
		const { machine, terminal, watch } = this.options;
		const query = new URLSearchParams({ machine: String(machine), terminal: String(terminal) });
		if (this.stream.next !== null) query.set("offset", String(this.stream.next));
		if (watch) query.set("watch", "1");
		query.set("line", this.line.id); // a new connection ends the one before
		if (this.size) {
			query.set("rows", String(this.size.rows));
			query.set("columns", String(this.size.columns));
		}
		return query;
	}

	open() {
		clearTimeout(this.retry);
		if (this.resting || this.closed) return;
		/** @type {import("./wire.js").Wire | null} a wire that was let go says nothing more */
		let wire = null;
		/** @type {import("./wire.js").WireEvents} */
		const events = {
			opened: () => this.opened(),
			text: (message) => {
				this.heardAt = performance.now();
				this.control(message);
			},
			bytes: (frame) => {
				this.heardAt = performance.now();
				this.output(frame);
			},
			closed: (how) => wire === this.wire && this.dropped(how),
		};
		this.stream.connected();
		wire = this.wire = this.makeWire(events);
	}

	/** @param {import("./wire.js").WireEvents} events */
	makeWire(events) {
		const way = transport.peek();
		if (way === "websocket") return new SocketWire(this.query(), events);
		return new HttpWire(this.line, () => this.query(), events,
			{ poll: way === "poll", onHeld: () => takeTransport("poll") });
	}

	opened() {
		this.failures = 0;
		this.heardAt = performance.now();
		if (this.state.value !== "live") this.state.value = "opening";
		for (const bytes of this.early.splice(0)) this.wire?.input(bytes);
		this.ping();
		clearInterval(this.pings);
		this.pings = setInterval(() => this.ping(), PING_MS);
	}

	ping() {
		if (performance.now() - this.heardAt > DEAD_MS) this.drop();
		else this.wire?.tell({ ping: performance.now() });
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
	 * @param {import("./wire.js").Closed} how
	 */
	dropped({ normal, mute, again = false, reason }) {
		this.letGo();
		if (this.closed || (this.state.value === "ended" && normal)) return;
		if (mute) doubtSocket();
		if (again) {
			this.open();
			return;
		}
		this.state.value = "lost";
		this.early = [];
		this.why.value = reason;
		const pause = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
		this.retry = setTimeout(() => this.open(), pause * (0.8 + 0.4 * Math.random()));
	}

	letGo() {
		this.wire?.close();
		this.wire = null;
		this.latency.value = null;
		clearInterval(this.pings);
	}

	/** A dead peer would let us wait for its answer. */
	drop() {
		if (this.wire) this.dropped({ normal: false, mute: this.wire.mute, reason: "" });
	}

	/** Another way is taken from now on; what was typed until now goes the old one to its end. */
	async reopen() {
		if (transport.peek() === "websocket" && this.wire) {
			this.leaving = true;
			await this.line.drain();
			this.leaving = false;
		}
		if (this.closed || (this.state.value === "ended" && !this.wire)) return;
		this.letGo();
		this.open();
	}

	/**
	 * A browser has few connections without WebSockets: a terminal that nobody sees gives its own back.
	 * @param {boolean} on
	 */
	rest(on) {
		if (this.resting === on) return;
		this.resting = on;
		if (!on) this.reopen();
		else this.letGo();
	}

	/** A try that is under way began on a network that was not there. */
	reconnectNow() {
		if (this.closed || this.state.value !== "lost" || document.hidden) return;
		this.letGo();
		this.open();
	}

	/** A machine is there again: its new terminal is opened from its start. */
	renew() {
		this.stream.restart();
		this.failures = 0;
		this.state.value = "connecting";
		this.letGo();
		this.options.onRestart(); // a shell on a machine that has just booted may take seconds to speak
		this.open();
	}

	/** @param {string} text */
	input(text) {
		this.inputBytes(new TextEncoder().encode(text));
	}

	/** @param {Uint8Array<ArrayBuffer>} bytes */
	inputBytes(bytes) {
		if (this.options.watch) return;
		if (this.wire?.isOpen && !this.leaving) this.wire.input(bytes);
		else if (transport.peek() !== "websocket") this.line.input(bytes); // sent when the line is open again
		else if (this.state.peek() !== "lost" && this.early.length < EARLY_MAX) this.early.push(bytes);
	}

	/**
	 * @param {number} rows
	 * @param {number} columns
	 */
	resize(rows, columns) {
		if (this.options.watch) return;
		if (this.size?.rows === rows && this.size.columns === columns) return;
		this.size = { rows, columns };
		if (this.wire?.isOpen) this.wire.tell({ rows, columns });
	}

	close() {
		this.closed = true;
		removeEventListener("online", this.hurry);
		document.removeEventListener("visibilitychange", this.hurry);
		clearTimeout(this.retry);
		this.forget();
		this.letGo();
	}
}
