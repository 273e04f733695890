/** The tries of the page /check: this browser, and the way to the daemon. state/check.js says what they mean. */
import { get } from "./api.js";
import { socketUrl } from "./terminal/wire.js";

const PINGS = 20;
const OPEN_MS = 6000;
const STREAM_MS = 8000;

/** @typedef {import("./state/check.js").Tries} Tries */

const FEATURES = {
	"WebSocket": () => "WebSocket" in globalThis,
	"fetch": () => "ReadableStream" in globalThis && "AbortController" in globalThis,
	"crypto": () => !!globalThis.crypto?.getRandomValues,
	"style sheets": () => "adoptedStyleSheets" in Document.prototype,
	"ResizeObserver": () => "ResizeObserver" in globalThis,
	"light-dark()": () => CSS.supports("color", "light-dark(#fff, #000)"),
};

function hasCookies() {
	document.cookie = "terakoya_check=1; SameSite=Lax; Path=/";
	const there = document.cookie.includes("terakoya_check=1");
	document.cookie = "terakoya_check=; Max-Age=0; Path=/";
	return there;
}

function hasStorage() {
	try {
		localStorage.setItem("terakoya.check", "1");
		localStorage.removeItem("terakoya.check");
		return true;
	} catch {
		return false;
	}
}

/** @returns {Tries} */
function browser() {
	return {
		missing: Object.entries(FEATURES).filter(([, there]) => !there()).map(([name]) => name),
		cookies: hasCookies(), storage: hasStorage(), screen: { width: innerWidth, height: innerHeight },
	};
}

/** @returns {Promise<Tries>} */
async function server() {
	const asked = Date.now();
	try {
		const { now, ssh_port } = await get("/check");
		return { server: true, sshPort: ssh_port, skew: (asked + Date.now()) / 2 - now };
	} catch {
		return { server: false, sshPort: null, skew: 0 };
	}
}

/**
 * Twenty times there and back; null when the WebSocket does not work.
 * @returns {Promise<number[] | null>}
 */
function socketPings() {
	return new Promise((done) => {
		/** @type {number[]} */
		const times = [];
		let sent = 0;
		const socket = new WebSocket(socketUrl("/ws/check"), "terakoya.check.1");
		const end = () => {
			clearTimeout(timer);
			socket.onclose = null;
			socket.close();
			done(times.length ? times : null);
		};
		const timer = setTimeout(end, OPEN_MS);
		const ping = () => {
			sent = performance.now();
			socket.send("?");
		};
		socket.onopen = ping;
		socket.onmessage = () => {
			times.push(performance.now() - sent);
			if (times.length < PINGS) ping();
			else end();
		};
		socket.onclose = end;
	});
}

/** @returns {Promise<number[]>} */
async function requestPings() {
	/** @type {number[]} */
	const times = [];
	try {
		while (times.length < PINGS) {
			const start = performance.now();
			await get("/health");
			times.push(performance.now() - start);
		}
	} catch {
		// as many as there are
	}
	return times;
}

/** @returns {Promise<Tries>} */
async function pings() {
	const times = await socketPings();
	return { websocket: times !== null, pings: times ?? await requestPings() };
}

/** @returns {Promise<Tries>} */
async function stream() {
	try {
		const response = await fetch("/api/v1/check/stream", { cache: "no-store", signal: AbortSignal.timeout(STREAM_MS) });
		if (!response.ok || !response.body) return { spread: null };
		const reader = response.body.getReader();
		let first = 0;
		for (let last = 0; ; last = performance.now()) {
			const { done } = await reader.read();
			if (done) return { spread: last - first };
			first ||= performance.now();
		}
	} catch {
		return { spread: null };
	}
}

/**
 * Tries everything, and tells what is known as it becomes known.
 * @param {(known: Tries) => void} tell
 */
export async function tryAll(tell) {
	tell(browser());
	const known = await server();
	tell(known);
	await Promise.all([pings().then(tell), stream().then(tell)]);
}
