/** Looks at the host for the banners, where no live page has done so yet. */
import { useEffect } from "preact/hooks";
import { get } from "../api.js";
import { host } from "../state/shell.js";

export function useHost() {
	useEffect(() => {
		get("/host").then((view) => {
			host.value = view;
		}, () => {});
	}, []);
}
