import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { Daemon, makeState, program, until } from "./daemon.mjs";
import { packArchive, packEntries, packFiles, tarGz } from "./archive.mjs";

let daemon, admin, hana;
before(async () => {
	daemon = await Daemon.start();
	admin = await daemon.account("admin", "admin");
	hana = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

const gzip = { "Content-Type": "application/gzip" };
const send = (body, { session = admin, headers = gzip } = {}) =>
	daemon.request("POST", "/api/v1/packs", { body, session, headers });
const versions = async (id = "hello") =>
	(await daemon.as(hana, "GET", "/packs")).json.filter((one) => one.id === id);
const active = async (id = "hello") => (await daemon.as(hana, "GET", "/courses")).json.find((one) => one.id === id)?.version;
/** Everything below packs/ but what is kept for classes. */
const onDisk = () => readdirSync(join(daemon.state, "packs")).filter((name) => name !== ".kept").sort();

const terakoya = (...args) => new Promise((done) =>
	execFile(join(dirname(program), "terakoya"), ["--state-dir", daemon.state, ...args], (error, output, errors) =>
		done({ code: error?.code ?? 0, output, errors })));

test("an archive that is sound is installed, and its course can be taught at once", async () => {
	const reply = await send(packArchive());
	assert.equal(reply.status, 201, reply.text);
	const { id, version, tlp, license, authors, active: isActive, ships, classes } = reply.json;
	assert.deepEqual({ id, version, tlp, license, authors, isActive, ships, classes },
		{ id: "hello", version: "1.0.0", tlp: "green", license: "CC-BY-4.0", authors: "Aoi, Hana", isActive: true, ships: false, classes: [] });
	assert.equal(await active(), "1.0.0");
	assert.deepEqual(onDisk(), ["hello-1.0.0"]);
	const log = (await daemon.as(admin, "GET", "/audit")).json.find((row) => row.action === "pack.import");
	assert.equal(log.object, "hello 1.0.0");
	assert.equal(log.actor, "admin");
});

test("the same archive again changes nothing and says so; other content needs another version", async () => {
	const again = await send(packArchive());
	assert.equal(again.status, 200, again.text);
	const other = await send(packArchive({ note: "changed" }));
	assert.equal(other.status, 409);
	assert.match(other.json.detail, /hello 1\.0\.0 is installed with other content .* new version in course\.xml/);
	assert.deepEqual(onDisk(), ["hello-1.0.0"]);
});

test("what is exported is what was imported, byte by byte, whoever does it", async () => {
	const file = join(makeState(), "hello.tar.gz"), third = join(makeState(), "again.tar.gz");
	assert.equal((await terakoya("pack", "export", "hello", file)).errors, "");
	execFileSync("tar", ["xzf", file, "-C", dirname(file)]);
	execFileSync("sha256sum", ["--quiet", "-c", "MANIFEST"], { cwd: dirname(file) });
	await terakoya("pack", "export", join(dirname(file), "hello-1.0.0"), third);
	assert.deepEqual(readFileSync(third), readFileSync(file));
	assert.equal((await send(readFileSync(file))).status, 200);
	const reply = await daemon.as(hana, "GET", "/packs/hello/1.0.0/archive");
	assert.equal(reply.headers["content-type"], "application/gzip");
	assert.equal(Number(reply.headers["content-length"]), readFileSync(file).length);
});

test("the course that ships goes out and comes in again", async () => {
	const file = join(makeState(), "linux.tar.gz");
	const { version } = (await versions("linux-intro"))[0];
	assert.equal((await terakoya("pack", "export", "linux-intro", file)).errors, "");
	const { code, output } = await terakoya("pack", "import", file);
	assert.equal(code, 0);
	assert.match(output, new RegExp(`linux-intro ${version} is installed already, with the same content`));
	const refused = await terakoya("pack", "remove", "linux-intro", version, "--yes");
	assert.equal(refused.code, 4);
	assert.match(refused.errors, /ships with Terakoya/);
});

test("hostile archives are refused with the entry and the remedy, and nothing of them is left", async () => {
	const sound = packEntries(packFiles());
	const [manifest, course, ...rest] = sound;
	const top = "hello-1.0.0";
	const many = Array.from({ length: 5000 }, (_, i) => ({ path: `${top}/d${i}`, type: "5", mode: 0o755 }));
	const zeros = "\0".repeat(1024 * 1024);
	const cases = [
		[[...sound, { path: `${top}/l`, type: "2", link: "/etc/passwd" }], 400, /^hello-1.0.0\/l: it is a link; put the file itself/],
		[[...sound, { path: `${top}/h`, type: "1", link: "../../terakoya.db" }], 400, /\/h: it is a link/],
		[[...sound, { path: `${top}/c`, type: "3" }], 400, /\/c: it is a device.*leave it out/],
		[[...sound, { path: `${top}/p`, type: "6" }], 400, /\/p: it is a device, a pipe/],
		[[...sound, { path: "/var/tmp/tk-evil" }], 400, /^\/var\/tmp\/tk-evil: its path begins with '\/'; make the archive/],
		[[...sound, { path: "../../tk-evil" }], 400, /tk-evil: its path climbs with '\.\.'/],
		[[...sound, { path: `${top}/COURSE.XML` }], 400, /COURSE.XML: its name differs from hello-1.0.0\/course.xml in case only; rename/],
		[[...sound, { path: `${top}/caf\u00c3\u00a9` }], 400, /café: its name has other characters.*rename/],
		[[...sound, { path: `${top}/cafe\u00cc\u0081` }], 400, /its name has other characters.*rename/],
		[[...sound, { path: `${top}/a\u001b[31m` }], 400, /its name has control characters; rename/],
		[[...sound, { path: `${top}/s.sh`, mode: 0o4755 }], 400, /s.sh: it has a set-uid.*mode 644 or 755/],
		[[...sound, { path: `${top}/1/2/3/4/5/6/7/8/9/deep` }], 413, /deep: it lies more than 8 folders deep; move it up/],
		[[...sound, { path: `${top}/big`, content: zeros + "x" }], 413, /big: it is larger than 1 MiB/],
		[[...sound, { path: `${top}/huge`, size: 0o77777777777 }], 413, /huge: it is larger than 1 MiB/],
		[[...sound, ...Array.from({ length: 33 }, (_, i) => ({ path: `${top}/z${i}`, content: zeros }))], 413, /larger than 32 MiB/],
		[[manifest, ...many], 413, /more than 4096 files and folders/],
		[[course, manifest, ...rest], 400, /course.xml: it comes first, and is not the file MANIFEST/],
		[[manifest, ...rest], 400, /course.xml" of MANIFEST has no file in the archive/],
		[[manifest, { ...course, content: course.content.replace("green", "clear") }, ...rest], 400, /course.xml: its content is not what MANIFEST says/],
		[[...sound, { path: `${top}/zz.sh`, content: "x" }], 400, /zz.sh: it is not listed in MANIFEST/],
		[[...sound, { path: "other/x" }], 400, /other\/x: it is not in the folder hello-1.0.0/],
	];
	const before = onDisk();
	for (const [entries, status, message] of cases) {
		const reply = await send(tarGz(entries));
		assert.equal(reply.status, status, reply.text);
		assert.match(reply.json.detail, message);
		assert.deepEqual(onDisk(), before);
	}
	assert.equal(existsSync("/var/tmp/tk-evil"), false);
	assert.equal(existsSync(join(daemon.state, "tk-evil")) || existsSync(join(dirname(daemon.state), "tk-evil")), false);
});

test("what is no archive is refused: another type, nothing, noise, half of one, gzip in gzip", async () => {
	const whole = packArchive({ version: "9.0.0" });
	assert.equal((await send(whole, { headers: { "Content-Type": "application/json" } })).status, 415);
	for (const body of [Buffer.alloc(0), Buffer.from("noise"), whole.subarray(0, whole.length / 2), gzipSync(whole)]) {
		const reply = await send(body);
		assert.equal(reply.status, 400, reply.text);
		assert.match(reply.json.detail, /^the (archive|body)/);
	}
	assert.deepEqual(onDisk(), ["hello-1.0.0"]);
});

test("an upload that is too large is refused before it is read, and only an admin may send one", async () => {
	const head = (size) => `POST /api/v1/packs HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\nCookie: ${admin.cookie}\r\n` +
		`X-CSRF-Token: ${admin.csrf}\r\nContent-Type: application/gzip\r\nContent-Length: ${size}\r\n\r\n`;
	assert.match(await daemon.raw(head(41943041), "\r\n\r\n"), /^HTTP\/1.1 413 /);
	const large = Buffer.alloc(41943041);
	assert.match(await daemon.raw(Buffer.concat([Buffer.from(head("1").replace("Content-Length: 1", "Transfer-Encoding: chunked")),
		Buffer.from(`${large.length.toString(16)}\r\n`), large, Buffer.from("\r\n0\r\n\r\n")]), "}", 20000), /^HTTP\/1.1 413 /);
	assert.equal((await send(packArchive(), { session: hana })).status, 403);
	assert.equal((await daemon.request("POST", "/api/v1/packs", { body: packArchive(), headers: gzip })).status, 401);
	assert.equal((await daemon.request("POST", "/api/v1/packs",
		{ body: packArchive(), headers: { ...gzip, Cookie: admin.cookie } })).status, 403);
	assert.deepEqual(onDisk(), ["hello-1.0.0"]);
});

test("what lint finds in an imported pack is shown with file and line", async () => {
	const files = packFiles({ version: "1.5.0" });
	files["course.xml"] = files["course.xml"].replace('network="office" address', 'network="offce" address');
	delete files["greeting/guide.ja.md"];
	const archive = tarGz(packEntries(files, "hello", "1.5.0"));
	const reply = await send(archive);
	assert.equal(reply.status, 400, reply.text);
	const seen = reply.json.findings.map((one) => `${one.file}:${one.line}: ${one.message}`);
	assert.ok(seen.some((text) => text.startsWith("course.xml:8: there is no network offce")), seen.join("\n"));
	assert.ok(seen.some((text) => text.includes("guide.ja.md")), seen.join("\n"));
	const file = join(makeState(), "broken.tar.gz");
	writeFileSync(file, archive);
	const { code, errors } = await terakoya("pack", "import", file);
	assert.equal(code, 2);
	assert.match(errors, /^course\.xml:8: there is no network offce/m);
	assert.match(errors, /broken\.tar\.gz was not imported/);
});

test("a class keeps its version while newer ones come, are activated and the daemon restarts", async () => {
	const titled = async (id) => (await daemon.as(hana, "GET", `/classes/${id}`)).json;
	const old = (await daemon.as(hana, "POST", "/classes", { course: "hello", seats: 1 })).json;
	assert.equal(old.version, "1.0.0");
	assert.equal((await send(packArchive({ version: "1.10.0" }))).status, 201);
	assert.equal((await send(packArchive({ version: "1.9.0" }))).status, 201);
	assert.equal(await active(), "1.10.0");
	assert.equal((await daemon.as(hana, "POST", "/packs/hello/1.9.0/activate")).status, 403);
	assert.match((await terakoya("pack", "activate", "hello", "1.9.0")).output, /new classes of hello get version 1\.9\.0/);
	const middle = (await daemon.as(hana, "POST", "/classes", { course: "hello", seats: 1 })).json;
	assert.equal(middle.version, "1.9.0");
	const chosen = (await daemon.as(hana, "POST", "/classes", { course: "hello", version: "1.10.0", seats: 1 })).json;
	assert.equal(chosen.version, "1.10.0");
	assert.equal((await daemon.as(hana, "DELETE", `/classes/${chosen.id}`)).status, 204);
	assert.equal((await daemon.as(hana, "POST", "/classes", { course: "hello", version: "8.8.8", seats: 1 })).status, 404);
	assert.equal((await daemon.as(hana, "POST", "/courses/hello/proof", { version: "8.8.8" })).status, 404);
	assert.deepEqual((await versions()).map((one) => [one.version, one.active, one.classes]),
		[["1.10.0", false, []], ["1.9.0", true, [middle.id]], ["1.0.0", false, [old.id]]]);
	assert.equal((await daemon.as(hana, "GET", "/courses")).json.filter((one) => one.id === "hello").length, 1);
	/* Both are seen to need templates: the one that is active and the one that is taught. */
	await until(async () => (await daemon.as(hana, "GET", "/templates")).json.filter((one) => one.course === "hello")
		.map((one) => one.version).sort().join() === "1.0.0,1.9.0");
	const { state, port } = daemon;
	await daemon.stop();
	daemon = await Daemon.start({ state, port });
	assert.equal((await titled(old.id)).title.en, "Hello 1.0.0");
	assert.equal((await titled(middle.id)).title.en, "Hello 1.9.0");
	assert.equal(await active(), "1.9.0");
	assert.match((await terakoya("pack", "activate", "hello", "newest")).output, /1\.10\.0/);
});

test("a lab of any version is read as a student would, without a seat, and what tasks say later is there, too", async () => {
	const { id, labs } = (await daemon.as(hana, "GET", "/packs/linux-intro/1.0.0")).json;
	assert.equal(id, "linux-intro");
	const mio = await daemon.account("mio", "assistant");
	const [en, ja] = await Promise.all(["en", "ja"].map(async (language) =>
		(await daemon.as(mio, "GET", `/packs/linux-intro/1.0.0/labs/${labs[0].id}?language=${language}`)).json));
	assert.match(en.guide, /<p>/);
	assert.match(ja.guide, /[ぁ-ん]/);
	assert.doesNotMatch(en.guide + JSON.stringify(en.tasks), /{{(?!task:)/);
	const [task] = en.tasks;
	assert.ok(task.hints[0].text.en && task.hints[0].text.ja && task.feedback[0].text.ja);
	assert.ok(!JSON.stringify(en.tasks).includes("correct"));
	const status = async (who, path) => (await daemon.as(who, "GET", path)).status;
	assert.equal(await status(mio, "/packs/linux-intro/1.0.0/labs/cooking"), 404);
	assert.equal(await status(mio, "/packs/linux-intro/7.0.0/labs/first-steps"), 404);
	assert.equal(await status(mio, "/packs/linux-intro/7.0.0"), 404);
	assert.equal(await status(mio, "/packs/linux-intro/1.0.0/labs/first-steps?language=fr"), 400);
});

test("a version in use cannot be removed, and which classes use it is said; an unused one can", async () => {
	const [, , first] = await versions();
	const refused = await terakoya("pack", "remove", "hello", "1.0.0", "--yes");
	assert.equal(refused.code, 4);
	assert.match(refused.errors, new RegExp(`hello 1\\.0\\.0 is used by class ${first.classes[0]} \\(Hello 1\\.0\\.0, [^)]*\\): what is used cannot go`));
	assert.equal((await terakoya("pack", "remove", "hello", "1.10.0", "--yes")).code, 0);
	assert.equal(await active(), "1.9.0");
	assert.deepEqual((await versions()).map((one) => one.version), ["1.9.0", "1.0.0"]);
	assert.deepEqual(onDisk().filter((name) => !name.startsWith(".")), ["hello-1.0.0", "hello-1.9.0"]);
	assert.equal((await terakoya("pack", "remove", "hello", "7.7.7", "--yes")).code, 3);
	assert.equal((await daemon.as(hana, "DELETE", "/packs/hello/1.9.0")).status, 403);
	const list = await terakoya("pack", "list");
	assert.match(list.output, /hello +1\.9\.0 +yes +installed .*green +CC-BY-4\.0 +Aoi, Hana/);
	assert.match(list.output, /linux-intro .* ships /);
});

test("a class keeps its course also when that is gone from the disk, until it is removed", async () => {
	const state = makeState(), packs = join(state, "labs");
	const write = (version) => Object.entries(packFiles({ version })).forEach(([path, text]) => {
		mkdirSync(dirname(join(packs, "hello", path)), { recursive: true });
		writeFileSync(join(packs, "hello", path), text);
	});
	write("1.0.0");
	let other = await Daemon.start({ state, args: ["--packs", packs] });
	const made = (await other.local("POST", "/classes", { course: "hello", seats: 1 })).json;
	await other.stop();
	write("2.0.0"); /* the package was upgraded */
	other = await Daemon.start({ state, args: ["--packs", packs] });
	assert.equal((await other.local("GET", `/classes/${made.id}`)).json.title.en, "Hello 1.0.0");
	assert.equal((await other.local("GET", "/courses")).json[0].version, "2.0.0");
	assert.equal(readdirSync(join(state, "packs/.kept")).length, 1);
	assert.equal((await other.local("DELETE", `/classes/${made.id}`)).status, 204);
	await other.stop();
	assert.equal(readdirSync(join(state, "packs/.kept")).length, 0);
	assert.deepEqual(readdirSync(join(state, "packs")), [".kept"]);
});

test("what an import left behind when the daemon was killed is swept away at the next start", async () => {
	const { state, port } = daemon;
	await daemon.stop();
	mkdirSync(join(state, "packs/.import-aBcDeF/hello-3.0.0"), { recursive: true });
	daemon = await Daemon.start({ state, port });
	assert.ok(!onDisk().includes(".import-aBcDeF"));
	await until(async () => (await daemon.local("GET", "/host")).json.libvirt);
});
