/**
 * Messages in a reply that has no end: one byte, "t" or "b", four bytes of length, big-endian, then text or
 * bytes. They come in pieces of any size.
 */

const HEAD_BYTES = 5;
const TEXT = "t".charCodeAt(0);

/** @typedef {{ text: any } | { bytes: ArrayBuffer }} Message */

export class MessageReader {
	constructor() {
		this.rest = new Uint8Array(0);
	}

	/**
	 * What is whole by now.
	 * @param {Uint8Array} piece
	 * @returns {Message[]}
	 */
	take(piece) {
		const all = new Uint8Array(this.rest.length + piece.length);
		all.set(this.rest);
		all.set(piece, this.rest.length);
		/** @type {Message[]} */
		const messages = [];
		let at = 0;
		for (let end; (end = messageEnd(all, at)) <= all.length; at = end) {
			const body = all.slice(at + HEAD_BYTES, end);
			messages.push(all[at] === TEXT ? { text: JSON.parse(new TextDecoder().decode(body)) }
				: { bytes: body.buffer });
		}
		this.rest = all.subarray(at);
		return messages;
	}
}

/**
 * Where the message at `at` ends; beyond the end while that is not known.
 * @param {Uint8Array} all
 * @param {number} at
 */
function messageEnd(all, at) {
	if (all.length < at + HEAD_BYTES) return Infinity;
	return at + HEAD_BYTES + new DataView(all.buffer, all.byteOffset).getUint32(at + 1);
}
