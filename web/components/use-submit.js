/** A form that sends something: one at a time, and with the problem it met. */
import { useState } from "preact/hooks";

/**
 * @param {() => Promise<unknown>} send what the form is for
 * @returns {{ busy: boolean, error: unknown, submit: (event: Event) => Promise<void> }} submit is the form's handler
 */
export function useSubmit(send) {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(/** @type {unknown} */ (null));

	/** @param {Event} event */
	async function submit(event) {
		event.preventDefault();
		if (busy) return;
		setBusy(true);
		setError(null);
		try {
			await send();
		} catch (problem) {
			setError(problem);
		}
		setBusy(false);
	}
	return { busy, error, submit };
}
