/** The real daemon for a test: its own state directory, a free port, libvirt's test driver. */
import { spawn, spawnSync } from "node:child_process";
import { createServer, connect } from "node:net";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import http from "node:http";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const program = join(root, process.env.TERAKOYA_BUILD ?? "build", "terakoyad");
export const terakoya = join(root, process.env.TERAKOYA_BUILD ?? "build", "terakoya");

/** One that neither the kernel gives to a connection meanwhile (its range begins at 32768) nor, likely, another test takes. */
export async function freePort() {
	for (;;) {
		const port = 20000 + Math.floor(Math.random() * 12000), server = createServer();
		const free = await new Promise((done) => {
			server.once("error", () => done(false)).listen(port, "127.0.0.1", () => done(true));
		});
		if (!free) continue;
		await new Promise((done) => server.close(done));
		return port;
	}
}

const states = [];
process.on("exit", () => states.forEach((state) => rmSync(state, { recursive: true, force: true })));

/** A directory that libvirt could pass through, gone with the test. */
export function makeState() {
	const state = mkdtempSync("/var/tmp/tk-func-");
	states.push(state);
	chmodSync(state, 0o755);
	return state;
}

/** Runs the program to its end: { code, output }. */
export function run(args) {
	return new Promise((done) => {
		const child = spawn(program, args);
		let output = "";
		child.stdout.on("data", (data) => (output += data));
		child.stderr.on("data", (data) => (output += data));
		child.on("close", (code) => done({ code, output }));
	});
}

export function flags(state, port, web) {
	return ["--state-dir", state, "--listen", `127.0.0.1:${port}`, "--ssh-port=0", "--packs", join(root, "labs"),
		"--images", join(root, "tests/func/images"), "--agent", join(root, "tests/func/images/build"),
		"--web", web ?? join(root, "web"),
		"--libvirt", "test:///default"];
}

export class Daemon {
	get transport() {
		return http;
	}

	static async start({ web, args = [], state = makeState(), port } = {}) {
		const daemon = new this();
		daemon.port = port ?? (await freePort());
		daemon.state = state;
		daemon.socket = join(state, "terakoya.sock");
		daemon.log = "";
		daemon.child = spawn(program, [...flags(state, daemon.port, web), ...args]);
		await new Promise((ready, failed) => {
			daemon.child.stderr.on("data", (data) => {
				daemon.log += data;
				if (/serving http/.test(daemon.log)) ready();
			});
			daemon.exited = new Promise((done) => daemon.child.on("exit", (code) => {
				failed(new Error(`terakoyad ended with ${code}: ${daemon.log}`));
				done(code);
			}));
		});
		return daemon;
	}

	/** Ends it as systemd would. An exit that is not clean (a leak that a sanitizer found) is an error. */
	async stop() {
		this.child.kill("SIGTERM");
		const code = await this.exited;
		if (code !== 0) throw new Error(`terakoyad ended with ${code}: ${this.log.slice(-4000)}`);
		return code;
	}

	/** One request, with every header as given: { status, headers, text, json }. */
	request(method, path, { headers = {}, body, local = false, session } = {}) {
		const sent = { ...headers };
		let payload = body;
		if (body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body)) {
			payload = JSON.stringify(body);
			sent["Content-Type"] ??= "application/json";
		}
		if (session) {
			sent.Cookie ??= session.cookie;
			sent["X-CSRF-Token"] ??= session.csrf;
		}
		if (payload !== undefined) sent["Content-Length"] ??= Buffer.byteLength(payload);
		const where = local ? { socketPath: this.socket } : { host: "127.0.0.1", port: this.port };
		return new Promise((done, failed) => {
			const transport = local ? http : this.transport;
			const request = transport.request({ ...where, method, path, headers: sent, agent: false,
				rejectUnauthorized: false }, (reply) => {
				let text = "";
				reply.setEncoding("utf8");
				reply.on("data", (data) => (text += data));
				reply.on("end", () => {
					const isJson = /json/.test(reply.headers["content-type"] ?? "") && text;
					done({ status: reply.statusCode, headers: reply.headers, text,
						json: isJson ? JSON.parse(text) : undefined });
				});
			});
			request.on("error", failed);
			request.end(payload);
		});
	}

	/** As the command line. */
	local(method, path, body) {
		return this.request(method, `/api/v1${path}`, { body, local: true });
	}

	/** The command line itself: { status, stdout, stderr }. */
	cli(...args) {
		return spawnSync(terakoya, ["--state-dir", this.state, ...args], { encoding: "utf8" });
	}

	/** As a signed-in browser. */
	as(session, method, path, body) {
		return this.request(method, `/api/v1${path}`, { body, session });
	}

	async account(login, role, password = `${login}-password`) {
		const reply = await this.local("PUT", `/accounts/${login}`, { name: login, role, password });
		if (reply.status !== 200) throw new Error(reply.text);
		return this.signIn(login, password);
	}

	async signIn(login, password) {
		const reply = await this.request("POST", "/api/v1/session", { body: { login, password } });
		if (reply.status !== 200) throw new Error(reply.text);
		return sessionOf(reply);
	}

	async join(code, name) {
		const reply = await this.request("POST", "/api/v1/session/join", { body: { code, name, language: "en" } });
		if (reply.status !== 200) throw new Error(reply.text);
		return sessionOf(reply);
	}

	/** Raw bytes in, everything that comes back until the peer closes or `until` is seen. */
	raw(bytes, until, milliseconds = 5000) {
		return new Promise((done) => {
			const socket = connect(this.port, "127.0.0.1");
			let text = "";
			const end = () => {
				socket.destroy();
				done(text);
			};
			const timer = setTimeout(end, milliseconds);
			socket.on("data", (data) => {
				text += data.toString("latin1");
				if (until && text.includes(until)) end();
			});
			socket.on("error", () => {});
			socket.on("close", () => {
				clearTimeout(timer);
				done(text);
			});
			socket.write(bytes);
		});
	}
}

export function sessionOf(reply) {
	return { cookie: reply.headers["set-cookie"][0].split(";")[0], csrf: reply.json.csrf, ...reply.json };
}

/**
 * Reads server-sent events until `enough` says so, or the daemon ends the stream (`ended`). `open` of what is
 * returned comes when the daemon has begun to tell: whatever happens after it is heard.
 */
export function events(daemon, path, session, { headers = {}, enough, milliseconds = enough ? 20000 : 5000 } = {}) {
	let opened;
	const open = new Promise((done) => (opened = done));
	const over = new Promise((done, failed) => {
		const all = [];
		let rest = "";
		const request = http.get({ host: "127.0.0.1", port: daemon.port, path: `/api/v1${path}`, agent: false,
			headers: { Cookie: session.cookie, ...headers } }, (reply) => {
			opened();
			const end = (ended = false) => {
				request.destroy();
				done({ status: reply.statusCode, headers: reply.headers, events: all, ended });
			};
			reply.on("end", () => end(true));
			reply.on("close", () => end(true));
			setTimeout(end, milliseconds).unref();
			if (reply.statusCode !== 200) end();
			reply.setEncoding("utf8");
			reply.on("error", () => {});
			reply.on("data", (data) => {
				rest += data;
				for (let at; (at = rest.indexOf("\n\n")) >= 0; rest = rest.slice(at + 2)) {
					const event = {};
					for (const line of rest.slice(0, at).split("\n")) {
						const colon = line.indexOf(":");
						event[line.slice(0, colon)] = line.slice(colon + 1).trim();
					}
					all.push(event);
				}
				if (enough?.(all)) end();
			});
		});
		request.on("error", failed);
	});
	return Object.assign(over, { open });
}

/** Tries until it is true. */
export async function until(what, milliseconds = 30000) {
	for (const end = performance.now() + milliseconds; performance.now() < end;) {
		const value = await what();
		if (value) return value;
		await new Promise((done) => setTimeout(done, 50));
	}
	throw new Error(`not in ${milliseconds} ms: ${what}`);
}

/** A class that students can join. Its machines run nothing (the test driver's never do). */
export async function launchedClass(daemon, session, names) {
	await daemon.as(session, "POST", "/images/debian-13/build", {});
	await until(async () => (await daemon.as(session, "GET", "/images")).json[0].built);
	const made = (await daemon.as(session, "POST", "/classes", { course: "linux-intro", ...(typeof names[0] === "string" ? { names } : { people: names }) })).json;
	const reply = await daemon.as(session, "POST", `/classes/${made.id}/launch`, { untested: true });
	if (reply.status !== 202) throw new Error(reply.text);
	await until(async () => {
		const { seat } = (await daemon.as(session, "GET", `/classes/${made.id}`)).json;
		return seat.every((one) => one.machines.every((machine) => machine.state === "booting"));
	});
	return made;
}

/** A daemon with an instructor and a class of two, one of whom has joined: the first machines of that one and of the other. */
export async function classOfTwo() {
	const daemon = await Daemon.start();
	const hana = await daemon.account("hana", "instructor");
	const made = await launchedClass(daemon, hana, ["Aoi", "Ren"]);
	const aoi = await daemon.join(made.code, "Aoi");
	const machine = (mine) => made.seat.find((seat) => (seat.id === aoi.seat) === mine).machines[0].id;
	return { daemon, hana, aoi, own: machine(true), other: machine(false) };
}
