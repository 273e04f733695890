/** Packs and archives made at test time, sound and hostile, byte by byte. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

const both = (element, words) => `<${element} xml:lang="en">${words}</${element}><${element} xml:lang="ja">語 ${words}</${element}>`;

/** The files of a small sound pack. `note` makes two of them differ. */
export const packFiles = ({ id = "hello", version = "1.0.0", note = "" } = {}) => ({
	"course.xml": `<course xmlns="urn:terakoya:course:1" id="${id}" version="${version}" tlp="green" license="CC-BY-4.0">
${both("title", `Hello ${version}`)}
${both("summary", `The smallest course ${note}`)}
<authors>Aoi, Hana</authors>
<environment>
<network name="office"/>
<machine name="desk" image="debian-13" memory="384">
<nic network="office" address="10.10.0.10/24"/>
<user name="student"/>
</machine>
</environment>
<day number="1"><lab ref="greeting" minutes="20"/></day>
</course>
`,
	"greeting/guide.en.md": "Hello.\n\n{{task:why}}\n",
	"greeting/guide.ja.md": "こんにちは。\n\n{{task:why}}\n",
	"greeting/lab.xml": `<lab xmlns="urn:terakoya:course:1" id="greeting" machine="desk">
${both("title", "Say hello")}
<task id="why" points="5" minutes="3" kind="quiz">
${both("title", "Why?")}${both("text", "Why so?")}
<option>${both("text", "wrong")}</option>
<option correct="true">${both("text", "right")}</option>
</task>
</lab>
`,
});

/** One entry of a tar file (ustar). */
export function entry({ path, content = "", mode = 0o644, type = "0", link = "", size }) {
	const data = Buffer.from(content);
	const head = Buffer.alloc(512);
	const octal = (value, at, length) => head.write(value.toString(8).padStart(length - 1, "0"), at);
	head.write(path, 0, 100, "latin1");
	octal(mode, 100, 8);
	octal(0, 108, 8);
	octal(0, 116, 8);
	octal(size ?? data.length, 124, 12);
	octal(0, 136, 12);
	head.fill(" ", 148, 156);
	head.write(type, 156);
	head.write(link, 157, 100);
	head.write("ustar\u000000", 257);
	octal(head.reduce((sum, byte) => sum + byte, 0), 148, 7);
	return Buffer.concat([head, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

export const tarGz = (entries) => gzipSync(Buffer.concat([...entries.map(entry), Buffer.alloc(1024)]));

const sha256 = (data) => createHash("sha256").update(data);

/** As the daemon digests a pack: path, NUL, '-', the content's own digest. */
function packDigest(files) {
	const hash = createHash("sha256");
	for (const path of Object.keys(files).sort())
		hash.update(`${path}\0-`).update(sha256(files[path]).digest());
	return hash.digest("hex");
}

/** The entries of a sound archive. */
export function packEntries(files, id = "hello", version = "1.0.0") {
	const top = `${id}-${version}`;
	const paths = Object.keys(files).sort();
	const lines = paths.map((path) => `${sha256(files[path]).digest("hex")}  ${top}/${path}\n`);
	const manifest = `# Terakoya pack: ${id} ${version}\n# Digest: ${packDigest(files)}\n${lines.join("")}`;
	return [{ path: "MANIFEST", content: manifest }, ...paths.map((path) => ({ path: `${top}/${path}`, content: files[path] }))];
}

export const packArchive = (what = {}) =>
	tarGz(packEntries(packFiles(what), what.id ?? "hello", what.version ?? "1.0.0"));
