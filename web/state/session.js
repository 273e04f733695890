/** Who we are. undefined: not asked yet; null: nobody. */
import { signal } from "@preact/signals";
import { get, patch, post, Problem, remove, setCsrf, setUnauthenticated } from "../api.js";
import { navigate } from "../router.js";
import { language } from "../settings.js";

/** @typedef {import("../types.js").Session} Session */

export const session = signal(/** @type {Session | null | undefined} */ (undefined));
/** The session ended without being asked to: the front page says so. */
export const wasSignedOut = signal(false);
/** The daemon did not answer when we asked who we are. */
export const unreachable = signal(/** @type {unknown} */ (null));

/** @param {Session} view */
function begin(view) {
	setCsrf(view.csrf);
	wasSignedOut.value = false;
	session.value = view;
}

/** @param {string[]} roles */
const is = (roles) => roles.includes(session.value?.person.role ?? "");

export const isStaff = () => is(["assistant", "instructor", "admin"]);
/** Makes and leads classes; assistants help in them. */
export const leads = () => is(["instructor", "admin"]);
export const isObserver = () => is(["observer"]);
export const isAdmin = () => session.value?.person.role === "admin";
/** A student with an account, whose seat in a class that is open is not known yet. */
export const isSeatless = () => is(["student"]) && !session.value?.seat;
/** Where this person's work is. @returns {string} */
export const home = () => (isObserver() ? "/results" : isStaff() ? "/classes" : isSeatless() ? "/" : `/seats/${session.value?.seat}`);

/** Asks the daemon; leaves session.value undefined while it is out of reach. */
export async function loadSession() {
	setUnauthenticated(() => {
		if (session.value) wasSignedOut.value = true;
		session.value = null;
	});
	try {
		begin(await get("/session"));
		unreachable.value = null;
	} catch (error) {
		if (error instanceof Problem && error.status === 401) {
			unreachable.value = null;
			session.value = null;
		} else unreachable.value = error;
	}
}

/**
 * @param {string} login
 * @param {string} password
 */
export async function signIn(login, password) {
	begin(await post("/session", { login, password }));
	tellLanguage();
}

/** @param {{ code?: string, token?: string, name: string }} request */
export async function join(request) {
	begin(await post("/session/join", { ...request, language: language.value }));
	navigate(home(), { replace: true });
}

export async function signOut() {
	await remove("/session").catch(() => {});
	session.value = null;
	navigate("/");
}

/** The daemon opens new shells in the reader's language. */
export function tellLanguage() {
	if (session.value) patch("/session", { language: language.value }).catch(() => {});
}
