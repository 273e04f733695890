/** What holds for the whole installation. */
import { useState } from "preact/hooks";
import { patch } from "../api.js";
import { ProblemNote } from "../components/problem.js";
import { toast } from "../components/toasts.js";
import { useLoaded } from "../components/use-loaded.js";
import { useSubmit } from "../components/use-submit.js";
import { useTitle } from "../components/use-title.js";
import { html } from "../html.js";
import { loadSite } from "../state/site.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").Setting} Setting */

export function SettingsPage() {
	const { value, error, load } = useLoaded("/settings");
	useTitle(t("settings.title"));
	return html`<div class="page page-narrow"><div class="page-head"><h1>${t("settings.title")}</h1></div>
		<${ProblemNote} error=${error} retry=${load} />
		${value && html`<${SettingsForm} settings=${value} />`}
		<p class="help">${t("settings.design")} <a href="/design">${t("design.title")}</a></p>
	</div>`;
}

/** @param {{ settings: Setting[] }} props */
function SettingsForm({ settings }) {
	const [saved, setSaved] = useState(settings);
	const [chosen, setChosen] = useState(/** @type {Record<string, string | number>} */ ({}));
	const changed = saved.filter((one) => one.key in chosen && chosen[one.key] !== one.value);
	const { busy, error, submit } = useSubmit(async () => {
		setSaved(await patch("/settings", Object.fromEntries(changed.map((one) => [one.key, chosen[one.key]]))));
		setChosen({});
		toast(t("settings.saved"));
		loadSite();
	});
	return html`<form class="card settings-form" onSubmit=${submit}>
		${saved.map((one) => html`<${Field} key=${one.key} setting=${one} value=${chosen[one.key] ?? one.value}
			set=${(/** @type {string | number} */ value) => setChosen({ ...chosen, [one.key]: value })} />`)}
		<${ProblemNote} error=${error} />
		<p class="settings-acts"><button type="submit" class="primary" disabled=${busy || !changed.length}>${t("settings.save")}</button>
			<button type="button" disabled=${busy || !changed.length} onClick=${() => setChosen({})}>${t("settings.discard")}</button></p>
	</form>`;
}

/** @param {{ setting: Setting, value: string | number, set: (value: string | number) => void }} props */
function Field({ setting, value, set }) {
	const id = `setting-${setting.key.replace(".", "-")}`;
	const words = /** @type {import("../text.js").Key} */ (`settings.${setting.key}`);
	const help = /** @type {import("../text.js").Key} */ (`settings.${setting.key}-help`);
	const about = { id, "aria-describedby": `${id}-help` };
	return html`<div><label for=${id}>${t(words)}</label>
		${typeof setting.value === "number"
			? html`<input ...${about} type="number" class="short" required min=${setting.low} max=${setting.high} value=${value}
				onInput=${(/** @type {any} */ e) => set(e.target.valueAsNumber)} />`
			: html`<input ...${about} required=${setting.low > 0} maxlength=${setting.high} value=${value} autocomplete="off"
				onInput=${(/** @type {any} */ e) => set(e.target.value)} />`}
		<p class="help" id=${`${id}-help`}>${t(help, { value: setting.default })}</p></div>`;
}
