/** Starts the page. */
import { render } from "preact";
import { App } from "./components/app.js";
import { html } from "./html.js";
import { startRouter } from "./router.js";
import { applySettings } from "./settings.js";
import { loadSession } from "./state/session.js";

applySettings();
startRouter();
loadSession();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
