import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, events, launchedClass, makeState, terakoya } from "./daemon.mjs";

const place = makeState();
const file = join(place, "backup.db");
let daemon, mika, aoi, made;

before(async () => {
	daemon = await Daemon.start();
	mika = await daemon.account("mika", "admin");
	made = await launchedClass(daemon, mika, ["Aoi", "Sakura"]);
	aoi = await daemon.join(made.code, "Aoi");
	const hint = () => daemon.as(aoi, "POST", `/seats/${aoi.seat}/labs/${made.labs[0].id}/tasks/${made.labs[0].tasks[0].id}/hints/0`);
	assert.equal((await hint()).status, 409, "its lab is not open yet");
	execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(daemon.state, "terakoya.db"),
		`INSERT INTO lab_opened VALUES (${aoi.seat}, '${made.labs[0].id}', ${Date.now()}, 1)`]);
	assert.equal((await hint()).status, 200);
});
after(() => daemon?.stop());

/** Asynchronous: the daemon's output has to be read meanwhile. */
function cli(...args) {
	return new Promise((done) => {
		const child = spawn(terakoya, ["--state-dir", daemon.state, ...args], { stdio: ["ignore", "pipe", "pipe"] });
		let stdout = "", stderr = "";
		child.stdout.on("data", (data) => (stdout += data));
		child.stderr.on("data", (data) => (stderr += data));
		child.on("close", (status) => done({ status, stdout, stderr }));
	});
}

const progress = async () => (await daemon.as(mika, "GET", `/classes/${made.id}`)).json.seat.map((seat) => seat.progress);

test("a backup is made while everything runs, and is one file that only its owner reads", async () => {
	const result = await cli("backup", file);
	assert.equal(result.status, 0, result.stderr);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.deepEqual(readdirSync(place), ["backup.db"]);
	const works = (await daemon.as(mika, "GET", "/works")).json.filter((work) => work.kind === "backup");
	assert.deepEqual(works.map((work) => [work.object, work.state, work.fraction]), [[file, "done", 1]]);
	const verified = await cli("audit", "verify", "--database", file);
	assert.equal(verified.status, 0, verified.stderr);
});

test("a file that is there is replaced only with --force; what is no place for a file is refused", async () => {
	const refused = await cli("backup", file);
	assert.notEqual(refused.status, 0);
	assert.match(refused.stderr, /is there already.*--force/);
	assert.equal((await cli("backup", file, "--force")).status, 0);
	assert.match((await cli("backup", place, "--force")).stderr, /no ordinary file/);
	assert.match((await cli("backup", "/nonexistent/backup.db")).stderr, /\/nonexistent/);
	assert.match((await cli("backup", join(daemon.state, "terakoya.db"), "--force")).stderr, /the database itself/);
});

test("a path of any characters is shown, cut where it is too long to be shown", async () => {
	for (const name of ["", "a", "ab"].map((first) => `${first}${"控".repeat(60)}.db`)) {
		const result = await cli("backup", join(place, name));
		assert.equal(result.status, 0, result.stderr);
		assert.match(result.stdout, /控: done in/);
	}
});

test("nobody writes files on the host from afar", async () => {
	assert.equal((await daemon.as(mika, "POST", "/backup", { path: join(place, "afar.db") })).status, 403);
	assert.equal((await daemon.local("POST", "/backup", { path: "here.db" })).status, 400);
});

test("without a good backup nothing changes, whether the daemon works or not", async () => {
	const broken = join(place, "broken.db"), newer = join(place, "newer.db"), foreign = join(place, "foreign.db");
	writeFileSync(broken, readFileSync(file).fill(0x55, 4096 * 3, 4096 * 9));
	for (const [to, change] of [[newer, "PRAGMA user_version = 9999"],
		[foreign, "UPDATE setting SET value = 'f' || substr(value, 2) WHERE key = 'instance'"]]) {
		writeFileSync(to, readFileSync(file));
		execFileSync("sqlite3", [to, change]);
	}
	const refusals = async () => {
		assert.notEqual((await cli("restore", broken, "--yes")).status, 0);
		assert.match((await cli("restore", newer, "--yes")).stderr, /newer version/);
		assert.match((await cli("restore", foreign, "--yes")).stderr, /another installation.*--force/);
		assert.match((await cli("restore", join(place, "none.db"), "--yes")).stderr, /none\.db/);
		assert.equal((await cli("restore", file)).status, 4); /* nobody can be asked */
	};
	const { pid } = daemon.child;
	await refusals();
	assert.equal((await daemon.as(mika, "GET", "/classes")).status, 200);
	assert.equal(daemon.child.pid, pid);
	await daemon.stop();
	const before = readFileSync(join(daemon.state, "terakoya.db"));
	await refusals();
	assert.deepEqual(readFileSync(join(daemon.state, "terakoya.db")), before);
	assert.ok(!existsSync(join(daemon.state, "terakoya.db.restoring")));
	daemon = await Daemon.start({ state: daemon.state });
});

test("a daemon that works begins anew with a backup: what came later is gone, who had signed in before still is", async () => {
	const then = await progress(), { pid } = daemon.child;
	const later = (await daemon.as(mika, "POST", "/classes", { course: "linux-intro", name: "Later", seats: 3 })).json;
	const stream = events(daemon, "/events", mika, { milliseconds: 60000 });
	await stream.open;
	const result = await cli("--json", "restore", file, "--yes");
	assert.equal(result.status, 0, result.stderr);
	const { kept } = JSON.parse(result.stdout);
	assert.match(kept, /terakoya\.db\.before-/);
	assert.ok(existsSync(kept));
	assert.equal(execFileSync("sqlite3", ["-readonly", kept, `SELECT name FROM class WHERE id = ${later.id}`], { encoding: "utf8" }), "Later\n");
	assert.ok((await stream).ended, "connections end, so that pages ask anew");
	assert.equal(daemon.child.exitCode, null);
	assert.equal(daemon.child.pid, pid, "the same process, for who started it");
	assert.equal((await daemon.as(mika, "GET", `/classes/${later.id}`)).status, 404);
	assert.deepEqual(await progress(), then);
	assert.equal((await daemon.as(aoi, "GET", `/seats/${aoi.seat}/workspace`)).status, 200);
	const [newest] = (await daemon.as(mika, "GET", "/audit")).json;
	assert.deepEqual([newest.action, newest.object, newest.actor], ["database.restore", file, "root"]);
	assert.equal((await daemon.as(mika, "GET", "/audit/verify")).json.broken, 0);
	assert.equal((await cli("restore", file, "--yes")).status, 0, "and once more");
});

test("a class and its progress come back from a backup, what came later does not, and the old database is kept", async () => {
	const then = await progress();
	assert.equal(then[0][0]?.hints, 1);
	await daemon.as(mika, "POST", "/classes", { course: "linux-intro", name: "Later", seats: 3 });
	await daemon.as(mika, "POST", `/classes/${made.id}/close`);
	await daemon.stop();
	const result = await cli("restore", file, "--yes");
	assert.equal(result.status, 0, result.stderr);
	assert.match(result.stdout, /removes machines that the backup does not know/);
	const kept = /kept as (.+)/.exec(result.stdout)[1];
	assert.ok(existsSync(kept));

	daemon = await Daemon.start({ state: daemon.state });
	mika = await daemon.signIn("mika", "mika-password");
	const classes = (await daemon.as(mika, "GET", "/classes")).json;
	assert.deepEqual(classes.map((one) => one.id), [made.id]);
	assert.ok(["preparing", "open"].includes(classes[0].state));
	assert.deepEqual(await progress(), then);
	const audit = (await daemon.as(mika, "GET", "/audit")).json;
	assert.ok(audit.some((row) => row.action === "database.restore" && row.object === file));
	assert.equal((await daemon.as(mika, "GET", "/audit/verify")).json.broken, 0);
	const old = await cli("audit", "list", "--limit", "1");
	assert.equal(old.status, 0);
	assert.equal((await cli("audit", "verify", "--database", kept)).status, 0);
});
