/** Chooses the page for the address and the person, inside the shell. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { CheckPage } from "../pages/check.js";
import { ClassesPage } from "../pages/classes.js";
import { FrontPage } from "../pages/front.js";
import { NotFoundPage } from "../pages/not-found.js";
import { match, navigate, path } from "../router.js";
import { home, isAdmin, isObserver, isSeatless, isStaff, leads, loadSession, session, unreachable } from "../state/session.js";
import { Away } from "./away.js";
import { lazy } from "./lazy.js";
import { Shell } from "./shell.js";
import { Toasts } from "./toasts.js";

const AuditPage = lazy(() => import("../pages/audit.js").then((module) => module.AuditPage));
const CardsPage = lazy(() => import("../pages/cards.js").then((module) => module.CardsPage));
const CertificatesPage = lazy(() => import("../pages/certificates.js").then((module) => module.CertificatesPage));
const ClassPage = lazy(() => import("../pages/class.js").then((module) => module.ClassPage));
const DesignPage = lazy(() => import("../pages/design.js").then((module) => module.DesignPage));
const HostPage = lazy(() => import("../pages/host.js").then((module) => module.HostPage));
const ImagesPage = lazy(() => import("../pages/images.js").then((module) => module.ImagesPage));
const NewClassPage = lazy(() => import("../pages/new-class.js").then((module) => module.NewClassPage));
const PackLabPage = lazy(() => import("../pages/pack-lab.js").then((module) => module.PackLabPage));
const PackPage = lazy(() => import("../pages/pack.js").then((module) => module.PackPage));
const PacksPage = lazy(() => import("../pages/packs.js").then((module) => module.PacksPage));
const PeoplePage = lazy(() => import("../pages/people.js").then((module) => module.PeoplePage));
const PeopleResultsPage = lazy(() => import("../pages/people-results.js").then((module) => module.PeopleResultsPage));
const ResultsPage = lazy(() => import("../pages/results.js").then((module) => module.ResultsPage));
const SettingsPage = lazy(() => import("../pages/settings.js").then((module) => module.SettingsPage));
const VerifyPage = lazy(() => import("../pages/verify.js").then((module) => module.VerifyPage));
const WallPage = lazy(() => import("../pages/wall.js").then((module) => module.WallPage));
const WorkspacePage = lazy(() => import("../pages/workspace.js").then((module) => module.WorkspacePage));

/** @type {[string, any][]} the first that fits is shown */
const STAFF = [
	["/classes", ClassesPage],
	["/classes/new", NotFoundPage],
	["/classes/:id", ClassPage],
	["/classes/:id/wall", WallPage],
	["/classes/:id/results", ResultsPage],
	["/packs", PacksPage],
	["/packs/:course/:version", PackPage],
	["/packs/:course/:version/:lab", PackLabPage],
	["/images", ImagesPage],
	["/host", HostPage],
	["/design", DesignPage],
	["/seats/:id", WorkspacePage],
];

/** @type {typeof STAFF} */
const LEADER = [["/classes/new", NewClassPage], ["/classes/:id/cards", CardsPage], ["/classes/:id/certificates", CertificatesPage], ...STAFF];

/** @type {typeof STAFF} */
const ADMIN = [...LEADER, ["/audit", AuditPage], ["/people", PeoplePage], ["/settings", SettingsPage]];

/** @type {[string, any][]} */
const STUDENT = [["/seats/:id", WorkspacePage]];

/** @type {typeof STAFF} */
const OBSERVER = [["/results", PeopleResultsPage]];

const pages = () => (isAdmin() ? ADMIN : leads() ? LEADER : isStaff() ? STAFF : isObserver() ? OBSERVER : STUDENT);

function page() {
	for (const [pattern, Page] of pages()) {
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
	const joining = match("/j/:token", path.value) ?? match("/join/:code", path.value);
	if (path.value === "/check") return html`<${CheckPage} />`;
	const verifying = match("/verify/:code", path.value) ?? match("/verify", path.value);
	if (verifying) return html`<${VerifyPage} code=${verifying.code} />`;
	if (unreachable.value) return html`<${Away} retry=${loadSession} />`;
	if (session.value === undefined) return html`<div class="page" aria-busy="true"></div>`;
	if (session.value === null || joining || isSeatless()) return html`<${FrontPage} token=${joining?.token} code=${joining?.code} />`;
	if (path.value === "/" || path.value === "/sign-in") return html`<${Home} />`;
	return page();
}

export function App() {
	return html`<${Shell}><${Content} /><//><${Toasts} />`;
}
