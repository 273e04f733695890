/** Chooses the page for the address and the person, inside the shell. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { AuditPage } from "../pages/audit.js";
import { CheckPage } from "../pages/check.js";
import { ClassesPage } from "../pages/classes.js";
import { CoursesPage } from "../pages/courses.js";
import { FrontPage } from "../pages/front.js";
import { HostPage } from "../pages/host.js";
import { NewClassPage } from "../pages/new-class.js";
import { NotFoundPage } from "../pages/not-found.js";
import { PeoplePage } from "../pages/people.js";
import { SettingsPage } from "../pages/settings.js";
import { match, navigate, path } from "../router.js";
import { home, isAdmin, isStaff, loadSession, session, unreachable } from "../state/session.js";
import { Away } from "./away.js";
import { lazy } from "./lazy.js";
import { Shell } from "./shell.js";
import { Toasts } from "./toasts.js";

const ClassPage = lazy(() => import("../pages/class.js").then((module) => module.ClassPage));
const WorkspacePage = lazy(() => import("../pages/workspace.js").then((module) => module.WorkspacePage));

/** @type {[string, any][]} the first that fits is shown */
const STAFF = [
	["/classes", ClassesPage],
	["/classes/new", NewClassPage],
	["/classes/:id", ClassPage],
	["/courses", CoursesPage],
	["/host", HostPage],
	["/seats/:id", WorkspacePage],
];

/** @type {typeof STAFF} */
const ADMIN = [...STAFF, ["/audit", AuditPage], ["/people", PeoplePage], ["/settings", SettingsPage]];

/** @type {[string, any][]} */
const STUDENT = [["/seats/:id", WorkspacePage]];

function page() {
	for (const [pattern, Page] of isAdmin() ? ADMIN : isStaff() ? STAFF : STUDENT) {
		const params = match(pattern, path.value);
		if (params) return html`<${Page} key=${path.value} ...${params} />`;
	}
	return html`<${NotFoundPage} />`;
}

/** Signed in and on the front page, or there by a join link that was used already: go to work. */
function Home() {
	useEffect(() => navigate(home(), { replace: true }), []);
	return null;
}

function Content() {
	const joining = match("/j/:token", path.value);
	if (path.value === "/check") return html`<${CheckPage} />`;
	if (unreachable.value) return html`<${Away} retry=${loadSession} />`;
	if (session.value === undefined) return html`<div class="page" aria-busy="true"></div>`;
	if (session.value === null || joining) return html`<${FrontPage} token=${joining?.token} />`;
	if (path.value === "/" || path.value === "/sign-in") return html`<${Home} />`;
	return page();
}

export function App() {
	return html`<${Shell}><${Content} /><//><${Toasts} />`;
}
