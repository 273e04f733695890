/** What a page puts into the bar on top, and what the banners tell. */
import { signal } from "@preact/signals";

/** Nodes in the middle of the bar; the page that sets them clears them when it goes. */
export const shellExtra = signal(/** @type {any} */ (null));
/** The last look at the host, where somebody asked. @type {import("@preact/signals").Signal<import("../types.js").Host | null>} */
export const host = signal(null);
