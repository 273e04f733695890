/** What could not be loaded because the daemon was out of reach is asked for again, until it is there. */
import { useEffect } from "preact/hooks";
import { Problem } from "../api.js";

const AGAIN_MS = 2000;

/**
 * @param {unknown} error of the last load; null: it went well
 * @param {() => void} load
 */
export function useAgain(error, load) {
	useEffect(() => {
		if (!(error instanceof Problem) || error.kind !== "offline") return;
		const timer = setTimeout(load, AGAIN_MS);
		return () => clearTimeout(timer);
	}, [error, load]);
}
