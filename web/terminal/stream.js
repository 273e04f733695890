/**
 * Which of the bytes that come are new. The daemon numbers a terminal's output from its start, and each
 * frame says where its bytes belong; a connection that comes back names what it had. So nothing is
 * shown twice, and what was lost for good (the ring on the daemon is bounded) is known to the byte.
 *
 * A terminal that ended (its machine was reset) is followed by another one that counts from 0 again.
 * The daemon says "ended" first; should that message be lost, the first frame of a new connection tells:
 * it begins at 0 although we named an offset.
 */

/** @typedef {{ bytes: Uint8Array | null, skipped: number, restarted: boolean }} Accepted */

export const HEADER_BYTES = 8;

export class TerminalStream {
	constructor() {
		/** The offset after the last byte we have; null before the first frame. @type {number | null} */
		this.next = null;
		this.fresh = true;
		this.over = false;
	}

	/** The terminal is over: what comes next is another one's. */
	restart() {
		this.over = this.over || this.next !== null;
		this.next = null;
		this.fresh = true;
	}

	/** A connection was made; its first frame may be of a new terminal. */
	connected() {
		this.fresh = true;
	}

	/**
	 * @param {ArrayBuffer} frame
	 * @returns {Accepted}
	 */
	accept(frame) {
		const offset = Number(new DataView(frame).getBigUint64(0));
		const bytes = new Uint8Array(frame, HEADER_BYTES);
		return this.take(offset, bytes);
	}

	/**
	 * @param {number} offset
	 * @param {Uint8Array} bytes
	 * @returns {Accepted}
	 */
	take(offset, bytes) {
		const again = this.fresh && offset === 0 && this.next !== null && this.next > 0;
		const restarted = this.over || again;
		if (this.next === null || again) this.next = offset;
		this.fresh = false;
		this.over = false;

		const skipped = Math.max(0, offset - this.next);
		const known = Math.min(Math.max(0, this.next - offset), bytes.length);
		this.next = Math.max(this.next, offset + bytes.length);
		return { bytes: known < bytes.length ? bytes.subarray(known) : null, skipped, restarted };
	}
}
