/** An ssh-agent with keys as security tokens have them (OpenSSH's PROTOCOL.u2f), without a token: nobody has to touch it. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:net";

const text = (value) => {
	const bytes = Buffer.from(value);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(bytes.length);
	return Buffer.concat([length, bytes]);
};
const integer = (bytes) => text(bytes[0] & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const APPLICATION = "ssh:";

/** What a token signs: that it was touched, and how often it has signed, with the data. */
function signed(data, counter) {
	const tail = Buffer.alloc(5);
	tail[0] = 1;
	tail.writeUInt32BE(counter, 1);
	return { whole: Buffer.concat([sha256(APPLICATION), tail, sha256(data)]), tail };
}

export function ed25519Key() {
	const type = "sk-ssh-ed25519@openssh.com", { publicKey, privateKey } = generateKeyPairSync("ed25519");
	const point = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");
	return { type, blob: Buffer.concat([text(type), text(point), text(APPLICATION)]),
		sign: (whole) => text(sign(null, whole, privateKey)) };
}

export function ecdsaKey() {
	const type = "sk-ecdsa-sha2-nistp256@openssh.com", { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const { x, y } = publicKey.export({ format: "jwk" });
	const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
	return { type, blob: Buffer.concat([text(type), text("nistp256"), text(point), text(APPLICATION)]),
		sign(whole) {
			const both = sign("sha256", whole, { key: privateKey, dsaEncoding: "ieee-p1363" });
			return text(Buffer.concat([integer(both.subarray(0, 32)), integer(both.subarray(32))]));
		} };
}

/** As it stands in a .pub file. */
export const publicLine = (key, comment = "token") => `${key.type} ${key.blob.toString("base64")} ${comment}\n`;

/**
 * Listens at path. wrong: signs something else than it is asked to.
 * @returns {{ close: () => void, signatures: () => number }}
 */
export function startAgent(path, key, { wrong = false } = {}) {
	let count = 0;
	const answer = (request) => {
		if (request[0] === 11) return Buffer.concat([Buffer.from([12, 0, 0, 0, 1]), text(key.blob), text("token")]);
		if (request[0] !== 13) return Buffer.from([5]);
		const at = 5 + request.readUInt32BE(1), data = request.subarray(at + 4, at + 4 + request.readUInt32BE(at));
		const { whole, tail } = signed(wrong ? Buffer.from("another") : data, ++count);
		return Buffer.concat([Buffer.from([14]), text(Buffer.concat([text(key.type), key.sign(whole), tail]))]);
	};
	const server = createServer((socket) => {
		let rest = Buffer.alloc(0);
		socket.on("error", () => {});
		socket.on("data", (bytes) => {
			rest = Buffer.concat([rest, bytes]);
			while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
				const length = rest.readUInt32BE();
				socket.write(text(answer(rest.subarray(4, 4 + length))));
				rest = rest.subarray(4 + length);
			}
		});
	}).listen(path);
	return { close: () => server.close(), signatures: () => count };
}
