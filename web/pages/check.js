/** The day before: does this computer, in this network, work? And what to tell those who look after it. */
import { useEffect, useState } from "preact/hooks";
import { tryAll } from "../check.js";
import { CheckRow } from "../components/check-row.js";
import { CopyButton } from "../components/copy-button.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { findings, needsHelp, verdict } from "../state/check.js";
import { t, tOr, zoned } from "../text.js";

/** @typedef {import("../state/check.js").Tries} Tries */
/** @typedef {import("../state/check.js").Finding} Finding */

const secure = () => location.protocol === "https:";
const webPort = () => location.port || (secure() ? "443" : "80");

/**
 * What to send to the IT department, as plain text.
 * @param {Finding[]} all
 * @param {Tries} tries
 */
function letter(all, tries) {
	const host = location.hostname;
	const found = all.filter((one) => one.level === "bad" || one.level === "warn")
		.map((one) => `- ${t(`precheck.${one.what}`)}: ${tOr(one.word, "", one.values)}`);
	return [
		t("precheck.letter-begin"), "",
		t("precheck.letter-web", { host, port: webPort(), scheme: secure() ? "HTTPS" : "HTTP" }),
		t("precheck.letter-socket", { url: `${secure() ? "wss" : "ws"}://${location.host}/ws/` }),
		t("precheck.letter-stream", { url: `${location.origin}/api/v1/` }),
		...(tries.sshPort ? [t("precheck.letter-ssh", { host, port: tries.sshPort })] : []),
		"", ...(found.length ? [t("precheck.letter-found"), ...found] : [t("precheck.letter-fine")]),
		"", t("precheck.letter-when", { when: zoned(Date.now()), browser: navigator.userAgent }),
	].join("\n");
}

/** @param {{ tries: Tries }} props what to run by hand: pages cannot try other ports */
function ByHand({ tries }) {
	if (!tries.sshPort) return null;
	const lines = [`Test-NetConnection ${location.hostname} -Port ${tries.sshPort}`, `nc -vz ${location.hostname} ${tries.sshPort}`];
	return html`<section aria-labelledby="by-hand"><h2 id="by-hand">${t("precheck.ssh-title")}</h2>
		<p>${t("precheck.ssh-text", { port: tries.sshPort })}</p>
		${lines.map((line) => html`<div class="check-text check-line" key=${line}><pre tabindex="0" aria-label=${t("precheck.ssh-title")}>${line}</pre>
			<${CopyButton} text=${line} /></div>`)}</section>`;
}

export function CheckPage() {
	const [tries, setTries] = useState(/** @type {Tries} */ ({}));
	useTitle(t("precheck.title"));
	function run() {
		setTries({});
		tryAll((known) => setTries((all) => ({ ...all, ...known })));
	}
	useEffect(run, []);
	const all = findings(tries);
	const result = verdict(all);
	const text = letter(all, tries);
	return html`<div class="page page-narrow precheck">
		<h1>${t("precheck.title")}</h1>
		<p>${t("precheck.text")}</p>
		<p class=${`check-verdict ${result}`} role="status"><strong>${t(`precheck.verdict-${result}`)}</strong>
			${" "}${tOr(`precheck.verdict-${result}-text`, "")}</p>
		<ul class="check-list">${all.map((one) => html`<${CheckRow} key=${one.what} finding=${one} />`)}</ul>
		<p class="check-actions"><button type="button" disabled=${result === "running"} onClick=${run}>${t("precheck.again")}</button>
			<button type="button" onClick=${() => print()}>${t("precheck.print")}</button></p>
		<${ByHand} tries=${tries} />
		${result !== "running" && html`<section aria-labelledby="letter"><h2 id="letter">${t("precheck.letter")}</h2>
			<p>${t(needsHelp(all) ? "precheck.letter-needed" : "precheck.letter-not-needed")}</p>
			<div class="check-text"><pre tabindex="0" aria-label=${t("precheck.letter")}>${text}</pre><${CopyButton} text=${text} /></div></section>`}
	</div>`;
}
