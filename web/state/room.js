/** What an instructor reads off a class: who is at what since when, who needs somebody, how all are doing. Pure. */

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").OutlineTask} OutlineTask */
/** @typedef {import("../types.js").Progress} Progress */

/** Tries by hand without success after which a task counts as stuck. */
export const STUCK_ATTEMPTS = 3;
/** So many times the planned minutes at one task count as stuck, too. */
export const STUCK_SHARE = 1.5;

/**
 * The figures on top of a class.
 * @param {ClassFull} view
 */
export function figures(view) {
	const required = view.labs.flatMap((lab) => lab.tasks.filter((task) => !task.optional)
		.map((task) => `${lab.id}/${task.id}`));
	const wanted = new Set(required);
	let done = 0;
	for (const seat of view.seat) {
		done += (seat.progress ?? []).filter((row) => row.done && wanted.has(`${row.lab}/${row.task}`)).length;
	}
	const present = view.seat.filter((seat) => seat.joined).length;
	return {
		ready: view.seat.filter((seat) => seat.state === "ready").length,
		joined: present,
		hands: view.seat.filter((seat) => seat.hand).length,
		broken: view.seat.filter((seat) => seat.state === "failed" || seat.state === "lost").length,
		share: present && required.length ? done / (present * required.length) : 0,
	};
}

/** @typedef {"done" | "hinted" | "helped" | "stuck" | "slow" | "trying" | "none"} Cell */

/**
 * What a cell of the matrix shows. Checks that run by themselves say nothing about what somebody is at:
 * only tries by hand, hints, and its turn do.
 * @param {Progress | undefined} row
 * @param {boolean} [turn] it is the next task of the lab that the seat has open
 * @param {boolean} [late] and has been for much longer than was planned
 * @returns {Cell}
 */
export function cellState(row, turn = false, late = false) {
	if (row?.done) return row.caught_up ? "helped" : row.hints ? "hinted" : "done";
	if (row && row.attempts >= STUCK_ATTEMPTS) return "stuck";
	if (turn && late) return "slow";
	return row?.attempts || row?.hints || turn ? "trying" : "none";
}

/**
 * The task that a seat is at: the first of its open lab that is not done. "lab/task", or "".
 * @param {Seat} seat
 * @param {ClassFull["labs"]} labs
 */
export function turnOf(seat, labs) {
	const lab = labs.find((one) => one.id === seat.lab);
	const done = new Set((seat.progress ?? []).filter((row) => row.done).map((row) => `${row.lab}/${row.task}`));
	const task = lab?.tasks.find((one) => !one.optional && !done.has(`${lab.id}/${one.id}`));
	return lab && task ? `${lab.id}/${task.id}` : "";
}

/**
 * The class's own clock, which stands still while the class is paused or frozen. A seat's lab_since and task_since are
 * moments of it, so what they are away from it is time that counted.
 * @param {Pick<ClassFull, "idle_since" | "idle_ms">} view
 * @param {number} now
 */
export const classClock = (view, now) => (view.idle_since || now) - view.idle_ms;

/**
 * How many whole minutes a seat has been at its present task; -1: nobody knows, or there is none.
 * @param {Seat} seat
 * @param {number} clock the class's own
 */
export function minutesAt(seat, clock) {
	return seat.task_since && seat.joined ? Math.max(0, Math.floor((clock - seat.task_since) / 60_000)) : -1;
}

/** @param {number} minutes at it @param {number} planned */
export const isLate = (minutes, planned) => planned > 0 && minutes > planned * STUCK_SHARE;

/**
 * How long a task took in the middle of the class, over those who did it themselves; 0: nobody did.
 * @param {Seat[]} seats
 * @param {string} lab
 * @param {string} task
 */
export function medianMs(seats, lab, task) {
	const times = seats.flatMap((seat) => (seat.progress ?? []).filter((row) =>
		row.lab === lab && row.task === task && row.took_ms > 0).map((row) => row.took_ms)).sort((a, b) => a - b);
	return times[Math.floor(times.length / 2)] ?? 0;
}

/**
 * @typedef {object} Average
 * @property {string} key "lab/task"
 * @property {number} done seats that have done it, by themselves or not
 * @property {number} present seats that could have
 * @property {number} median_ms 0: nobody did it without help
 * @property {number} minutes planned
 */

/**
 * How the class does, task by task.
 * @param {Seat[]} seats
 * @param {ClassFull["labs"]} labs
 * @returns {Average[]}
 */
export function averages(seats, labs) {
	const present = seats.filter((seat) => seat.joined);
	/** @type {Map<string, { done: number, times: number[] }>} */
	const sums = new Map(labs.flatMap((lab) => lab.tasks.map((task) => [`${lab.id}/${task.id}`, { done: 0, times: [] }])));
	for (const row of present.flatMap((seat) => seat.progress ?? [])) {
		const sum = row.done ? sums.get(`${row.lab}/${row.task}`) : undefined;
		if (!sum) continue;
		sum.done++;
		if (row.took_ms > 0) sum.times.push(row.took_ms);
	}
	return labs.flatMap((lab) => lab.tasks.map((task) => {
		const key = `${lab.id}/${task.id}`;
		const { done, times } = sums.get(key) ?? { done: 0, times: [] };
		times.sort((a, b) => a - b);
		return { key, done, present: present.length, median_ms: times[Math.floor(times.length / 2)] ?? 0, minutes: task.minutes };
	}));
}

/**
 * @typedef {object} Need
 * @property {"hand" | "machine" | "stuck" | "slow"} kind
 * @property {Seat} seat
 * @property {import("../types.js").Text} [title] of the task one is stuck at
 * @property {number} [attempts]
 * @property {number} [minutes] at it
 * @property {number} [planned]
 */

/**
 * @param {Seat} seat
 * @param {ClassFull["labs"]} labs
 * @param {Map<string, OutlineTask>} tasks
 * @param {number} clock the class's own
 * @returns {Need[]}
 */
function stuckAt(seat, labs, tasks, clock) {
	/** @type {Need[]} */
	const needs = (seat.progress ?? []).filter((row) => cellState(row) === "stuck").map((row) => ({ kind: "stuck", seat,
		attempts: row.attempts, title: tasks.get(`${row.lab}/${row.task}`)?.title }));
	const turn = tasks.get(turnOf(seat, labs));
	const minutes = minutesAt(seat, clock);
	if (needs.length || !turn || !isLate(minutes, turn.minutes)) return needs;
	return [{ kind: "slow", seat, minutes, planned: turn.minutes, title: turn.title }];
}

/**
 * Who needs somebody: hands in the order they went up, broken machines, who tried in vain most, and who is
 * furthest over the time that was planned.
 * @param {ClassFull} view
 * @param {number} [now]
 * @returns {Need[]}
 */
export function needs(view, now = Date.now()) {
	const tasks = new Map(view.labs.flatMap((lab) => lab.tasks.map((task) => [`${lab.id}/${task.id}`, task])));
	const clock = classClock(view, now);
	const stuck = view.seat.flatMap((seat) => stuckAt(seat, view.labs, tasks, clock));
	const over = (/** @type {Need} */ need) => (need.minutes ?? 0) / (need.planned || 1);
	return [
		...view.seat.filter((seat) => seat.hand).sort((a, b) => a.hand - b.hand)
			.map((seat) => ({ kind: /** @type {"hand"} */ ("hand"), seat })),
		...view.seat.filter((seat) => ["failed", "lost", "off"].includes(seat.state))
			.map((seat) => ({ kind: /** @type {"machine"} */ ("machine"), seat })),
		...stuck.filter((need) => need.kind === "stuck").sort((a, b) => (b.attempts ?? 0) - (a.attempts ?? 0)),
		...stuck.filter((need) => need.kind === "slow").sort((a, b) => over(b) - over(a)),
	];
}

/** @typedef {{ text: string, organisation: number }} Filter organisation 0: all, -1: those of none */

/**
 * Whether a seat is looked for: by name or number, and by organisation.
 * @param {Seat} seat
 * @param {Filter} filter
 */
export function matches(seat, { text, organisation }) {
	if (organisation && (seat.organisation?.id ?? -1) !== organisation) return false;
	const wanted = text.trim().toLowerCase();
	return !wanted || seat.name.toLowerCase().includes(wanted) || String(seat.number) === wanted.replace(/^0+/, "");
}

/**
 * The organisations of a class, by name.
 * @param {Seat[]} seats
 */
export function organisations(seats) {
	const all = new Map(seats.flatMap((seat) => (seat.organisation ? [[seat.organisation.id, seat.organisation]] : [])));
	return [...all.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The lab that most of those present have open, with when, by the class's own clock, it began for the one in their
 * middle; null: none yet.
 * @param {ClassFull} view
 */
export function labInHand(view) {
	/** @type {Map<string, Seat[]>} */
	const at = new Map();
	for (const seat of view.seat) if (seat.joined && seat.lab) at.set(seat.lab, [...(at.get(seat.lab) ?? []), seat]);
	const [most] = [...at.entries()].sort((a, b) => b[1].length - a[1].length);
	const lab = most && view.labs.find((one) => one.id === most[0]);
	if (!lab) return null;
	const begun = most[1].map((seat) => seat.lab_since ?? 0).filter(Boolean).sort((a, b) => a - b);
	return { lab, seats: most[1].length, since: begun[Math.floor(begun.length / 2)] ?? 0 };
}
