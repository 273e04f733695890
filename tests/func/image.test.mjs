import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, makeState, root, until, terakoya } from "./daemon.mjs";

const state = makeState(), images = join(state, "images");
let daemon, mika, hana;

const cli = (...args) => spawnSync(terakoya, ["--state-dir", state, ...args], { encoding: "utf8" });
const list = async () => (await daemon.as(mika, "GET", "/images")).json;
const copies = async (name = "debian-13") => (await list()).find((image) => image.name === name)?.copies;

async function build() {
	const before = readdirSync(images).length;
	const reply = await daemon.as(mika, "POST", "/images/debian-13/build", { force: true });
	assert.equal(reply.status, 202, reply.text);
	await until(async () => (await daemon.as(mika, "GET", `/works/${reply.json.id}`)).json.state === "done");
	return before;
}

/** Another build of the same name, of an older recipe: `age` seconds older than the one that it is a copy of. */
function oldImage(digest, age, name = "debian-13") {
	const [from] = readdirSync(images).filter((one) => one.startsWith("debian-13-"));
	const to = join(images, `${name}-${digest}`);
	cpSync(join(images, from), to, { recursive: true });
	const about = JSON.parse(readFileSync(join(to, "image.json")));
	writeFileSync(join(to, "image.json"), JSON.stringify({ ...about, name, recipe: digest.padEnd(64, "0"), built_at: about.built_at - age * 1000 }));
	return to;
}

/** A disk that stands on another. */
function overlay(file, base) {
	mkdirSync(join(file, ".."), { recursive: true });
	const made = spawnSync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", file], { encoding: "utf8" });
	assert.equal(made.status, 0, made.stderr);
}

before(async () => {
	daemon = await Daemon.start({ state });
	mika = await daemon.account("mika", "admin");
	hana = await daemon.account("hana", "instructor");
	await build();
	await until(async () => (await daemon.as(mika, "GET", "/templates")).json.length > 0); /* libvirt has been asked */
});
after(() => daemon?.stop());

test("old builds are listed with what they take, newest first, and which is the one in use now", async () => {
	oldImage("0123456789ab", 100);
	const found = await copies();
	assert.deepEqual(found.map((copy) => copy.current), [true, false]);
	assert.equal(found[1].digest, "0123456789ab");
	assert.ok(found.every((copy) => copy.bytes > 0 && copy.users.length === 0));
	const shown = cli("image", "list");
	assert.match(shown.stdout, /debian-13@0123456789ab +old/);
	assert.match(shown.stdout, /debian-13@[0-9a-f]{12} +current/);
});

test("without a digest nobody guesses which of several is meant", () => {
	const refused = cli("image", "remove", "debian-13", "--yes");
	assert.equal(refused.status, 2);
	assert.match(refused.stderr, /debian-13@0123456789ab/);
	assert.equal(cli("image", "remove", "debian-13@ffff", "--yes").status, 3);
	assert.equal(cli("image", "remove", "debian-13@0123").status, 4); /* nobody can be asked */
});

test("only an admin removes images", async () => {
	assert.equal((await daemon.as(hana, "DELETE", "/images/debian-13?digest=0123")).status, 403);
	assert.equal((await copies()).length, 2);
});

test("an image that nobody uses is removed by the beginning of its digest, and the audit log says so", async () => {
	const removed = cli("image", "remove", "debian-13@0123", "--yes");
	assert.equal(removed.status, 0, removed.stderr);
	assert.ok(!existsSync(join(images, "debian-13-0123456789ab")));
	assert.equal(readdirSync(images).filter((name) => name.startsWith(".removing")).length, 0);
	const [row] = (await daemon.as(mika, "GET", "/audit?limit=1")).json;
	assert.deepEqual([row.action, row.object], ["image.remove", "image debian-13@0123456789ab"]);
});

test("while a class's machine stands on it an image stays, and the class is named", async () => {
	const old = oldImage("111111111111", 50), made = (await daemon.as(hana, "POST", "/classes", { course: "linux-intro", name: "June", seats: 1 })).json;
	const machine = made.seat[0].machines[0];
	const disk = join(state, "pool", `c${made.id}-s01-${machine.name}-g0.qcow2`);
	const template = join(state, "templates", "a".repeat(64), "disk.qcow2");
	overlay(template, join(old, "disk.qcow2"));
	overlay(disk, template);
	assert.deepEqual((await copies())[1].users, [{ kind: "class", name: "June", id: made.id }]);
	const refused = cli("image", "remove", "debian-13@1111", "--yes");
	assert.equal(refused.status, 4);
	assert.match(refused.stderr, /in use by class June/);
	rmSync(disk);
	const removed = cli("image", "remove", "debian-13@1111", "--yes");
	assert.equal(removed.status, 0, removed.stderr);
	assert.ok(!existsSync(old));
	assert.ok(!existsSync(join(state, "templates", "a".repeat(64))), "a template that nothing fits goes with its image");
});

test("a disk that no class knows keeps its image, too", async () => {
	const old = oldImage("222222222222", 50), disk = join(state, "pool", "c99-s01-desk-g1.qcow2");
	overlay(disk, join(old, "disk.qcow2"));
	assert.match(cli("image", "remove", "debian-13@2222", "--yes").stderr, /in use by class c99-s01-desk-g1/);
	rmSync(disk);
	assert.equal(cli("image", "remove", "debian-13@2222", "--yes").status, 0);
});

test("after a build the newest two stay, and older ones that somebody uses", async () => {
	oldImage("333333333333", 300);
	const used = oldImage("444444444444", 400), disk = join(state, "pool", "c98-s01-desk-g1.qcow2");
	oldImage("555555555555", 500);
	overlay(disk, join(used, "disk.qcow2"));
	await build();
	await until(async () => (await copies()).length === 3);
	const left = await copies();
	assert.deepEqual(left.map((copy) => copy.current), [true, false, false]);
	assert.equal(left[2].digest, "444444444444");
	rmSync(disk);
});

test("images of a recipe that is gone are listed and can be removed; what a crash left is swept at the start", async () => {
	oldImage("666666666666", 10, "debian-12");
	mkdirSync(join(images, ".removing-debian-13-777777777777"));
	const lost = (await list()).find((image) => image.name === "debian-12");
	assert.equal(lost.problem, "its recipe is gone");
	assert.equal(cli("image", "remove", "debian-12", "--yes").status, 0);
	assert.equal(await copies("debian-12"), undefined);
	await daemon.stop();
	daemon = await Daemon.start({ state });
	assert.ok(!readdirSync(images).some((name) => name.startsWith(".removing")));
	await until(async () => (await daemon.local("GET", "/host")).json.libvirt);
});

test("what a recipe says is shown: words, packages, files; links are not followed, and what is too much is counted", async () => {
	const own = join(makeState(), "recipes"), recipe = join(own, "debian-13");
	cpSync(join(root, "tests/func/images"), own, { recursive: true });
	writeFileSync(join(recipe, "recipe"), "# comment\nname=debian-13\nsuite=trixie\ncmdline=root=/dev/vda rw\n");
	writeFileSync(join(recipe, "packages"), "# the system\n\nless\nnano vim\n");
	writeFileSync(join(recipe, "repository"), "jq\n");
	writeFileSync(join(recipe, "customize"), "#!/bin/sh\n", { mode: 0o755 });
	mkdirSync(join(recipe, "overlay/etc"), { recursive: true });
	writeFileSync(join(recipe, "overlay/etc/motd"), "ようこそ\n");
	writeFileSync(join(recipe, "overlay/etc/binary"), Buffer.from([0xff, 0, 1]));
	writeFileSync(join(recipe, "overlay/etc/long"), "x".repeat(65537));
	symlinkSync("/etc/shadow", join(recipe, "overlay/etc/link"));
	const daemon = await Daemon.start({ args: ["--images", own] });
	const mika = await daemon.account("mika", "admin");
	const show = async () => (await daemon.as(mika, "GET", "/images/debian-13")).json;
	const { content, directory, beside, courses } = await show();
	assert.deepEqual(content.words, [{ name: "name", value: "debian-13" }, { name: "suite", value: "trixie" }, { name: "cmdline", value: "root=/dev/vda rw" }]);
	assert.deepEqual([content.packages, content.shelf, content.left_out], [["less", "nano", "vim"], ["jq"], 0]);
	assert.deepEqual(content.files.map((file) => [file.path, file.kind, file.link, typeof file.text]), [["customize", "script", null, "string"],
		["packages", "packages", null, "string"], ["recipe", "words", null, "string"], ["repository", "shelf", null, "string"],
		["overlay/etc/binary", "overlay", null, "object"], ["overlay/etc/link", "overlay", "/etc/shadow", "object"],
		["overlay/etc/long", "overlay", null, "object"], ["overlay/etc/motd", "overlay", null, "string"]]);
	assert.deepEqual([directory, beside.length, courses[0].course], [recipe, 3, "linux-intro"]);

	const cli = (...args) => daemon.cli("image", "show", "debian-13", ...args);
	assert.match(cli().stdout, /^state +not built from the recipe as it is now\n[^]*\nsuite +trixie\n[^]*packages +3: less, nano, vim\n/m);
	assert.equal(cli("overlay/etc/motd").stdout, "ようこそ\n");
	assert.match(cli("overlay/etc/link").stderr, /is a link, no text, or too long/);
	assert.equal(cli("../build").status, 3);
	assert.equal((await daemon.as(mika, "GET", "/images/nothing")).status, 404);

	for (let i = 0; i < 200; i++) writeFileSync(join(recipe, `overlay/file-${i}`), i < 10 ? "y".repeat(60000) : "");
	const more = (await show()).content;
	assert.deepEqual([more.files.length, more.left_out], [200, 8]);
	assert.ok(more.files.reduce((sum, file) => sum + (file.text ?? "").length, 0) <= 256 * 1024);
	await daemon.stop();
});

test("a build says whether it is of the recipe as it is now", async () => {
	const own = join(makeState(), "recipes"), state = makeState();
	cpSync(join(root, "tests/func/images"), own, { recursive: true });
	const daemon = await Daemon.start({ state, args: ["--images", own] });
	const mika = await daemon.account("mika", "admin");
	const image = async () => (await daemon.as(mika, "GET", "/images/debian-13")).json;
	const build = async () => {
		const { json: work } = await daemon.as(mika, "POST", "/images/debian-13/build", { force: true });
		await until(async () => (await daemon.as(mika, "GET", `/works/${work.id}`)).json.state === "done");
	};
	await build();
	const first = await until(async () => (await image()).recipe && image());
	assert.deepEqual([first.built, first.copies.map((copy) => copy.fits)], [true, [true]]);
	writeFileSync(join(own, "debian-13/recipe"), "# Changed.\n");
	const changed = await until(async () => {
		const now = await image();
		return now.recipe && now.recipe !== first.recipe && now;
	});
	assert.deepEqual([changed.built, changed.copies.map((copy) => copy.fits)], [false, [false]]);
	assert.match(daemon.cli("image", "show", "debian-13").stdout, /old +an older recipe, builder or agent/);
	await daemon.stop();
});

test("what a build prints can be read while it runs, on from where one was, and a failure with its last lines", async () => {
	const own = join(makeState(), "recipes");
	cpSync(join(root, "tests/func/images"), own, { recursive: true });
	writeFileSync(join(own, "build"), `#!/bin/sh
[ "$1" != --digest ] || { echo ${"ab".repeat(32)}; exit; }
mkdir -p "$3.partial"
echo "progress 0.5 unpacking"
printf 'Unpacking one\\nUnpacking tw' >"$3.partial/log"
while [ ! -e ${own}/go-on ]; do sleep 0.1; done
printf 'o\\n\\377\\033[1m broken\\n' >>"$3.partial/log"
echo "build: the disk of debian-13: no space; make room" >&2
exit 1
`);
	const daemon = await Daemon.start({ args: ["--images", own] });
	const mika = await daemon.account("mika", "admin");
	const log = async (after) => (await daemon.as(mika, "GET", `/images/debian-13/log?after=${after}`)).json;
	assert.deepEqual(await log(0), { next: 0, lines: [] });
	const { json: work } = await daemon.as(mika, "POST", "/images/debian-13/build", {});
	const first = await until(async () => {
		const seen = await log(0);
		return seen.lines.length >= 2 && seen;
	});
	assert.deepEqual(first.lines, ["unpacking", "Unpacking one"]);
	writeFileSync(join(own, "go-on"), "");
	await until(async () => (await daemon.as(mika, "GET", `/works/${work.id}`)).json.state === "failed");
	assert.deepEqual((await log(first.next)).lines,
		["Unpacking two", "? [1m broken", "the disk of debian-13: no space; make room"]);
	assert.equal((await log(0)).lines.length, 5);
	assert.equal((await daemon.as(mika, "GET", "/images/nothing/log")).status, 404);
	await daemon.stop();
});
