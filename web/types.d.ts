/** The daemon's views, as its API describes them. Times are ms since 1970 UTC. */

export type Text = { en: string; ja: string };
export type Role = "student" | "observer" | "assistant" | "instructor" | "admin";
export type MachineState =
	| "absent" | "waiting" | "cloning" | "booting" | "personalising" | "probing"
	| "ready" | "off" | "lost" | "freezing" | "frozen" | "resuming" | "failed" | "removing";
export type ClassState =
	| "draft" | "preparing" | "prepared" | "open" | "freezing" | "frozen" | "resuming" | "closing" | "closed";

/** What a class is to do by itself. outcome: null as long as it is to come, "" when it was done, else why it was not. */
export interface Plan { at: number; action: "prepare" | "open" | "freeze" | "resume" | "close"; outcome: string | null }

/** A round that freezes a class or brings it back. */
export interface Frost { resuming: boolean; through: number; machines: number; failed: number; left_ms: number }

export interface Session {
	person: { id: number; name: string; role: Role; language: "en" | "ja" };
	csrf: string;
	seat: number | null;
	class: number | null;
}

export interface Machine {
	id: number; name: string; state: MachineState; reason: string;
	stage_ms: number; ready_ms: number; replaced: number; health?: Health | null; terminals: number[];
}

export interface Health {
	disk_total_mib: number; disk_free_mib: number; files_free: number;
	memory_total_mib: number; memory_free_mib: number;
	processes: number; processes_max: number; load: number;
}

export interface Organisation { id: number; name: string; people?: number; seats?: number }

export interface RosterProblem { line: number; field: string; code: string; wrong: boolean; text: { en: string; ja: string } }
export interface RosterRow {
	line: number; name: string; mail: string; organisation: string; language: string;
	problems: RosterProblem[]; kept?: RosterProblem[];
}
export interface Roster {
	encoding: string; separator: string; header: boolean; right: boolean; rows: RosterRow[]; problems: RosterProblem[];
}

/** Shown once. */
export interface QrCode { size: number; path: string }
export interface Card { seat: Seat; code: string; link: string; qr: QrCode; ssh: SeatSsh | null }
export interface Entrance { url: string; link: string; qr: QrCode }
export interface SeatCode { seat: number; number: number; name: string; code: string }

export interface Seat {
	id: number; class: number; number: number; name: string; joined: boolean;
	organisation: Organisation | null; mail: string; language: "en" | "ja" | null;
	hand: number; lab: string; state: MachineState; machines: Machine[];
	points: number; done: number; progress?: Progress[]; catch_up?: Catching | null;
	watchers?: Watcher[];
	/** When the open lab was first opened, and since when its present task could be worked on, by the class's own
	 * clock (state/room.js); 0: not yet. */
	lab_since?: number; task_since?: number;
}

/** One of the staff at the seat's terminals. */
export interface Watcher { name: string; mode: "watch" | "assist"; machine: number; terminal: number }

/** Something that happened in a class. lab, task, machine: "" where it is about none. */
export interface Happening {
	id: number; class: number; seat: number; number: number; at: number;
	kind: "joined" | "hand" | "lab" | "done" | "reset" | "off" | "lost" | "failed";
	lab: string; task: string; machine: string;
}

/** seat null: to everybody in the class. */
export interface SeatMessage { id: number; class: number; seat: number | null; from: string; text: string; at: number }
/** read: ids of the seats that have read it. */
export interface SentMessage extends SeatMessage { read: number[] }

/** Under way; or, with a message, why it did not arrive. */
export interface Catching { lab: string | null; task: string | null; fraction: number; message: string | null }

/** What is being done, or was last done, in all seats of a class. */
export interface Everyone {
	class: number; work: number; kind: "catch-up" | "open-lab"; lab: string; seats: number; arrived: number;
	failed: { seat: number; number: number; message: string }[]; running: boolean;
}

export interface Progress {
	seat: number; lab: string; task: string; done: boolean; caught_up: boolean;
	points: number; attempts: number; hints: number; last_code: number;
	first_at: number; done_at: number;
	/** From when it could be begun until it was done; 0: not done, or caught up. */
	took_ms: number;
}

export type TaskKind = "state" | "answer" | "quiz";

export interface OutlineTask {
	id: string; title: Text; points: number; minutes: number; kind: TaskKind; optional: boolean;
}
export interface OutlineLab { id: string; title: Text; minutes: number; fresh: boolean; tasks: OutlineTask[] }

export interface Class {
	id: number; name: string; course: string; version: string; title: Text; state: ClassState;
	/** When its course, as this class has it, last passed its test on real machines; 0: never. */
	proven_at: number;
	code: string; created_at: number; launched_at: number; opened_at: number; ready_at: number; closed_at: number;
	seats: number; ready: number; ready_ms: number; frost: Frost | null;
	/** Since when it is paused; 0: it is not. */
	paused_at: number;
	/** Since when its time does not count, being paused or frozen (0: it does), and how long it did not before. */
	idle_since: number; idle_ms: number; schedule: Plan[];
	/** When results of a closed class go; when they went. 0: neither. */
	results_days: number; results_until: number; results_removed_at: number;
	/** seat: with the seats' own codes and links only. */
	joining: "class" | "seat"; cards_at: number;
}

export interface StaffMember { login: string; name: string; role: Role }
export interface ClassStaff { owner: StaffMember | null; staff: StaffMember[]; others: StaffMember[] }

export interface SeatResult {
	seat: number; number: number; name: string; mail: string; organisation: string; joined_at: number;
	labs_done: number; labs: number; tasks_done: number; tasks: number; points: number; points_max: number;
	attempts: number; hints: number; caught_up: number; first_at: number; last_at: number; took_ms: number;
}
export interface ClassResults {
	class: { id: number; name: string; course: string; version: string; title: Text; state: ClassState; launched_at: number; closed_at: number };
	seats: SeatResult[];
}

export interface Attendance { seat: number; number: number; name: string; joined_at: number; tasks_done: number; tasks: number }
export interface Certificate {
	code: string; url: string; seat: number; name: string; organisation: string; title: Text;
	/** "2026-11-23" */
	begins: string; ends: string; minutes: number; language: "en" | "ja"; site: string; issued_at: number;
}
export interface Certificates { minutes: number; site: string; seats: Attendance[]; certificates: Certificate[] }
export interface Confirmed { code: string; name: string; title: Text; begins: string; ends: string; site: string }
export interface ClassFull extends Class { seat: Seat[]; labs: OutlineLab[]; everyone?: Everyone | null; messages?: SentMessage[]; activity?: Happening[] }

export interface Hint { cost: number; text?: Text }
export interface Task {
	id: string; kind: TaskKind; points: number; minutes: number; optional: boolean;
	title: Text; text: Text; hints: Hint[]; options?: Text[]; progress: Progress | null;
}
export interface Lab {
	id: string; title: Text; minutes: number; open: boolean; tasks: Task[];
	/** It begins on fresh machines; opening it now resets those that are there. */
	fresh: boolean; resets: boolean;
}
export interface Workspace {
	class: Class; seat: Seat; labs: Lab[]; messages: SeatMessage[];
	/** Ours: an event told that this has to be loaded anew. */
	stale?: boolean;
}
export interface LabView { id: string; language: string; guide: string; title: string }

export interface Verdict {
	verdict: "pass" | "not-yet" | "error"; code: number; feedback: Text | null;
	points: number; newly_done: boolean; duration_ms: number; error: string | null;
}

export interface Attempt {
	id?: number; at: number; lab: string; task: string; verdict: Verdict["verdict"];
	trigger: string; code: number; duration_ms: number; answer?: string | null;
}

export interface Work {
	id: number; kind: string; object: string; state: "running" | "done" | "failed";
	step: string; fraction: number; left_ms: number; message: string; took_ms: number;
}

export interface SeatSsh {
	login: string; password: string; host: string; port: number; command: string; fingerprint: string;
}

export interface Host {
	ssh: { port: number; fingerprint: string } | null;
	accel: "tcg" | "kvm"; accel_reason: string; can_clone: boolean; clone_reason: string;
	qemu_version: string; libvirt_version: string; libvirt: boolean; cpus: number;
	memory_total: number; memory_available: number; memory_reserve: number; memory_low: boolean; disk_free: number; machines: number;
	version: string;
}

/** What `terakoya doctor` finds. Its sentences are English. */
export interface DoctorCheck {
	id: string; title: string; verdict: "ok" | "warn" | "fail"; found: string; means: string; remedy: string;
	fixable: boolean; fixed: boolean; fix_note: string;
}
export interface DoctorReport {
	verdict: "ok" | "warn" | "fail"; failures: number; warnings: number; checks: DoctorCheck[];
}

export interface Course {
	id: string; version: string; digest: string; tlp?: string; license?: string;
	title: Text; summary: Text;
	/** When the course, as it is, last passed its test on real machines; 0: never. */
	proven_at: number;
	labs: { id: string; title: Text; day: number; minutes: number; tasks: number }[];
	machines: { name: string; image: string; memory_mib: number; vcpus: number; disk_mib: number }[];
}
/** A version of a course that is installed. */
export interface Pack {
	id: string; version: string; digest: string; title: Text; tlp: string; license: string; authors: string;
	/** New classes get it; it came with Terakoya; the ids of all classes that were made with it. */
	active: boolean; ships: boolean; classes: number[];
	labs: number; files: number; bytes: number; proven_at: number;
}
export interface PackTask {
	id: string; kind: TaskKind; points: number; minutes: number; optional: boolean; title: Text; text: Text;
	options: Text[]; hints: { cost: number; text: Text }[]; feedback: { code: number; text: Text }[];
}
export interface PackLab {
	id: string; language: "en" | "ja"; title: Text; day: number; minutes: number; fresh: boolean; machine: string;
	guide: string; tasks: PackTask[];
}
/** What a test on real machines found out. */
export interface Proof {
	course: string; version: string; digest: string;
	/** The pack as it is installed is the one that was tested. */
	current: boolean;
	at: number; took_ms: number; seeds: number; seats: number; whole: boolean; passed: boolean; running: boolean;
	results: { seed: number; seat: number; promise: string; ok: boolean; why: string }[];
	checks: { lab: string; task: string; count: number; p50_ms: number; p95_ms: number; most_ms: number }[];
	machines: { name: string; memory_bytes: number; disk_bytes: number }[];
}
export interface Image {
	name: string; recipe: string; built: boolean; building: boolean; problem: string;
	disk_bytes?: number; virtual_bytes?: number;
	/** All builds on the disk, newest first. */
	copies: ImageCopy[];
}
export interface ImageCopy {
	digest: string; built_at: number; bytes: number;
	/** Built from the recipe, the builder and the agent as they are now. */
	fits: boolean;
	current: boolean;
	users: { kind: "template" | "class"; name: string; id: number }[];
}
/** One image, with what its recipe says. */
export interface ImageRecipe extends Image {
	content: { words: { name: string; value: string }[]; packages: string[]; shelf: string[]; files: RecipeFile[]; left_out: number };
	directory: string; beside: string[];
	courses: { course: string; version: string; machine: string }[];
}
export interface RecipeFile {
	path: string; kind: "words" | "packages" | "shelf" | "script" | "overlay" | "other"; bytes: number; executable: boolean;
	link: string | null; text: string | null;
}
export interface Template {
	course: string; version: string; machine: string; image: string; key: string; baked: boolean;
	ram_bytes: number; state_bytes: number; disk_bytes: number;
}

export interface Site { name: string; notice: { en: string; ja: string } }
export interface Setting {
	key: string; value: string | number; default: string | number; low: number; high: number; about: string;
}
export interface Account {
	id: number; login: string; name: string; role: Role; language: "en" | "ja"; created_at: number;
	organisation: Organisation | null;
	sessions: number; seen_at: number; classes: number;
}
export interface AccountSession {
	id: string; created_at: number; seen_at: number; expires_at: number; current: boolean;
}
export interface AuditRow {
	id: number; at: number; person: number; actor: string; action: string; object: string; detail: string;
	class: number; seat: number;
}
export interface AuditChain {
	rows: number; first: number; last: number; hash: string; broken: number; finding: string;
}

export interface Capacity {
	seats: number; seats_that_fit: number; memory_needed: number; memory_free: number;
	disk_needed: number; disk_free: number;
	/** Of what would be free else: for how many other classes. */
	memory_kept: number; disk_kept: number; kept_for: number;
	/** 0: its machines are there, and would be brought back. */
	launch_ms: number;
	/** On this host, of these machines; else guessed. */
	measured: boolean; time_measured: boolean;
	fits: boolean; verdict: string;
}
