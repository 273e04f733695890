/**
 * What an event does to what is shown. Pure: a new value for every change, the old one untouched; an
 * event about something else gives back the very same value.
 */

/** @typedef {import("../types.js").ClassFull} ClassFull */
/** @typedef {import("../types.js").Workspace} Workspace */
/** @typedef {import("../types.js").Seat} Seat */
/** @typedef {import("../types.js").Progress} Progress */
/** @typedef {import("../types.js").Work} Work */

/**
 * @param {Progress[]} rows
 * @param {Progress} row
 */
function withProgress(rows, row) {
	const rest = rows.filter((other) => other.lab !== row.lab || other.task !== row.task);
	return [...rest, row];
}

/**
 * @param {ClassFull} view
 * @param {string} type
 * @param {any} data
 * @returns {ClassFull}
 */
export function reduceClass(view, type, data) {
	if (type === "class" && data.id === view.id) {
		return { ...view, ...data, seat: data.seat ?? view.seat, labs: data.labs ?? view.labs };
	}
	if (type === "seat" && data.class === view.id) {
		const seat = view.seat.map((old) =>
			old.id === data.id ? { ...old, ...data, progress: data.progress ?? old.progress } : old);
		return { ...view, seat, ready: seat.filter((one) => one.state === "ready").length };
	}
	if (type === "everyone" && data.class === view.id) return { ...view, everyone: data };
	if (type === "activity" && data.class === view.id) return { ...view, activity: latest(view.activity ?? [], data) };
	if (type === "message" && data.class === view.id) return { ...view, messages: sentMessages(view.messages ?? [], data) };
	if (type === "message-read" && data.class === view.id) {
		return { ...view, messages: (view.messages ?? []).map((one) => one.id === data.message && !one.read.includes(data.seat)
			? { ...one, read: [...one.read, data.seat] } : one) };
	}
	if (type === "progress" && view.seat.some((seat) => seat.id === data.seat)) {
		return { ...view, seat: view.seat.map((seat) => seatWithProgress(seat, data)) };
	}
	return view;
}

/**
 * @param {Seat} seat
 * @param {Progress} row
 * @returns {Seat}
 */
function seatWithProgress(seat, row) {
	if (seat.id !== row.seat) return seat;
	const progress = withProgress(seat.progress ?? [], row);
	return {
		...seat, progress,
		points: progress.reduce((sum, one) => sum + one.points, 0),
		done: progress.filter((one) => one.done).length,
	};
}

/** So many happenings are shown. */
const LATEST = 10;

/**
 * @param {import("../types.js").Happening[]} list newest first
 * @param {import("../types.js").Happening} one
 */
function latest(list, one) {
	return [one, ...list.filter((other) => other.id !== one.id)].sort((a, b) => b.id - a.id).slice(0, LATEST);
}

/**
 * Newest first. Who has read one that is known already is kept.
 * @param {import("../types.js").SentMessage[]} messages
 * @param {any} data a message, or one that is gone
 */
function sentMessages(messages, data) {
	const rest = messages.filter((one) => one.id !== data.id);
	if (data.gone) return rest;
	return [{ ...data, read: messages.find((one) => one.id === data.id)?.read ?? [] }, ...rest].sort((a, b) => b.id - a.id);
}

/**
 * What a student has not read: oldest first.
 * @param {Workspace} view
 * @param {any} data a message, one that is gone, or the news that it was read
 * @returns {Workspace}
 */
function unreadMessages(view, data) {
	const id = data.message ?? data.id;
	const rest = view.messages.filter((one) => one.id !== id);
	const fresh = data.text !== undefined && (data.seat === null || data.seat === view.seat.id);
	return { ...view, messages: fresh ? [...rest, data].sort((a, b) => a.id - b.id) : rest };
}

/**
 * Which labs are open, and whether the class still is, no event tells: they change with the machines.
 * @param {Workspace} view
 * @param {Seat} now
 */
function isStale(view, now) {
	const lab = view.labs.find((one) => one.id === now.lab);
	if (now.state === "absent" || now.state === "removing") return true;
	return now.state === "ready" && (view.seat.state !== "ready" || (!!lab && !lab.open));
}

/**
 * @param {Workspace} view
 * @param {string} type
 * @param {any} data
 * @returns {Workspace}
 */
export function reduceWorkspace(view, type, data) {
	if (type === "seat" && data.id === view.seat.id) {
		const stale = view.stale || isStale(view, data);
		return { ...view, stale, seat: { ...view.seat, ...data } };
	}
	if (type === "class" && data.id === view.class.id) return { ...view, class: { ...view.class, ...data } };
	if (type === "message" || (type === "message-read" && data.seat === view.seat.id)) return unreadMessages(view, data);
	if (type === "progress" && data.seat === view.seat.id) {
		const labs = view.labs.map((lab) => lab.id !== data.lab ? lab : {
			...lab,
			tasks: lab.tasks.map((task) => task.id === data.task ? { ...task, progress: data } : task),
		});
		return { ...view, labs };
	}
	return view;
}

/**
 * @param {Work[]} works
 * @param {string} type
 * @param {any} data
 */
export function reduceWorks(works, type, data) {
	if (type !== "job") return works;
	return works.some((work) => work.id === data.id)
		? works.map((work) => (work.id === data.id ? data : work))
		: [data, ...works];
}

/**
 * The tasks that come before one in the course's order, as "lab/task".
 * @param {{ id: string, tasks: { id: string }[] }[]} labs
 * @param {string} lab
 * @param {string} task
 */
export function tasksBefore(labs, lab, task) {
	const all = labs.flatMap((one) => one.tasks.map((each) => `${one.id}/${each.id}`));
	const at = all.indexOf(`${lab}/${task}`);
	return at < 0 ? [] : all.slice(0, at);
}

/**
 * How long a launch will still take: by the rate so far. 0: nobody can say yet.
 * @param {number} ready
 * @param {number} total
 * @param {number} elapsed ms
 */
export function leftMs(ready, total, elapsed) {
	return ready && ready < total ? (elapsed / ready) * (total - ready) : 0;
}

/**
 * @param {import("../types.js").Class[]} classes
 * @param {string} type
 * @param {any} data
 */
export function reduceClasses(classes, type, data) {
	if (type !== "class") return classes;
	const { seat, labs, ...row } = data;
	if (row.state === "removed") return classes.filter((one) => one.id !== row.id);
	return classes.some((one) => one.id === row.id)
		? classes.map((one) => (one.id === row.id ? { ...one, ...row } : one))
		: [row, ...classes];
}
