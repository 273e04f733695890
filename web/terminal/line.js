/**
 * Input without a WebSocket: numbered requests, one at a time, each repeated until it is answered, so that
 * every key is typed once and in order whatever gets lost. What is typed meanwhile goes into the next one.
 * A line outlives the replies that carry the output.
 */
/** One request takes at most so many bytes. */
const INPUT_MAX = 32768;
/** Typed while nothing gets through; what is more is dropped. */
const WAITING_MAX = 65536;
const AGAIN_MS = 300;
const DRAIN_MS = 3000;

/** @typedef {{ number: number, input?: string, rows?: number, columns?: number, ping?: number }} Piece */

function newId() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
	let text = "";
	for (const byte of bytes) text += String.fromCharCode(byte);
	return btoa(text);
}

export class Line {
	/**
	 * @param {number} machine
	 * @param {(path: string, body: Piece) => Promise<{ next: number }>} send asks the daemon
	 */
	constructor(machine, send) {
		this.machine = machine;
		this.send = send;
		this.id = newId();
		this.number = 1;
		this.waiting = new Uint8Array(0);
		/** @type {{ rows?: number, columns?: number, ping?: number }} */
		this.words = {};
		/** Made and not answered yet. @type {Piece | null} */
		this.piece = null;
		this.busy = false;
		this.isOpen = false;
		this.told = 1;
		this.life = 0;
		this.drained = () => {};
	}

	/**
	 * The daemon says which number it waits for: first in each reply. That may be old news when it comes, so in
	 * the same life of the line it only counts forward.
	 * @param {number} next
	 * @param {number} life another one: the daemon had forgotten the line
	 */
	opened(next, life) {
		this.isOpen = true;
		this.told = next;
		if (!this.busy && (life !== this.life || next > this.number)) this.expect(next);
		this.life = life;
		this.pump();
	}

	/** @param {number} next */
	expect(next) {
		if (this.piece?.number !== next) this.piece = null;
		this.number = next;
	}

	/** @param {Uint8Array} bytes */
	input(bytes) {
		const room = WAITING_MAX - this.waiting.length;
		const all = new Uint8Array(this.waiting.length + Math.min(room, bytes.length));
		all.set(this.waiting);
		all.set(bytes.subarray(0, room), this.waiting.length);
		this.waiting = all;
		this.pump();
	}

	/** @param {{ rows: number, columns: number } | { ping: number }} words */
	tell(words) {
		Object.assign(this.words, words);
		this.pump();
	}

	/** @returns {Piece | null} */
	next() {
		if (this.piece) return this.piece;
		if (!this.waiting.length && !Object.keys(this.words).length) return null;
		this.piece = { number: this.number, ...this.words };
		if (this.waiting.length) this.piece.input = toBase64(this.waiting.subarray(0, INPUT_MAX));
		this.waiting = this.waiting.slice(INPUT_MAX);
		this.words = {};
		return this.piece;
	}

	/**
	 * Until all that was typed has arrived. What has not after a while is dropped: it would be typed much later.
	 * @returns {Promise<void>}
	 */
	drain() {
		return new Promise((done) => {
			const timer = setTimeout(() => {
				this.waiting = new Uint8Array(0);
				done();
			}, DRAIN_MS);
			this.drained = () => {
				clearTimeout(timer);
				done();
			};
			this.pump();
		});
	}

	async pump() {
		if (this.busy) return;
		const piece = this.isOpen && this.next();
		if (!piece) {
			this.drained();
			return;
		}
		this.busy = true;
		const again = await this.deliver(piece);
		this.busy = false;
		if (again) setTimeout(() => this.pump(), again);
		else this.pump();
	}

	/**
	 * @param {Piece} piece
	 * @returns {Promise<number>} milliseconds until the next
	 */
	async deliver(piece) {
		try {
			this.expect((await this.send(`/terminal?machine=${this.machine}&line=${this.id}`, piece)).next);
			return 0;
		} catch (error) {
			const status = /** @type {{ status?: number }} */ (error).status ?? 0; // 0: no answer came
			if (status === 0 || status >= 500) return AGAIN_MS;
			// The line is not known any more, or not ours: what was on its way is lost with it.
			this.piece = null;
			this.number = this.told;
			this.isOpen = status === 409; // the reply has told which number a new line waits for
			return AGAIN_MS;
		}
	}

	close() {
		this.isOpen = false;
	}
}
