/** The time, ticking; still while `on` is false. */
import { useEffect, useState } from "preact/hooks";

/**
 * @param {number} every ms
 * @param {boolean} [on]
 */
export function useNow(every, on = true) {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		if (!on) return;
		const timer = setInterval(() => setNow(Date.now()), every);
		return () => clearInterval(timer);
	}, [every, on]);
	return now;
}
