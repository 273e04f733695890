/** What everybody has to know now: the daemon or libvirtd is away, memory is short, machines are emulated. */
import { streamState } from "../events.js";
import { html } from "../html.js";
import { isStaff } from "../state/session.js";
import { host } from "../state/shell.js";
import { bytes, t } from "../text.js";

/** @param {{ tone: "warn" | "bad" | "quiet", mark: string, children: any }} props */
export function Banner({ tone, mark, children }) {
	return html`<p class="banner ${tone}"><span aria-hidden="true" class="banner-mark">${mark}</span>
		<span>${children}</span></p>`;
}

export function Banners() {
	const staff = isStaff();
	return html`<div class="banners" role="status">
		${streamState.value === "cut" && html`<${Banner} tone="warn" mark="↻">${t("banner.cut")}<//>`}
		${staff && host.value && !host.value.libvirt &&
			html`<${Banner} tone="bad" mark="!">${t("banner.libvirt")}<//>`}
		${staff && host.value?.memory_low && html`<${Banner} tone="bad" mark="!">${t("banner.memory", {
			free: bytes(host.value.memory_available), reserve: bytes(host.value.memory_reserve) })}<//>`}
		${staff && host.value?.accel === "tcg" &&
			html`<${Banner} tone="quiet" mark="△">${t("banner.tcg")} <a href="/host">${t("banner.tcg-more")}</a><//>`}
	</div>`;
}
