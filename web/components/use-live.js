/**
 * Something of the daemon's, loaded once and kept current by its events. Events that come while the
 * load is on its way are applied to its answer; they carry whole rows, so applying one twice is harmless.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.js";
import { follow } from "../events.js";
import { host } from "../state/shell.js";
import { useAgain } from "./use-again.js";

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
		const stop = follow(query, (type, data) => {
			if (type === "host") host.value = data;
			early.current?.push([type, data]);
			setView((now) => (now ? reduce(now, type, data) : now));
		}, load);
		load();
		return stop;
	}, [path, query]);

	useAgain(error, load);
	return { view, error, load, setView };
}
