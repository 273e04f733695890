/**
 * The daemon's events (SSE). A browser's EventSource comes back by itself after a lost connection and
 * says what it had last; what it cannot mend (an error status, a daemon that is away for long) is
 * mended here, and then everything is loaded anew, because nobody knows what was missed. A network that swallows
 * everything is no error to a browser for many minutes; but the daemon speaks at least every 15 s.
 */
import { signal } from "@preact/signals";

const TYPES = ["seat", "progress", "class", "everyone", "host", "job", "message", "message-read", "activity"];
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const SILENT_MS = 35000;

/** "live" or "cut", of whichever stream the page follows; null: it follows none. */
export const streamState = signal(/** @type {"live" | "cut" | null} */ (null));

/**
 * Follows one stream until the returned function is called.
 * @param {string} query "?class=3", or ""
 * @param {(type: string, data: any) => void} onEvent
 * @param {() => void} onReload the past is gone: load everything
 */
export function follow(query, onEvent, onReload) {
	/** @type {EventSource | null} */
	let source = null;
	let failures = 0;
	let lost = false;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let timer;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let silence;

	function heard() {
		clearTimeout(silence);
		silence = setTimeout(() => {
			streamState.value = "cut";
			again();
		}, SILENT_MS);
	}

	function again() {
		source?.close();
		clearTimeout(timer);
		lost = true;
		open();
	}

	function hurry() {
		if (streamState.peek() === "cut") again();
	}

	function open() {
		source = new EventSource(`/api/v1/events${query}`);
		heard();
		source.addEventListener("alive", heard);
		source.addEventListener("open", () => {
			failures = 0;
			heard();
			streamState.value = "live";
			if (lost) onReload();
			lost = false;
		});
		source.addEventListener("error", () => {
			streamState.value = "cut";
			if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
			lost = true;
			onReload(); // a session that has ended answers 401 there, and that is dealt with
			timer = setTimeout(open, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
		});
		source.addEventListener("reload", onReload);
		for (const type of TYPES) {
			source.addEventListener(type, (event) => {
				heard();
				onEvent(type, parse(event));
			});
		}
	}

	open();
	addEventListener("online", hurry);
	return () => {
		removeEventListener("online", hurry);
		clearTimeout(timer);
		clearTimeout(silence);
		source?.close();
		streamState.value = null;
	};
}

/** @param {Event} event */
function parse(event) {
	return event instanceof MessageEvent ? JSON.parse(event.data) : null;
}
