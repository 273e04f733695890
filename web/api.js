/**
 * Talking to the daemon: JSON in, JSON out, every failure a Problem. The session's CSRF token goes with
 * every write; a 401 outside of signing in ends the session here as well.
 */
import { t, tOr } from "./text.js";

/** What the daemon refuses, or what keeps us from reaching it (kind "offline"). */
export class Problem extends Error {
	/**
	 * @param {string} kind as in the API: "not-found", "conflict", …; "offline" is ours
	 * @param {number} status
	 * @param {string} detail the daemon's sentence, English
	 * @param {number} [retryAfter] seconds
	 * @param {{ file: string, line: number, message: string }[]} [findings] in a pack; line 0: the whole file
	 */
	constructor(kind, status, detail, retryAfter = 0, findings = []) {
		super(detail);
		this.kind = kind;
		this.status = status;
		this.detail = detail;
		this.retryAfter = retryAfter;
		this.findings = findings;
	}
}

/**
 * In the reader's language: what kind of failure it was; and the daemon's own sentence.
 * @param {unknown} error
 * @returns {{ title: string, detail: string }}
 */
export function explain(error) {
	if (!(error instanceof Problem)) return { title: t("problem.internal"), detail: String(error) };
	const title = tOr(`problem.${error.kind}`, error.detail, { n: error.retryAfter });
	return { title, detail: error.detail === title ? "" : error.detail };
}

let csrf = "";
let onUnauthenticated = () => {};

/** @param {string} token */
export function setCsrf(token) {
	csrf = token;
}

/** @param {() => void} handler called when the daemon does not know us any more */
export function setUnauthenticated(handler) {
	onUnauthenticated = handler;
}

/** @param {Response} response */
async function problemOf(response) {
	const retry = Number(response.headers.get("Retry-After") ?? 0);
	try {
		const body = await response.json();
		return new Problem(body.kind ?? "internal", response.status, body.detail ?? "", retry, body.findings);
	} catch {
		return new Problem(response.status === 404 ? "not-found" : "internal", response.status,
			response.statusText, retry);
	}
}

/** A browser gives up what is under way when a network comes or goes. */
const AGAIN_MS = [200, 800];

/**
 * Reading, saying how something shall be, and signing in come to the same when they are done twice.
 * @param {string} method
 * @param {string} path
 */
const isRepeatable = (method, path) => ["GET", "PUT"].includes(method) || (method === "POST" && path === "/session");

/**
 * @param {string} url
 * @param {RequestInit} options
 * @param {boolean} again whether it may be sent again when no answer came
 */
async function send(url, options, again) {
	const pauses = again ? AGAIN_MS : [];
	for (let tries = 0; ; tries++) {
		try {
			return await fetch(url, options);
		} catch {
			if (tries >= pauses.length) throw new Problem("offline", 0, "");
			await new Promise((done) => setTimeout(done, pauses[tries]));
		}
	}
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {unknown} [body]
 * @param {string} [type] of a body that is a file
 * @returns {Promise<any>}
 */
export async function request(method, path, body, type = "application/gzip") {
	/** @type {Record<string, string>} */
	const headers = { Accept: "application/json" };
	if (method !== "GET") headers["X-CSRF-Token"] = csrf;
	const file = body instanceof Blob;
	if (body !== undefined) headers["Content-Type"] = file ? type : "application/json";
	const response = await send(`/api/v1${path}`, {
		method, headers, body: file || body === undefined ? body : JSON.stringify(body),
	}, isRepeatable(method, path));
	if (!response.ok) {
		const problem = await problemOf(response);
		if (response.status === 401 && !path.startsWith("/session")) onUnauthenticated();
		throw problem;
	}
	return response.status === 204 ? null : response.json().catch(() => null);
}

/** @param {string} path */
export const get = (path) => request("GET", path);
/**
 * @param {string} path
 * @param {unknown} [body]
 */
export const post = (path, body = {}) => request("POST", path, body);
/**
 * @param {string} path
 * @param {Blob} file sent as it is: a pack's archive
 */
export const upload = (path, file) => request("POST", path, file);
/**
 * @param {Blob} file as it was saved or pasted: the daemon finds out what it is
 * @returns {Promise<import("./types.js").Roster>}
 */
export const previewRoster = (file) => request("POST", "/roster/preview", file, "text/csv");
/**
 * @param {string} path
 * @param {unknown} body
 */
export const put = (path, body) => request("PUT", path, body);

/**
 * @param {string} path
 * @param {unknown} body
 */
export const patch = (path, body) => request("PATCH", path, body);
/** @param {string} path */
export const remove = (path) => request("DELETE", path);
