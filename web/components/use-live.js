/**
 * Something of the daemon's, loaded once and kept current by its events. Events that come while the
 * load is on its way are applied to its answer; they carry whole rows, so applying one twice is harmless.
 * However many come, the page is drawn once a frame; a page in the background, once a second.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.js";
import { follow } from "../events.js";
import { host } from "../state/shell.js";
import { useAgain } from "./use-again.js";

/** A page that is not seen has no frames. */
const UNSEEN_MS = 1000;

/**
 * Calls `flush` with the next frame, once however often it was asked to.
 * @param {() => void} flush
 */
function framed(flush) {
	let frame = 0;
	let timer = 0;
	function run() {
		cancelAnimationFrame(frame);
		clearTimeout(timer);
		frame = 0;
		flush();
	}
	return {
		ask() {
			if (frame) return;
			frame = requestAnimationFrame(run);
			timer = window.setTimeout(run, UNSEEN_MS);
		},
		stop() {
			cancelAnimationFrame(frame);
			clearTimeout(timer);
		},
	};
}

/**
 * @template T
 * @param {string} path what to GET
 * @param {string} query of the event stream
 * @param {(view: T, type: string, data: any) => T} reduce
 */
export function useLive(path, query, reduce) {
	const [view, setView] = useState(/** @type {T | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const early = useRef(/** @type {[string, any][] | null} */ (null));

	const load = useCallback(async () => {
		early.current = [];
		try {
			const loaded = await get(path);
			const events = early.current ?? [];
			setView(events.reduce((now, [type, data]) => reduce(now, type, data), loaded));
			setError(null);
		} catch (problem) {
			setError(problem);
		}
		early.current = null;
	}, [path]);

	useEffect(() => {
		/** @type {[string, any][]} */
		let waiting = [];
		const drawing = framed(() => {
			const events = waiting;
			waiting = [];
			setView((now) => {
				let view = now;
				for (const [type, data] of events) if (view) view = reduce(view, type, data);
				return view;
			});
		});
		const stop = follow(query, (type, data) => {
			if (type === "host") host.value = data;
			early.current?.push([type, data]);
			waiting.push([type, data]);
			drawing.ask();
		}, load);
		load();
		return () => {
			drawing.stop();
			stop();
		};
	}, [path, query]);

	useAgain(error, load);
	return { view, error, load, setView };
}
