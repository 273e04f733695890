// The command line as a whole: its man page says what its help says, and with --json every command speaks JSON. What
// single commands do is tried where the thing itself is. Machines are off here, so that nothing of them is needed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Daemon, freePort, makeState, terakoya, until } from "./daemon.mjs";

/** Those that speak to a person, run on real machines, or are for a daemon that is stopped. */
const ELSEWHERE = ["shell", "lab try", "lab test", "class launch", "template bake", "seat reset", "seat catch-up",
	"class catch-up", "restore"];

const state = makeState(), place = makeState();
let daemon;

const help = (...words) => spawnSync(terakoya, [...words, "--help"], { encoding: "utf8" }).stdout;
const commands = [...help().matchAll(/^ {2}([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?= )/gm)].map((found) => found[1]);

before(async () => {
	daemon = await Daemon.start({ state });
	await daemon.local("POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.local("GET", "/images")).json[0].built);
});
after(() => daemon?.stop());

test("the man page has every option of every command with the words of its help, and those that all take", () => {
	const man = spawnSync(terakoya, ["--man"], { encoding: "utf8" }).stdout.replaceAll("\\-", "-").replaceAll("\\fB", "").replaceAll("\\fR", "");
	const parts = man.split(/^\.TP\n/m);
	const options = (text) => [...text.matchAll(/^ {2}(--[a-z-]+(?: [^ ]+)?) +(.+)$/gm)].map(([, name, words]) => `${name}: ${words}`);
	for (const command of commands) {
		const said = help(...command.split(" ")), part = parts.find((one) => one.startsWith(`${command} `));
		assert.ok(part, command);
		assert.deepEqual(part.split("\n").filter((line) => /^--/.test(line)), options(said), command);
		assert.ok(part.split("\n").includes(said.split("\n")[2]), `${command}: its summary`);
	}
	for (const line of options(help())) assert.ok(man.includes(line.replace(": ", "\n")), line);
});

/** Runs it, and reads what it printed. */
function says(command, statuses = [0]) {
	const { status, stdout, stderr } = daemon.cli("--json", ...command);
	assert.ok(statuses.includes(status), `${command.join(" ")}: ${stderr}`);
	try {
		return JSON.parse(stdout);
	} catch {
		assert.fail(`${command.join(" ")} printed no JSON: ${stdout}`);
	}
}

test("with --json every command prints one JSON value", async () => {
	const tried = new Set(ELSEWHERE);
	const run = (line) => {
		const words = Array.isArray(line) ? line : line.split(" ");
		tried.add(commands.find((one) => words.slice(0, one.split(" ").length).join(" ") === one));
		return says(words);
	};
	const file = (name, text) => {
		writeFileSync(join(place, name), text);
		return join(place, name);
	};
	for (const line of ["version", "image list", "image show debian-13", "course list", "template list", "pack list", "account list", "organisation list",
		"setting list", "setting set site.name School", "audit list", "audit verify", "audit forget 90d --yes", "image build debian-13",
		"pack activate linux-intro newest", `lab new ${join(place, "own-pack")}`, `lab lint ${join(place, "own-pack")}`,
		`pack export ${join(place, "own-pack")} ${join(place, "own.tar.gz")}`, `pack import ${join(place, "own.tar.gz")}`,
		`backup ${join(place, "copy.db")}`, "account set ken", "account password ken", "account sessions ken", "account sign-out ken",
		"organisation add Bank", "organisation add Banc", "organisation rename Banc Banq", "organisation merge Banq Bank --yes",
		"organisation remove Bank"]) run(line);
	run(`pack remove own-pack ${says(["pack", "list"]).find((one) => one.id === "own-pack").version} --yes`);
	assert.ok(says(["doctor"], [0, 1]).checks.length > 5); // 1: this host is not fit, which is nothing to this test
	tried.add("doctor");

	const { id } = run(`class create linux-intro --roster ${file("roster.csv", "Aoi\nRen\n")}`);
	for (const line of [`class show ${id}`, "class list", `class capacity ${id}`, `class codes ${id}`, `class joining ${id} seat --yes`,
		`class joining ${id}`, `class staff ${id} --add ken`, `class schedule ${id} --none`]) run(line);
	assert.equal(run(`class prepare ${id} --untested --no-wait`).state, "preparing");
	await daemon.stop();
	execFileSync("sqlite3", [join(state, "terakoya.db"), "UPDATE class SET state = 'prepared', ready_at = 1, opened_at = 0; UPDATE machine SET state = 'off', generation = 1"]);
	daemon = await Daemon.start({ state, args: [`--ssh-port=${await freePort()}`] });
	await until(async () => (await daemon.local("GET", "/host")).json.libvirt);
	run(`class open ${id}`);
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+e2KVZDYFDrn2oL+gtUqICgiAgJiEyEuXVbZkMcZcR";
	const more = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINqIuMZhvBYVJVlzeQYIHQDMtUM2gZTTWyPuXWxAAAAA";
	for (const line of [["class", "message", `${id}`, "Lunch"], `class messages ${id}`, `class results ${id}`, `class pause ${id}`,
		`class continue ${id}`, `seat link ${id}/1`, `seat ssh ${id}/1`, `key list ${id}/1`]) run(line);
	assert.equal(run(`key add ${id}/1 ${file("keys", `# two\n${key} one\n${more} two\n`)}`).length, 2);
	run(`key remove ${id}/1 ${says(["key", "list", `${id}/1`])[0].id} --yes`);
	run(`class schedule ${id} close@23:59`);
	run(`class extend ${id} 5`);
	run(`seat power ${id}/1 desk off --yes`);
	run(`class freeze ${id} --yes`);
	run(`class resume ${id}`);
	run(`class close ${id} --yes`);
	assert.equal(run(`class watch ${id}`).state, "closed"); // one that is over is shown once
	run(`class remove ${id} --yes`);
	run("account remove ken --yes");
	const [{ copies: [{ digest }] }] = says(["image", "list"]);
	run(`image remove debian-13@${digest} --yes`);
	assert.deepEqual(commands.filter((one) => !tried.has(one)), [], "every command is tried here or named above");
});

test("who is asked is told which class it is and what is lost; without an answer nothing happens", () => {
	const { id } = says(["class", "create", "linux-intro", "--seats", "3", "--name", "Winter"]);
	for (const [words, lost] of [["close", /machines and what students left/], ["remove", /results and certificates are gone/], ["freeze", /nothing is lost/]]) {
		const { status, stderr } = daemon.cli("class", words, `${id}`);
		assert.equal(status, 4, words);
		assert.match(stderr, new RegExp(`class ${id}, “Winter” \\(draft, 3 seats\\)`));
		assert.match(stderr, lost);
	}
	for (const action of ["off", "reboot"]) {
		const { status, stderr } = daemon.cli("seat", "power", `${id}/1`, "desk", action);
		assert.equal(status, 4);
		assert.match(stderr, /Running programs.* end.*give --yes/);
	}
	assert.equal(says(["class", "show", `${id}`]).state, "draft");
});

/** With standard input or output of its own. */
const runs = (words, options) => spawnSync(terakoya, ["--state-dir", state, ...words], { encoding: "utf8", ...options });

test("what is given is taken whole or refused, never in part", async () => {
	const { id } = says(["class", "create", "linux-intro", "--seats", "2"]);
	const night = ["freeze@18:00", "resume@08:00"];
	const week = ["prepare@08:00", "open@09:00", ...night, ...night, ...night, ...night, "close@17:00"];
	const planned = says(["class", "schedule", `${id}`, ...week, "--untested"]);
	assert.deepEqual(planned.map((one) => one.action), week.map((one) => one.split("@")[0]));
	assert.equal(daemon.cli("class", "schedule", `${id}`, ...Array(33).fill("close@17:00")).status, 2);
	assert.match(daemon.cli("lab", "test", "linux-intro", ...Array(33).fill("files")).stderr, /^usage: terakoya lab test/);

	const password = "0123456789".repeat(30);
	assert.equal(runs(["account", "set", "nao", "--password-stdin"], { input: `${password}\n` }).status, 0);
	await daemon.signIn("nao", password);
	assert.match(runs(["account", "set", "nao", "--password-stdin"], { input: Buffer.from([0xff, 0x0a]) }).stderr, /not UTF-8/);

	const names = Buffer.concat([Buffer.from("Mika\n"), Buffer.from([0x94, 0xfc, 0x8d, 0x81]), Buffer.from("\n")]); // Shift_JIS
	const refused = runs(["class", "create", "linux-intro", "--names", "-"], { input: names });
	assert.equal(refused.status, 2);
	assert.match(refused.stderr, /-, line 2 is not UTF-8: .*--roster/);
	assert.match(daemon.cli("audit", "forget", "yesterday").stderr, /^terakoya: TIME is a date/);
});

test("what cannot be printed is no success", () => {
	const { id } = says(["class", "create", "linux-intro", "--seats", "2"]);
	for (const words of [["class", "list"], ["class", "results", `${id}`, "--csv"]]) {
		const full = openSync("/dev/full", "w");
		const { status, stderr } = runs(words, { stdio: ["ignore", full, "pipe"] });
		closeSync(full);
		assert.equal(status, 1, words.join(" "));
		assert.match(stderr, /standard output did not take all/);
	}
});
