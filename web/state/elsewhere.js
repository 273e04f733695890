/**
 * The components that the page /design does not draw, since they are about a class, a seat or a host: the page where each is
 * seen. test/design.test.mjs fails when one is missing here, is drawn there after all, or is not on the page that is named.
 */

/** @type {{ address: string, page: string, components: string[] }[]} "*": on all pages; page: the module that shows it */
export const ELSEWHERE = [
	{ address: "*", page: "components/app", components: ["away", "language-switch", "shell", "theme-switch"] },
	{ address: "/", page: "pages/front", components: ["join-form", "sign-in-form"] },
	{ address: "/classes", page: "pages/classes", components: ["retention-card"] },
	{ address: "/classes/new", page: "pages/new-class", components: ["capacity-card", "roster", "roster-table"] },
	{ address: "/classes/{class}", page: "pages/class", components: ["attempt-list", "attention", "catch-up-bar", "class-head", "class-live",
		"class-power", "class-schedule", "close-dialog", "everyone-bar", "everyone-dialog", "happenings", "join-code", "join-link",
		"matrix", "message-dialog", "message-list", "room-filter", "seat-drawer", "seat-ssh", "seat-terminal", "seat-who",
		"staff-dialog", "task-times"] },
	{ address: "/classes/{class}/cards", page: "pages/cards", components: ["joining", "qr", "seat-card", "seat-codes"] },
	{ address: "/classes/{class}/results", page: "pages/results", components: ["results-files", "results-table"] },
	{ address: "/classes/{class}/certificates", page: "pages/certificates", components: ["certificate", "certificate-form"] },
	{ address: "/seats/{seat}", page: "pages/workspace", components: ["guide", "guide-pane", "keys-dialog", "message-card", "splitter",
		"task-list", "workspace-bar", "workspace-night"] },
	{ address: "/packs", page: "pages/packs", components: ["pack-import", "pack-table"] },
	{ address: "/packs/{course}/{version}", page: "pages/pack", components: ["pack-acts", "pack-proof", "pack-template", "proof-results"] },
	{ address: "/packs/{course}/{version}/{lab}", page: "pages/pack-lab", components: ["read-task"] },
	{ address: "/images", page: "pages/images", components: ["image-list", "image-log", "image-recipe"] },
	{ address: "/host", page: "pages/host", components: ["host-doctor"] },
	{ address: "/people", page: "pages/people", components: ["account-dialog", "account-sessions", "account-table", "organisations"] },
	{ address: "/audit", page: "pages/audit", components: ["audit-filter", "audit-table", "audit-verdict"] },
];

/** What draws nothing: it chooses the page, or is a hook that others stand on. */
export const UNSEEN = ["app", "lazy", "use-again", "use-calm", "use-host", "use-live", "use-loaded", "use-now", "use-roster", "use-submit",
	"use-title", "use-window"];
