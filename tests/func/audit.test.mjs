import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, terakoya } from "./daemon.mjs";

let daemon, mika, hana;

before(async () => {
	daemon = await Daemon.start();
	mika = await daemon.account("mika", "admin");
	hana = await daemon.account("hana", "instructor");
});
after(() => daemon?.stop());

function cli(...args) {
	const { status, stdout, stderr } = daemon.cli(...args);
	return { status, stdout, stderr };
}

test("the log is filtered by actor and time, and read page by page", async () => {
	const all = (await daemon.as(mika, "GET", "/audit")).json;
	assert.ok(all.length >= 4);
	assert.deepEqual(all.map((row) => row.id), all.map((row) => row.id).sort((a, b) => b - a));
	const own = (await daemon.as(mika, "GET", "/audit?actor=hana")).json;
	assert.deepEqual(own.map((row) => [row.actor, row.action]), [["hana", "sign-in"]]);
	assert.deepEqual((await daemon.as(mika, "GET", `/audit?since=${Date.now() + 60000}`)).json, []);
	const first = (await daemon.as(mika, "GET", "/audit?limit=2")).json;
	const second = (await daemon.as(mika, "GET", `/audit?limit=2&before=${first[1].id}`)).json;
	assert.deepEqual([...first, ...second], all.slice(0, 4));
});

test("a filter that is none is refused", async () => {
	for (const query of ["since=yesterday", "limit=0", "limit=501", "before=-1", "class=999", "who=me"])
		assert.ok([400, 404].includes((await daemon.as(mika, "GET", `/audit?${query}`)).status), query);
});

test("admins verify the log and let it forget; an instructor may not", async () => {
	const chain = (await daemon.as(mika, "GET", "/audit/verify")).json;
	assert.equal(chain.broken, 0);
	assert.equal(chain.first, 1);
	assert.match(chain.hash, /^[0-9a-f]{64}$/);
	assert.equal((await daemon.as(hana, "GET", "/audit/verify")).status, 403);
	assert.equal((await daemon.as(hana, "POST", "/audit/forget", { before: 0 })).status, 403);
	assert.deepEqual((await daemon.as(mika, "POST", "/audit/forget", { before: 1 })).json, { removed: 0 });
});

test("what happened in the last 90 days is not forgotten, whoever asks", async () => {
	const reply = await daemon.as(mika, "POST", "/audit/forget", { before: Date.now() - 80 * 86400000 });
	assert.equal(reply.status, 400);
	assert.match(reply.json.detail, /90 days/);
});

test("the command line lists, filters and verifies", () => {
	const list = cli("audit", "list", "--actor", "hana", "--since", "1h");
	assert.equal(list.status, 0, list.stderr);
	assert.match(list.stdout, /TIME .*ACTOR/);
	assert.match(list.stdout, /hana +sign-in/);
	assert.equal(cli("audit", "list", "--since", "last week").status, 2);
	const verified = cli("audit", "verify");
	assert.equal(verified.status, 0, verified.stderr);
	assert.match(verified.stdout, /rows 1 to \d+ are what was written/);
});

test("a row that was changed in the file is named, through the daemon and without it", async () => {
	const file = join(daemon.state, "terakoya.db");
	const row = (await daemon.as(mika, "GET", "/audit?actor=mika")).json.at(-1);
	await daemon.stop();
	const bytes = readFileSync(file), at = bytes.indexOf("mikasign-in"); /* actor and action of that row */
	bytes.write("yumi", at);
	writeFileSync(file, bytes);
	daemon = await Daemon.start({ state: daemon.state });
	for (const args of [[], ["--database", file]]) {
		const found = cli("audit", "verify", ...args);
		assert.equal(found.status, 1);
		assert.match(found.stderr, new RegExp(`audit row ${row.id} is not what was written`));
	}
	assert.equal((await daemon.local("GET", "/audit/verify")).json.broken, row.id);
});

test("a database that is not there, or not ours, is said to be so", () => {
	assert.equal(cli("audit", "verify", "--database", "/nonexistent.db").status, 3);
	assert.notEqual(cli("audit", "verify", "--database", "/etc/passwd").status, 0);
});
