import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, makeState, root, until, terakoya } from "./daemon.mjs";

const place = makeState();
const cli = (...args) => spawnSync(terakoya, args, { encoding: "utf8" });

test("a new pack is called as its directory, and lint finds no fault with it", () => {
	const made = cli("lab", "new", join(place, "tea-shop"));
	assert.equal(made.status, 0, made.stderr);
	assert.match(readFileSync(join(place, "tea-shop/course.xml"), "utf8"), / id="tea-shop"/);
	const lint = cli("lab", "lint", join(place, "tea-shop"));
	assert.equal(lint.status, 0, lint.stdout);
});

test("a new pack has the id and the title that its author wants", () => {
	const made = cli("lab", "new", join(place, "Second try"), "--id", "second", "--title", "Tea & <cake>");
	assert.equal(made.status, 0, made.stderr);
	const course = readFileSync(join(place, "Second try/course.xml"), "utf8");
	assert.match(course, / id="second"/);
	assert.equal(course.split(">Tea &amp; &lt;cake></title>").length, 3);
});

test("a new pack is a machine, a lab and a task of each kind", () => {
	const lab = readFileSync(join(place, "tea-shop/first-lab/lab.xml"), "utf8");
	assert.deepEqual([...lab.matchAll(/<task [^>]*?(?:kind="(\w+)")?>/g)].map((found) => found[1] ?? "state"),
		["state", "answer", "quiz"]);
	for (const guide of ["guide.en.md", "guide.ja.md"])
		assert.ok(readdirSync(join(place, "tea-shop/first-lab")).includes(guide));
});

test("a directory that holds something, and a name that is no id, are refused, and nothing is written", () => {
	mkdirSync(join(place, "full"));
	writeFileSync(join(place, "full/notes.txt"), "mine");
	const full = cli("lab", "new", join(place, "full"));
	assert.equal(full.status, 4);
	assert.match(full.stderr, /full is not empty/);
	assert.deepEqual(readdirSync(join(place, "full")), ["notes.txt"]);
	const named = cli("lab", "new", join(place, "Not An Id"));
	assert.equal(named.status, 2);
	assert.match(named.stderr, /--id/);
	assert.ok(!readdirSync(place).includes("Not An Id"));
	assert.match(cli("lab", "new", join(place, "no/such/place")).stderr, /cannot be made/);
});

test("the course that is taught is linted in less than a second of a processor's time", () => {
	const lint = spawnSync("bash", ["-c", 'TIMEFORMAT="%U %S"; time "$@"', "-", terakoya, "lab", "lint", join(root, "labs/linux-intro")],
		{ encoding: "utf8" });
	assert.equal(lint.status, 0, lint.stdout);
	const [user, system] = lint.stderr.trim().split("\n").at(-1).split(" ").map(Number);
	assert.ok(user + system < 1, `${user} s + ${system} s`);
});

test("a trial that cannot be begun is refused, with the finding or the name; an instructor may not read the host's directories", async () => {
	const daemon = await Daemon.start();
	try {
		const broken = join(place, "broken");
		cli("lab", "new", broken);
		writeFileSync(join(broken, "first-lab/setup.sh"), "if true\n");
		const cases = [
			[{ directory: broken, lab: "first-lab" }, 400, /setup\.sh:/],
			[{ directory: "tea-shop", lab: "first-lab" }, 400, /absolute/],
			[{ directory: join(place, "nowhere"), lab: "first-lab" }, 404, /nowhere/],
			[{ directory: join(place, "tea-shop"), lab: "no-such-lab" }, 404, /no-such-lab/],
			[{ directory: join(place, "tea-shop") }, 400, /lab/],
		];
		for (const [body, status, message] of cases) {
			const reply = await daemon.local("POST", "/trials", body);
			assert.equal(reply.status, status, reply.text);
			assert.match(reply.json.detail, message);
		}
		assert.equal((await daemon.local("GET", "/trials/7")).status, 404);
		assert.equal((await daemon.local("DELETE", "/trials/7")).status, 404);
		const hana = await daemon.account("hana", "instructor");
		assert.equal((await daemon.as(hana, "POST", "/trials", cases[0][0])).status, 403);
	} finally {
		await daemon.stop();
	}
});

test("a trial has a class that no list shows, and no installed course learns of it; at its end nothing is left", async () => {
	const daemon = await Daemon.start();
	try {
		cli("lab", "new", join(place, "tea-house"));
		const begun = await until(async () => { // 503 until the host is known
			const reply = await daemon.local("POST", "/trials", { directory: join(place, "tea-house"), lab: "first-lab" });
			return reply.status !== 503 && reply;
		}, 60000);
		assert.equal(begun.status, 201, begun.text);
		assert.deepEqual(begun.json.tasks.map((one) => one.kind), ["state", "answer", "quiz"]);
		assert.ok(!(await daemon.local("GET", "/courses")).json.some((one) => one.id === "tea-house"));
		await until(async () => (await daemon.local("GET", `/trials/${begun.json.id}`)).json.class, 60000);
		assert.deepEqual((await daemon.local("GET", "/classes?closed=1")).json, []);
		const { class: id } = (await daemon.local("GET", `/trials/${begun.json.id}`)).json;
		assert.equal((await daemon.local("DELETE", `/trials/${begun.json.id}`)).status, 204);
		await until(async () => (await daemon.local("GET", `/classes/${id}`)).status === 404, 60000);
	} finally {
		await daemon.stop();
	}
});

test("a trial does not outlive the daemon: its class is gone at the next start, though its pack was never installed", async () => {
	const daemon = await Daemon.start();
	cli("lab", "new", join(place, "tea-room"));
	const begun = await until(async () => {
		const reply = await daemon.local("POST", "/trials", { directory: join(place, "tea-room"), lab: "first-lab" });
		return reply.status !== 503 && reply;
	}, 60000);
	const id = await until(async () => (await daemon.local("GET", `/trials/${begun.json.id}`)).json.class, 60000);
	await daemon.stop();
	const next = await Daemon.start({ state: daemon.state });
	try {
		assert.equal((await next.local("GET", `/trials/${begun.json.id}`)).status, 404);
		await until(async () => (await next.local("GET", `/classes/${id}`)).status === 404, 60000);
		assert.doesNotMatch(next.log, /left out/);
	} finally {
		await next.stop();
	}
});
