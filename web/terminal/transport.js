/**
 * Which way terminals take: a WebSocket; where none gets through, a reply without an end ("stream"); where
 * a proxy keeps that back, short replies ("poll"). Found out by trying, remembered for the session, and
 * tried again now and then, and when a network comes: the laptop may have left that one.
 */
import { signal } from "@preact/signals";
import { get } from "../api.js";
import { socketUrl } from "./wire.js";

const KEY = "terakoya.transport";
const TRY_MS = 4000;
const BACK_MS = 5 * 60 * 1000;

/** @typedef {"websocket" | "stream" | "poll"} Transport */

/** @returns {Transport} */
function load() {
	try {
		const text = sessionStorage.getItem(KEY);
		return text === "stream" || text === "poll" ? text : "websocket";
	} catch {
		return "websocket";
	}
}

export const transport = signal(load());

/** @param {Transport} value */
export function takeTransport(value) {
	transport.value = value;
	try {
		sessionStorage.setItem(KEY, value);
	} catch {
		// no storage: found out again by the next page
	}
}

/**
 * Whether a word comes back through a WebSocket.
 * @returns {Promise<boolean>}
 */
export function trySocket() {
	return new Promise((done) => {
		const socket = new WebSocket(socketUrl("/ws/check"), "terakoya.check.1");
		/** @param {boolean} works */
		const end = (works) => {
			clearTimeout(timer);
			done(works);
			socket.onclose = null;
			socket.close();
		};
		const timer = setTimeout(() => end(false), TRY_MS);
		socket.onopen = () => socket.send("?");
		socket.onmessage = () => end(true);
		socket.onclose = () => end(false);
	});
}

let trying = false;

/** A WebSocket ended without a word. When the daemon can be reached and no WebSocket can, it is their fault. */
export async function doubtSocket() {
	if (trying || transport.peek() !== "websocket") return;
	trying = true;
	try {
		await get("/health");
		if (!await trySocket() && await get("/health")) takeTransport("stream");
	} catch {
		// the network is away, or the daemon
	}
	trying = false;
}

async function lookBack() {
	if (transport.peek() === "websocket" || document.hidden) return;
	if (await trySocket()) takeTransport("websocket");
}

setInterval(lookBack, BACK_MS);
addEventListener("online", lookBack);
