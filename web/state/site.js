/** Whose training this is, and what visitors are told on the front page. undefined: not loaded yet. */
import { signal } from "@preact/signals";
import { get } from "../api.js";

/** @typedef {import("../types.js").Site} Site */

export const site = signal(/** @type {Site | undefined} */ (undefined));

/** Who cannot be told is told nothing: the page works without. */
export const loadSite = () => get("/site").then((/** @type {Site} */ view) => { site.value = view; }, () => {});
