// A browser, a network and a daemon with one shell, as far as a terminal's connection sees them, on a clock that the
// test moves. The shell echoes what it is given.
import { register } from "node:module";
import { mock } from "node:test";

/** Vendored libraries are where the page is built from; the API is the stage's. */
const hooks = `const core = ${JSON.stringify(new URL("../../build/npm/node_modules/@preact/signals-core/dist/signals-core.mjs",
	import.meta.url).href)};
const api = "data:text/javascript,export const get = (path) => stage.get(path); export const post = (path, body) => stage.post(path, body)";
export const resolve = (name, context, next) => next(name === "@preact/signals" ? core : name === "../api.js" ? api : name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const RTT_MS = 40;
const offline = () => Object.assign(new Error("offline"), { status: 0 });
const later = (what) => new Promise((done) => setTimeout(() => done(what()), RTT_MS));

/** @param {number} offset @param {string} text */
function frame(offset, text) {
	const bytes = new TextEncoder().encode(text), all = new Uint8Array(8 + bytes.length);
	new DataView(all.buffer).setBigUint64(0, BigInt(offset));
	all.set(bytes, 8);
	return all.buffer;
}

function message(kind, bytes) {
	const all = new Uint8Array(5 + bytes.byteLength);
	all[0] = kind.charCodeAt(0);
	new DataView(all.buffer).setUint32(1, bytes.byteLength);
	all.set(new Uint8Array(bytes), 5);
	return all;
}
const textMessage = (what) => message("t", new TextEncoder().encode(JSON.stringify(what)));

export class Stage {
	constructor() {
		Object.assign(this, { now: 0, network: true, sockets: true, typed: "", carriers: new Set(), tries: [], streams: [], lines: new Map() });
		mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
		const page = this.page = new EventTarget();
		Object.assign(globalThis, {
			stage: this, location: { protocol: "http:", host: "here" },
			document: Object.assign(new EventTarget(), { hidden: false }),
			addEventListener: page.addEventListener.bind(page), removeEventListener: page.removeEventListener.bind(page),
			sessionStorage: { getItem: () => null, setItem() {} }, WebSocket: socketClass(this), EventSource: eventSourceClass(this),
			fetch: (url, options) => this.reply(url, options),
		});
		performance.now = () => this.now;
	}

	/** Lets the time pass; `each` happens faster than a request takes. */
	async pass(ms, each = () => {}) {
		for (const end = this.now + ms; this.now < end;) {
			this.now += 10;
			mock.timers.tick(10);
			if (this.now % 20 === 0) each();
			for (let i = 0; i < 4; i++) await new Promise(setImmediate);
		}
	}

	/** The network goes silent: nothing fails, nothing comes. */
	cut() {
		this.network = false;
		this.carriers.clear();
	}

	type(bytes) {
		const text = new TextDecoder().decode(bytes), at = this.typed.length;
		this.typed += text;
		for (const carrier of this.carriers) carrier(at, text);
	}

	get() {
		return this.network ? later(() => ({ status: "ok" })) : Promise.reject(offline());
	}

	async post(path, piece) {
		const id = new URLSearchParams(path.split("?")[1]).get("line");
		const line = this.lines.get(id);
		if (!this.network) throw offline();
		await later(() => {});
		if (piece.number === line.next) {
			line.next++;
			if (piece.input) this.type(Uint8Array.from(atob(piece.input), (c) => c.charCodeAt(0)));
		}
		return later(() => ({ next: line.next }));
	}

	/** A reply without an end. */
	async reply(url, { signal }) {
		if (!this.network) throw new TypeError("offline");
		const query = new URLSearchParams(url.split("?")[1]), id = query.get("line");
		if (!this.lines.has(id)) this.lines.set(id, { next: 1 });
		const body = new ReadableStream({
			start: (controller) => {
				const carrier = (at, text) => controller.enqueue(message("b", frame(at, text)));
				signal.addEventListener("abort", () => this.carriers.delete(carrier));
				controller.enqueue(textMessage({ type: "line", next: this.lines.get(id).next, life: 1 }));
				const from = Number(query.get("offset") ?? 0);
				carrier(from, this.typed.slice(from));
				this.carriers.add(carrier);
			},
		});
		return later(() => ({ ok: true, body }));
	}
}

/** It answers when the network is there, and says that it is alive every 15 s. */
const eventSourceClass = (stage) => class EventSource extends EventTarget {
	static CLOSED = 2;

	constructor() {
		super();
		this.readyState = 0;
		stage.streams.push(this);
		const onNetwork = (type) => stage.network && this.readyState < 2 && this.dispatchEvent(new Event(type));
		setTimeout(() => onNetwork("open"), RTT_MS);
		this.timer = setInterval(() => onNetwork("alive"), 15000);
	}

	close() {
		this.readyState = 2;
		clearInterval(this.timer);
	}
};

const socketClass = (stage) => class WebSocket {
	static OPEN = 1;

	constructor(url) {
		this.readyState = 0;
		this.query = new URLSearchParams(url.split("?")[1]);
		this.check = url.includes("/ws/check");
		if (!this.check) stage.tries.push(stage.now);
		setTimeout(() => this.answer(), RTT_MS);
	}

	answer() {
		if (!stage.network || this.readyState) return; // nobody says anything
		if (!stage.sockets) {
			this.close();
			return;
		}
		this.readyState = 1;
		this.onopen?.();
		if (this.check) return;
		this.carrier = (at, text) => this.onmessage?.({ data: frame(at, text) });
		const from = Number(this.query.get("offset") ?? 0);
		this.carrier(from, stage.typed.slice(from));
		stage.carriers.add(this.carrier);
	}

	send(data) {
		if (!stage.network) return;
		if (this.check) setTimeout(() => this.onmessage?.({ data: '{"type":"pong"}' }), RTT_MS);
		else if (typeof data !== "string") setTimeout(() => stage.network && stage.type(data), RTT_MS / 2);
		else setTimeout(() => stage.network && this.onmessage?.({ data: JSON.stringify({ type: "pong", t: JSON.parse(data).t }) }), RTT_MS);
	}

	close() {
		if (this.readyState === 3) return;
		this.readyState = 3;
		stage.carriers.delete(this.carrier);
		const { onclose } = this;
		queueMicrotask(() => onclose?.({ code: 1006, reason: "" }));
	}
};
