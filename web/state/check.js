/**
 * What the tries of the page /check mean. Pure: figures in, verdicts out.
 *
 * @typedef {"ok" | "warn" | "bad" | "info" | "running"} Level
 * @typedef {"browser" | "cookies" | "storage" | "screen" | "server" | "websocket" | "stream" | "latency" | "clock" | "ssh"} What
 * @typedef {{ what: What, level: Level, word: string, values?: Record<string, unknown> }} Finding word: a message's key
 *
 * @typedef {object} Tries undefined: not known yet
 * @property {string[]} [missing] what the browser lacks
 * @property {boolean} [cookies]
 * @property {boolean} [storage]
 * @property {{ width: number, height: number }} [screen] CSS pixels
 * @property {boolean} [server] it answered over HTTP
 * @property {boolean} [websocket]
 * @property {number | null} [spread] milliseconds between the first and the last piece of a reply; null: it did not come
 * @property {number[]} [pings] milliseconds
 * @property {number} [skew] milliseconds by which this clock is ahead
 * @property {number | null} [sshPort] null: there is no ssh
 */

/** Four pauses of 200 ms; a proxy that keeps the reply gives all of it at once. */
const STREAMED_MS = 400;
const QUICK_MS = 100;
const SLOW_MS = 300;
const SKEW_MS = 120_000;
const WIDE = { width: 1000, height: 560 };
const NARROW = { width: 640, height: 400 };

/** @param {number[]} times @param {number} share */
export function quantile(times, share) {
	const sorted = times.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** @param {What} what @param {Level} level @param {string} [end] @param {Record<string, unknown>} [values] @returns {Finding} */
const finding = (what, level, end = level, values = {}) => ({ what, level, word: `precheck.${what}-${end}`, values });

/** @param {What} what @param {boolean | undefined} good @param {Level} level where it is not */
function yesOrNo(what, good, level) {
	return finding(what, good === undefined ? "running" : good ? "ok" : level, good ? "ok" : "bad");
}

/** @param {Tries} tries */
function browser({ missing }) {
	return finding("browser", !missing ? "running" : missing.length ? "bad" : "ok", missing?.length ? "bad" : "ok",
		{ missing: missing?.join(", ") });
}

/** @param {Tries} tries */
function screen({ screen: size }) {
	if (!size) return finding("screen", "running", "ok");
	/** @param {{ width: number, height: number }} low */
	const fits = (low) => size.width >= low.width && size.height >= low.height;
	return finding("screen", fits(WIDE) ? "ok" : "warn", fits(WIDE) ? "ok" : fits(NARROW) ? "warn" : "bad", size);
}

/** A WebSocket that is refused is not the end: there are two other ways. @param {Tries} tries */
function stream({ spread }) {
	if (spread === undefined) return finding("stream", "running", "ok");
	if (spread === null) return finding("stream", "bad");
	return finding("stream", spread >= STREAMED_MS ? "ok" : "warn");
}

/** @param {Tries} tries */
function latency({ pings }) {
	if (!pings) return finding("latency", "running", "ok");
	if (!pings.length) return finding("latency", "bad", "none");
	const median = Math.round(quantile(pings, 0.5));
	const level = median <= QUICK_MS ? "ok" : "warn";
	return finding("latency", level, median > SLOW_MS ? "bad" : level, { median, p95: Math.round(quantile(pings, 0.95)) });
}

/** @param {Tries} tries */
function clock({ skew }) {
	if (skew === undefined) return finding("clock", "running", "ok");
	const far = Math.abs(skew) > SKEW_MS;
	return finding("clock", far ? "warn" : "ok", far ? "warn" : "ok", { minutes: Math.round(Math.abs(skew) / 60000) });
}

/** A page cannot try it. @param {Tries} tries */
function ssh({ sshPort }) {
	if (sshPort === undefined) return finding("ssh", "running", "info");
	return finding("ssh", "info", sshPort ? "info" : "none", { port: sshPort });
}

/** @param {Tries} tries @returns {Finding[]} in the order in which they are shown */
export function findings(tries) {
	return [browser(tries), yesOrNo("cookies", tries.cookies, "bad"), yesOrNo("storage", tries.storage, "warn"), screen(tries),
		yesOrNo("server", tries.server, "bad"), yesOrNo("websocket", tries.websocket, "warn"), stream(tries), latency(tries),
		clock(tries), ssh(tries)];
}

/** @param {Finding[]} all @returns {"ok" | "warn" | "bad" | "running"} of all together */
export function verdict(all) {
	const has = (/** @type {Level} */ level) => all.some((one) => one.level === level);
	return has("running") ? "running" : has("bad") ? "bad" : has("warn") ? "warn" : "ok";
}

/** Whether the IT department has something to do. @param {Finding[]} all */
export const needsHelp = (all) => all.some(({ what, level }) =>
	["cookies", "server", "websocket", "stream", "latency"].includes(what) && (level === "bad" || level === "warn"));
