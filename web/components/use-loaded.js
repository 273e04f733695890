/** Something of the daemon's that is loaded once, and again when asked. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { useAgain } from "./use-again.js";

/**
 * @template T
 * @param {string | null} path null: nothing to load
 */
export function useLoaded(path) {
	const [value, setValue] = useState(/** @type {T | null} */ (null));
	const [error, setError] = useState(/** @type {unknown} */ (null));
	const load = useCallback(() => {
		if (path === null) return;
		get(path).then((loaded) => {
			setValue(loaded);
			setError(null);
		}, setError);
	}, [path]);
	useEffect(load, [load]);
	useAgain(error, load);
	return { value, error, load, setValue };
}
