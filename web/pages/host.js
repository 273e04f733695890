/** The machine that all this runs on, and what its acceleration means for isolation. */
import { HostDoctor } from "../components/host-doctor.js";
import { ProblemNote } from "../components/problem.js";
import { useLive } from "../components/use-live.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { said } from "../said.js";
import { isAdmin } from "../state/session.js";
import { bytes, number, t } from "../text.js";

/** @typedef {import("../types.js").Host} Host */

/**
 * @param {Host} view
 * @param {string} type
 * @param {any} data
 * @returns {Host}
 */
const reduceHost = (view, type, data) => (type === "host" ? { ...view, ...data } : view);

export function HostPage() {
	const { view, error, load } = useLive("/host", "", reduceHost);
	useTitle(t("host.title"));
	return html`<div class="page"><div class="page-head"><h1>${t("host.title")}</h1></div>
		<${ProblemNote} error=${error} retry=${load} />
		${view && html`<${Facts} host=${view} />`}
		${isAdmin() && html`<${HostDoctor} />`}</div>`;
}

/** @param {{ good: boolean, title: string, text: string, reason?: string }} props */
function Finding({ good, title, text, reason }) {
	return html`<section class="card finding ${good ? "good" : "poor"}">
		<h2><span aria-hidden="true">${good ? "✓" : "△"}</span> ${title}</h2>
		<p>${text}</p>
		${reason && html`<p class="help">${t("host.why", { reason: said(reason).words })}</p>`}
	</section>`;
}

/** @param {{ host: Host }} props */
function Facts({ host }) {
	const kvm = host.accel === "kvm";
	const used = host.memory_total - host.memory_available;
	return html`<div class="findings">
			<${Finding} good=${kvm} title=${kvm ? t("host.kvm") : t("host.tcg")}
				text=${kvm ? t("host.kvm-text") : t("host.tcg-text")} reason=${host.accel_reason} />
			<${Finding} good=${host.can_clone} title=${host.can_clone ? t("host.clone") : t("host.clone-not")}
				text=${host.can_clone ? t("host.clone-text") : ""} reason=${host.clone_reason} />
			<${Finding} good=${host.libvirt} title=${host.libvirt ? t("host.libvirt-up") : t("host.libvirt-down")}
				text=${host.libvirt ? t("host.libvirt-up-text") : t("host.libvirt-down-text")} />
		</div>
		<section class="card host-facts">
			<div class="gauge"><div class="gauge-line"><span>${t("host.memory")}</span>
				<span>${t("host.memory-free", { free: bytes(host.memory_available), total: bytes(host.memory_total) })}</span></div>
				<meter min="0" max=${host.memory_total} value=${used} aria-label=${t("host.memory")}></meter></div>
			<dl class="facts">
				<div><dt>${t("host.disk")}</dt><dd>${t("host.disk-free", { free: bytes(host.disk_free) })}</dd></div>
				<div><dt>${t("host.processors")}</dt><dd>${number(host.cpus)}</dd></div>
				<div><dt>${t("host.machines")}</dt><dd>${number(host.machines)}</dd></div>
				<div><dt>${t("host.versions")}</dt><dd>Terakoya ${host.version} · QEMU ${host.qemu_version} ·
					libvirt ${host.libvirt_version}</dd></div>
				<div><dt>${t("host.ssh")}</dt><dd>${host.ssh ? t("host.ssh-port", { port: String(host.ssh.port) }) : t("host.ssh-off")}
					${host.ssh && html`<br /><span class="mono">${host.ssh.fingerprint}</span>`}</dd></div>
			</dl>
		</section>`;
}
