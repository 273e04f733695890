/** A WebSocket client that can also misbehave: frames are built by hand. */
import { randomBytes } from "node:crypto";
import http from "node:http";

export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

export function frame(opcode, payload, { fin = true, mask = true, rsv = 0, length } = {}) {
	const data = Buffer.from(payload);
	const size = length ?? data.length;
	const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
	if (size < 126) head.push((mask ? 0x80 : 0) | size);
	else if (size < 65536) head.push((mask ? 0x80 : 0) | 126, size >> 8, size & 255);
	else head.push((mask ? 0x80 : 0) | 127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255);
	if (!mask) return Buffer.concat([Buffer.from(head), data]);
	const key = randomBytes(4);
	return Buffer.concat([Buffer.from(head), key, data.map((byte, i) => byte ^ key[i % 4])]);
}

export class WebSocketClient {
	/** Resolves to { status, client }: client is null when the server refused. */
	static open(daemon, path, { headers = {}, protocol = "terakoya.terminal.1", session, local = false } = {}) {
		const where = local ? { socketPath: daemon.socket } : { host: "127.0.0.1", port: daemon.port };
		const sent = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers };
		if (!local && !("Origin" in headers)) sent.Origin = `http://127.0.0.1:${daemon.port}`;
		if (protocol) sent["Sec-WebSocket-Protocol"] = protocol;
		if (session) sent.Cookie = session.cookie;
		for (const name of Object.keys(sent)) if (sent[name] === undefined) delete sent[name];
		return new Promise((done, failed) => {
			const transport = local ? http : daemon.transport;
			const request = transport.request({ ...where, path, headers: sent, agent: false, rejectUnauthorized: false });
			request.on("upgrade", (reply, socket, head) =>
				done({ status: 101, headers: reply.headers, client: new WebSocketClient(socket, head) }));
			request.on("response", (reply) => {
				reply.resume();
				done({ status: reply.statusCode, headers: reply.headers, client: null });
			});
			request.on("error", failed);
			request.end();
		});
	}

	constructor(socket, head) {
		this.socket = socket;
		this.rest = Buffer.alloc(0);
		this.messages = [];
		this.waiting = [];
		this.closed = new Promise((done) => socket.on("close", done));
		socket.on("error", () => {});
		socket.on("data", (data) => this.take(data));
		this.take(head);
	}

	take(data) {
		this.rest = Buffer.concat([this.rest, data]);
		while (this.rest.length >= 2) {
			let size = this.rest[1] & 127, at = 2;
			if (size === 126 && this.rest.length >= 4) (size = this.rest.readUInt16BE(2)), (at = 4);
			else if (size === 127 && this.rest.length >= 10) (size = Number(this.rest.readBigUInt64BE(2))), (at = 10);
			if (this.rest.length < at + size) break;
			const message = { opcode: this.rest[0] & 15, data: this.rest.subarray(at, at + size) };
			this.rest = this.rest.subarray(at + size);
			if (message.opcode === TEXT) message.json = JSON.parse(message.data.toString());
			if (message.opcode === CLOSE) message.code = message.data.length ? message.data.readUInt16BE(0) : 1005;
			this.messages.push(message);
		}
		this.waiting = this.waiting.filter((waiter) => !waiter());
	}

	/** The first message, past or to come, that fits. */
	message(fits, milliseconds = 5000) {
		return new Promise((done, failed) => {
			const look = () => {
				const found = this.messages.find(fits);
				if (found) done(found);
				return found;
			};
			if (look()) return;
			this.waiting.push(look);
			setTimeout(() => failed(new Error("no such message came")), milliseconds).unref();
		});
	}

	send(opcode, payload, options) {
		this.socket.write(frame(opcode, payload, options));
	}

	json(value) {
		this.send(TEXT, JSON.stringify(value));
	}

	destroy() {
		this.socket.destroy();
	}
}
