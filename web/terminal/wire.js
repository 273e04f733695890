/**
 * What carries a terminal: a WebSocket here, replies and requests in http-wire.js. Both say the same.
 */

/**
 * @typedef {object} WireEvents
 * @property {() => void} opened
 * @property {(message: any) => void} text
 * @property {(frame: ArrayBuffer) => void} bytes eight bytes of offset, then output
 * @property {(how: Closed) => void} closed the last call
 *
 * @typedef {object} Closed
 * @property {boolean} normal the shell is over
 * @property {boolean} mute nothing ever came through
 * @property {boolean} [again] the reply ended, as replies do
 * @property {string} reason
 *
 * @typedef {object} Wire
 * @property {boolean} isOpen
 * @property {boolean} mute nothing came through yet
 * @property {(message: { rows: number, columns: number } | { ping: number }) => void} tell
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void} input
 * @property {() => void} close without another call
 */

const PROTOCOL = "terakoya.terminal.1";
const OPEN_MS = 5000;
const NORMAL = 1000;
/** The daemon takes at most 64 KiB at once. */
const INPUT_MAX = 32768;

/** @param {string} path */
export const socketUrl = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;

/** @implements {Wire} */
export class SocketWire {
	/**
	 * @param {URLSearchParams} query
	 * @param {WireEvents} events
	 */
	constructor(query, events) {
		const socket = new WebSocket(socketUrl(`/ws/terminal?${query}`), PROTOCOL);
		socket.binaryType = "arraybuffer";
		this.socket = socket;
		this.mute = true;
		const timer = setTimeout(() => socket.close(), OPEN_MS);
		socket.onopen = () => {
			clearTimeout(timer);
			events.opened();
		};
		socket.onmessage = (event) => {
			this.mute = false;
			if (typeof event.data === "string") events.text(JSON.parse(event.data));
			else events.bytes(event.data);
		};
		socket.onclose = (event) => {
			clearTimeout(timer);
			events.closed({ normal: event.code === NORMAL, mute: this.mute, reason: event.reason });
		};
	}

	get isOpen() {
		return this.socket.readyState === WebSocket.OPEN;
	}

	/** @type {Wire["tell"]} */
	tell(message) {
		const typed = "ping" in message ? { type: "ping", t: message.ping } : { type: "resize", ...message };
		if (this.isOpen) this.socket.send(JSON.stringify(typed));
	}

	/** @param {Uint8Array<ArrayBuffer>} bytes */
	input(bytes) {
		for (let at = 0; at < bytes.length; at += INPUT_MAX) {
			this.socket.send(bytes.subarray(at, at + INPUT_MAX));
		}
	}

	close() {
		this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
		this.socket.close();
	}
}
