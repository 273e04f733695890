/** Invented seats, labs and work for the page /design: one of each state that a component can show. */

/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").Machine} Machine */
/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Progress} Progress */

const MINUTE = 60_000;

/** @type {[string, string][]} names and what the seat's machine does */
const STAGES = [["青木 葵", "waiting"], ["Ren Sato", "cloning"], ["Sora Ito", "personalising"], ["山田 花子", "ready"],
	["Mio Kato", "frozen"], ["Jun Abe", "off"], ["Yui Mori", "lost"], ["Kai Ono", "failed"]];

/** @param {number} id @param {string} state @returns {Machine} */
export const machine = (id, state) => ({ id, name: id === 1 ? "desk" : "files", state: /** @type {any} */ (state),
	reason: state === "failed" ? "the image debian-13 is not built" : "", stage_ms: Date.now() - 1400, ready_ms: 830,
	replaced: 0, terminals: [1] });

/** @param {number} number @param {Partial<Seat>} seat @returns {Seat} */
const seat = (number, seat) => ({ id: number, class: 0, number, name: "", joined: true, organisation: null, mail: "", language: null,
	hand: 0, lab: "first", state: "ready", machines: [machine(1, seat.state ?? "ready")], points: 0, done: 0, ...seat });

/** @param {Partial<Progress>} row @returns {Progress} */
export const progress = (row) => ({ seat: 1, lab: "first", task: "tag", done: false, caught_up: false, points: 0, attempts: 0, hints: 0,
	last_code: 0, first_at: 0, done_at: 0, took_ms: 0, ...row });

/** @type {ClassFull["labs"]} */
const LABS = [{ id: "first", title: { en: "First steps", ja: "はじめの一歩" }, minutes: 30, fresh: false, tasks: [
	{ id: "tag", title: { en: "Note the asset tag", ja: "資産番号を控える" }, points: 5, minutes: 4, kind: "state", optional: false },
	{ id: "dir", title: { en: "Make a directory", ja: "ディレクトリを作る" }, points: 5, minutes: 5, kind: "state", optional: false },
] }];

/** @param {Seat[]} seats @returns {ClassFull} */
const classOf = (seats) => /** @type {any} */ ({ id: 0, state: "prepared", seat: seats, labs: LABS, seats: seats.length,
	ready: 1, launched_at: Date.now(), idle_since: 0, idle_ms: 0 });

/** Every stage of a seat's machines. */
export const stages = () => classOf(STAGES.map(([name, state], index) => seat(index + 1, { name, state: /** @type {any} */ (state) })));

/** Everything that a seat in the room can be about. */
export function places() {
	const since = (/** @type {number} */ minutes) => Date.now() - minutes * MINUTE;
	return classOf([
		seat(1, { name: "青木 葵", task_since: since(2) }),
		seat(2, { name: "Ren Sato", task_since: since(9) }),
		seat(3, { name: "Sora Ito", task_since: since(3), progress: [progress({ attempts: 4 })] }),
		seat(4, { name: "山田 花子", hand: since(1), task_since: since(1) }),
		seat(5, { name: "Mio Kato", state: "lost" }),
		seat(6, { joined: false, lab: "" }),
	]);
}

/** Shells of two machines, the second one away. */
export const shells = {
	machines: [machine(1, "ready"), machine(2, "lost")],
	list: [{ machine: 1, number: 1 }, { machine: 1, number: 2 }, { machine: 2, number: 1 }],
};

/** Labs as a student's page has them: one done, one in hand, one to come. @returns {import("../types.js").Lab[]} */
export const labs = () => [[true, true], [true, false], [false, false]].map((done, index) => ({ ...LABS[0], id: `lab-${index}`, open: true,
	resets: false, tasks: LABS[0].tasks.map((one, at) => task(`${index}-${at}`, { progress: done[at] ? progress({ done: true }) : null })) }));

/** @param {string} id @param {Partial<import("../types.js").Task>} how @returns {import("../types.js").Task} */
export const task = (id, how) => ({ ...LABS[0].tasks[1], text: {
	en: "Make a directory named <code>Lunch Orders</code> in your home directory.",
	ja: "ホームディレクトリに <code>Lunch Orders</code> というディレクトリを作りましょう。",
}, hints: [], progress: null, ...how, id });

/** @param {Partial<import("../types.js").Work>} how @returns {import("../types.js").Work} */
export const work = (how) => ({ id: 1, kind: "image", object: "debian-13", state: "running", step: "mmdebstrap", fraction: 0.4,
	left_ms: 42_000, message: "", took_ms: 0, ...how });

/** Builds of an image: the one in use, and one of an older recipe that a class stands on. @type {import("../types.js").Image} */
export const builds = { name: "debian-13", recipe: "a29bf9e0b3c0", built: true, building: false, problem: "", copies: [
	{ digest: "a29bf9e0b3c0", built_at: 1_790_000_000_000, bytes: 350_000_000, fits: true, current: true, users: [] },
	{ digest: "822a543348dd", built_at: 1_780_000_000_000, bytes: 349_000_000, fits: false, current: false,
		users: [{ kind: "class", name: "June", id: 7 }] },
] };
