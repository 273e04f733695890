import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import https from "node:https";
import { Daemon, launchedClass, makeState } from "./daemon.mjs";
import { WebSocketClient } from "./websocket.mjs";

let daemon, hana, running;

/** The same requests, over TLS with a certificate of our own. */
class TlsDaemon extends Daemon {
	get transport() {
		return https;
	}
}

before(async () => {
	const keys = makeState(), cert = join(keys, "cert.pem"), key = join(keys, "key.pem");
	execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-keyout", key, "-out", cert], { stdio: "pipe" });
	daemon = await TlsDaemon.start({ args: ["--tls-cert", cert, "--tls-key", key] });
	hana = await daemon.account("hana", "instructor");
	running = await launchedClass(daemon, hana, ["Aoi"]);
});
after(() => daemon?.stop());

test("the cookie is bound to the host and never leaves TLS", async () => {
	const reply = await daemon.request("POST", "/api/v1/session", { body: { login: "hana", password: "hana-password" } });
	assert.match(reply.headers["set-cookie"][0], /^__Host-terakoya_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax; .*Secure$/);
	const plain = hana.cookie.replace("__Host-", "");
	assert.equal((await daemon.request("GET", "/api/v1/session", { headers: { Cookie: plain } })).status, 401);
});

test("links that are shown say https", async () => {
	const link = await daemon.as(hana, "POST", `/seats/${running.seat[0].id}/join-link`);
	assert.match(link.json.url, new RegExp(`^https://127.0.0.1:${daemon.port}/j/`));
});

test("a terminal works over TLS, too", async () => {
	const { status, client } = await WebSocketClient.open(daemon, `/ws/terminal?machine=${running.seat[0].machines[0].id}`,
		{ session: hana, headers: { Origin: `https://127.0.0.1:${daemon.port}` } });
	assert.equal(status, 101);
	await client.message((message) => message.json?.type === "state");
	for (let i = 0; i < 50; i++) client.json({ type: "ping", t: i });
	await client.message((message) => message.json?.t === 49);
	client.destroy();
});

test("plain HTTP on the TLS port disturbs nobody", async () => {
	await daemon.raw("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", undefined, 1000);
	assert.equal((await daemon.request("GET", "/api/v1/health")).status, 200);
});

test("one half of a key pair is refused", async () => {
	await assert.rejects(Daemon.start({ args: ["--tls-cert", "/etc/hostname"] }), /go together/);
});
