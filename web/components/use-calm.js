/** What changes many times a second, seen at most every `ms`: for sums over a whole class. */
import { useEffect, useRef, useState } from "preact/hooks";

/**
 * @template T
 * @param {T} value
 * @param {number} ms
 */
export function useCalm(value, ms) {
	const [shown, setShown] = useState(value);
	const at = useRef(0);
	useEffect(() => {
		if (value === shown) return;
		const show = () => {
			at.current = performance.now();
			setShown(() => value);
		};
		const wait = at.current + ms - performance.now();
		if (wait <= 0) return show();
		const timer = setTimeout(show, wait);
		return () => clearTimeout(timer);
	}, [value, shown]);
	return shown;
}
