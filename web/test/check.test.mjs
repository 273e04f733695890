import assert from "node:assert/strict";
import test from "node:test";
import en from "../messages/en.js";
import { findings, needsHelp, quantile, verdict } from "../state/check.js";

const good = { missing: [], cookies: true, storage: true, screen: { width: 1366, height: 680 }, server: true, websocket: true,
	spread: 810, pings: [10, 12, 14], skew: 300, sshPort: 2222 };
const level = (tries, what) => findings({ ...good, ...tries }).find((one) => one.what === what).level;

test("what is not known yet is under way, and so is the whole", () => {
	assert.equal(verdict(findings({})), "running");
	assert.ok(findings({}).every((one) => one.level === "running"));
});

test("a computer on which everything works is told so, and nobody has to be asked", () => {
	assert.equal(verdict(findings(good)), "ok");
	assert.equal(needsHelp(findings(good)), false);
});

test("a blocked WebSocket is a limit, not the end", () => {
	assert.equal(level({ websocket: false }, "websocket"), "warn");
	assert.equal(verdict(findings({ ...good, websocket: false })), "warn");
	assert.equal(needsHelp(findings({ ...good, websocket: false })), true);
});

test("a reply that comes all at once was kept by a proxy", () => {
	assert.equal(level({ spread: 3 }, "stream"), "warn");
	assert.equal(level({ spread: null }, "stream"), "bad");
});

test("cookies that are refused, an old browser and a silent server are the end", () => {
	for (const tries of [{ cookies: false }, { missing: ["WebSocket"] }, { server: false }])
		assert.equal(verdict(findings({ ...good, ...tries })), "bad");
});

test("delay, clock and screen are judged by their figures", () => {
	assert.equal(level({ pings: [50, 400, 60] }, "latency"), "ok");
	assert.equal(level({ pings: [250, 260] }, "latency"), "warn");
	assert.equal(level({ pings: [] }, "latency"), "bad");
	assert.equal(level({ skew: -200_000 }, "clock"), "warn");
	assert.equal(level({ screen: { width: 683, height: 384 } }, "screen"), "warn");
	assert.equal(quantile([5, 1, 9, 3], 0.5), 5);
});

test("every finding has its words", () => {
	const tries = [good, { ...good, websocket: false, storage: false, cookies: false, server: false, missing: ["x"], spread: 3, pings: [900],
		skew: 9e6, sshPort: null, screen: { width: 700, height: 500 } },
	{ ...good, spread: null, pings: [], screen: { width: 300, height: 300 } }, { ...good, pings: [200] }];
	for (const one of tries) for (const { word } of findings(one)) assert.ok(word in en, word);
});
