import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "./browser.mjs";
import { Daemon, makeState, root } from "./daemon.mjs";

const map = '{"imports": {"a": "/vendor/a.js"}}';
const index = `<!doctype html><title>t</title><script type="importmap">${map}</script><script type="module" src="/main.js"></script>`;
const script = "export const answer = 42;\n".repeat(100);
let daemon, web;

before(async () => {
	web = makeState();
	mkdirSync(join(web, "vendor"));
	mkdirSync(join(web, ".hidden"));
	writeFileSync(join(web, "index.html"), index);
	writeFileSync(join(web, "main.js"), script);
	writeFileSync(join(web, "main.js.gz"), gzipSync(script));
	writeFileSync(join(web, "vendor/a.js"), "");
	writeFileSync(join(web, ".hidden/key.txt"), "secret");
	daemon = await Daemon.start({ web });
});
after(async () => {
	await daemon?.stop();
	rmSync(web, { recursive: true });
});

test("the page allows itself nothing but its own origin and its own import map", async () => {
	const { headers, status } = await daemon.request("GET", "/");
	const policy = headers["content-security-policy"];
	assert.equal(status, 200);
	assert.match(policy, /^default-src 'none';/);
	assert.ok(policy.includes(`script-src 'self' 'sha256-${createHash("sha256").update(map).digest("base64")}';`));
	assert.match(policy, /frame-ancestors 'none'/);
	assert.match(policy, /base-uri 'none'/);
	assert.doesNotMatch(policy.replace(/style-src-elem [^;]*/, ""), /unsafe/);
	assert.equal(headers["x-content-type-options"], "nosniff");
	assert.equal(headers["referrer-policy"], "same-origin");
	assert.equal(headers["cross-origin-opener-policy"], "same-origin");
});

test("an address of a view is the page; an unknown file is 404", async () => {
	for (const path of ["/classes/7", "/j/abc", "/sign-in", "/packs/hello/1.0.0"]) assert.equal((await daemon.request("GET", path)).text, index);
	for (const path of ["/nothing.js", "/vendor/b.css", "/.hidden/key.txt", "/api/x", "/ws/x"])
		assert.equal((await daemon.request("GET", path)).status, 404, path);
});

test("a file that is known is not sent again", async () => {
	const first = await daemon.request("GET", "/main.js");
	assert.match(first.headers["content-type"], /javascript/);
	const again = await daemon.request("GET", "/main.js", { headers: { "If-None-Match": first.headers.etag } });
	assert.equal(again.status, 304);
	assert.equal(again.text, "");
	assert.equal(again.headers.etag, first.headers.etag);
	const other = await daemon.request("GET", "/main.js", { headers: { "If-None-Match": '"x"' } });
	assert.equal(other.status, 200);
});

test("what was compressed before is sent so to those who take it", async () => {
	const plain = await daemon.request("GET", "/main.js");
	const small = await daemon.request("GET", "/main.js", { headers: { "Accept-Encoding": "br, gzip" } });
	assert.equal(small.headers["content-encoding"], "gzip");
	assert.ok(Number(small.headers["content-length"]) < Number(plain.headers["content-length"]));
	assert.notEqual(small.headers.etag, plain.headers.etag);
	assert.equal(plain.headers.vary, "Accept-Encoding");
});

test("a page whose libraries are missing names them with the remedy, does not reload for ever, and opens when they come", { timeout: 60000 }, async () => {
	const broken = join(makeState(), "web");
	cpSync(join(root, "build/web"), broken, { recursive: true });
	renameSync(join(broken, "vendor"), join(broken, "away"));
	const daemon = await Daemon.start({ web: broken });
	const browser = await chromium();
	const page = await browser.newPage({ locale: "en-GB" });
	let documents = 0;
	page.on("request", (request) => (documents += request.isNavigationRequest() ? 1 : 0));
	await page.goto(`http://127.0.0.1:${daemon.port}/`, { waitUntil: "commit" });
	await page.getByRole("alert").getByText("The server lacks files of this page: /vendor/").waitFor();
	await page.getByText("run make web, and start terakoyad with --web build/web").waitFor();
	const seen = documents;
	for (let i = 0; i < 2; i++) await page.waitForResponse(/vendor/);
	assert.equal(documents, seen);
	renameSync(join(broken, "away"), join(broken, "vendor"));
	await page.getByLabel("Login").waitFor();
	assert.equal(await page.getByRole("alert").count(), 0);
	await browser.close();
	await daemon.stop();
});

test("a file that changed on disk is read again", async () => {
	const before = await daemon.request("GET", "/vendor/a.js");
	writeFileSync(join(web, "vendor/a.js"), "export {};");
	const after_ = await daemon.request("GET", "/vendor/a.js");
	assert.equal(after_.text, "export {};");
	assert.notEqual(after_.headers.etag, before.headers.etag);
	rmSync(join(web, "vendor/a.js"));
	assert.equal((await daemon.request("GET", "/vendor/a.js")).status, 404);
});
