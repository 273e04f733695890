/**
 * A terminal without a WebSocket: output comes in a reply without an end, input goes in requests (line.js).
 * Where a proxy keeps the reply back until it is whole, each reply ends with the first news instead.
 */
import { MessageReader } from "./messages.js";

/** The daemon speaks at once: a reply that is silent for so long is kept by somebody. */
const FIRST_MS = 4000;

/** @typedef {import("./wire.js").WireEvents} WireEvents */

/** @typedef {import("./wire.js").Wire} Wire */

/** @implements {Wire} */
export class HttpWire {
	/**
	 * @param {import("./line.js").Line} line
	 * @param {() => URLSearchParams} query asked anew for each reply: the offset moves
	 * @param {WireEvents} events
	 * @param {{ poll: boolean, onHeld: () => void }} options onHeld: the reply is kept back somewhere
	 */
	constructor(line, query, events, { poll, onHeld }) {
		this.line = line;
		this.query = query;
		this.events = events;
		this.poll = poll;
		this.onHeld = onHeld;
		this.abort = new AbortController();
		this.isOpen = false;
		this.mute = true;
		/** @type {boolean | null} the daemon's last word: the shell is over, or could not be opened */
		this.end = null;
		this.run();
	}

	async run() {
		let reason = "";
		try {
			await this.reply(false);
			while (this.poll && this.end === null) await this.reply(true);
		} catch (error) {
			if (this.abort.signal.aborted) return;
			reason = error instanceof TypeError ? "" : String(/** @type {any} */ (error).message ?? "");
		}
		this.isOpen = false;
		if (this.abort.signal.aborted) return;
		this.events.closed({ normal: this.end === true, mute: this.mute, reason,
			again: !reason && !this.mute && this.end === null });
	}

	/** @param {boolean} known what the last reply told has arrived */
	url(known) {
		const query = this.query();
		if (this.poll) query.set("poll", "1");
		if (known) query.set("known", "1");
		return `/api/v1/terminal?${query}`;
	}

	/** @param {boolean} known */
	async reply(known) {
		const timer = this.poll ? 0 : setTimeout(() => this.mute && this.onHeld(), FIRST_MS);
		try {
			const response = await fetch(this.url(known), { signal: this.abort.signal, cache: "no-store" });
			if (!response.ok || !response.body) throw new Error((await response.json()).detail);
			const reader = response.body.getReader();
			const messages = new MessageReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done) return;
				clearTimeout(timer);
				for (const message of messages.take(value)) this.message(message);
			}
		} finally {
			clearTimeout(timer);
		}
	}

	/** @param {import("./messages.js").Message} message */
	message(message) {
		this.mute = false;
		if ("bytes" in message) this.events.bytes(message.bytes);
		else if (message.text.type === "line") this.begin(message.text);
		else if (message.text.type === "end") this.end = message.text.normal;
		else this.events.text(message.text);
	}

	/** @param {{ next: number, life: number }} line */
	begin({ next, life }) {
		this.line.opened(next, life);
		if (this.isOpen) return;
		this.isOpen = true;
		this.events.opened();
	}

	/** @type {Wire["tell"]} */
	tell(message) {
		this.line.tell("ping" in message ? { ping: Math.round(message.ping) } : message);
	}

	/** @param {Uint8Array<ArrayBuffer>} bytes */
	input(bytes) {
		this.line.input(bytes);
	}

	close() {
		this.isOpen = false;
		this.line.close();
		this.abort.abort();
	}
}
