// Runs before the first paint, from within the page itself: it cannot fail to load. Puts the colours and
// language that were chosen last onto <html>, so that a dark room stays dark; and begins again when a part of
// the page could not be fetched.
//
// A browser drops everything that it is loading when a network comes or goes, a launch makes a network per
// seat, and a module that failed once stays failed for this document: only a new one helps. So it is loaded again, as
// often as it takes, each time when the host has been quiet for a moment: two requests in a row went through.
//
// What the host does not have (404) comes by no reload: after a few, which are for a page of before an upgrade, it is
// named instead, with the remedy, and looked for again until it is there.
(function () {
	var root = document.documentElement;
	try {
		root.dataset.theme = localStorage.getItem("terakoya.theme") || "auto";
		root.lang = localStorage.getItem("terakoya.language") ||
			(/^ja\b/.test(navigator.language) ? "ja" : "en");
	} catch (e) {
		// No storage: the defaults stand.
	}

	var KEY = "terakoya.boot";
	var RECENT_MS = 30000; // tries that lie further back have nothing to do with this one
	var QUIET_MS = 300;
	var SLOWEST_MS = 10000;
	var LOOK_MS = 3000; // for what was missing
	var SEVERAL = 3; // reloads, before anything is looked for
	var NAMED = 4; // files that are looked for; one that is missing is enough
	var failed = false;
	var tries = 0;
	/** @type {string[]} */
	var lost = [];

	/** How often it was tried in this row of tries, this one not counted. */
	function countTry() {
		try {
			var last = JSON.parse(sessionStorage.getItem(KEY) || "null");
			if (last && Date.now() - last.at < RECENT_MS) tries = last.tries;
			sessionStorage.setItem(KEY, JSON.stringify({ tries: tries + 1, at: Date.now() }));
		} catch (e) {
			tries = 3; // no storage: never in a hurry
		}
		return tries;
	}

	/** What may be missing: the modules that the page asked for in vain; where it named none, the libraries. */
	function suspects() {
		if (lost.length) return lost.slice(0, NAMED);
		var map = document.querySelector("script[type=importmap]");
		return Object.values(JSON.parse((map && map.textContent) || "{}").imports || {}).slice(0, NAMED);
	}

	/** Those that the host says it does not have; fails when the network does. */
	function findMissing() {
		return Promise.all(suspects().map(function (part) {
			return fetch(part, { method: "HEAD", cache: "no-store" }).then(function (response) {
				return response.status === 404 ? part : "";
			});
		})).then(function (answers) {
			return answers.filter(Boolean);
		});
	}

	/** @param {string[]} missing */
	function tell(missing) {
		var ja = root.lang === "ja";
		var names = missing.join(", ");
		var note = document.getElementById("boot-problem") || document.createElement("div");
		var what = document.createElement("p");
		var remedy = document.createElement("p");
		note.id = "boot-problem";
		note.className = "problem boot-problem";
		note.setAttribute("role", "alert");
		what.textContent = ja
			? "このページのファイルがサーバーにありません：" + names
			: "The server lacks files of this page: " + names;
		remedy.textContent = ja
			? "管理者の方へ：Terakoya を入れ直してください。ソースから動かしている場合は、make web を実行し、terakoyad に --web build/web を指定してください。ファイルがそろうと、このページは自動で開きます。"
			: "Whoever runs this Terakoya: install it again; from a source tree, run make web, and start terakoyad with --web build/web. This page opens by itself when the files are there.";
		note.replaceChildren(what, remedy);
		document.body.prepend(note);
	}

	/** The host is there, and quiet. */
	function beginAgain() {
		if (tries < SEVERAL) location.reload();
		else findMissing().then(function (missing) {
			if (!missing.length) return location.reload();
			tell(missing);
			setTimeout(beginAgain, LOOK_MS);
		}).catch(function () {
			location.reload(); // the network went away once more: nothing is known to be missing
		});
	}

	/** @param {number} answers that came in a row */
	function waitForQuiet(answers) {
		fetch("/api/v1/health", { cache: "no-store" }).then(function (response) {
			if (!response.ok) throw response.status;
			if (answers > 0) beginAgain();
			else setTimeout(waitForQuiet, QUIET_MS, answers + 1);
		}).catch(function () {
			setTimeout(waitForQuiet, 2 * QUIET_MS, 0);
		});
	}

	function mend() {
		if (failed) return;
		failed = true;
		setTimeout(waitForQuiet, Math.min(100 * Math.pow(2, countTry()), SLOWEST_MS), 0);
	}

	addEventListener("terakoya-incomplete", mend); // a part that was asked for later

	/** @param {HTMLLinkElement} sheet can be asked for again in its place: the page may be in use, and keeps what was typed */
	function fetchAgain(sheet) {
		var tries = Number(sheet.dataset.tries || 0);
		var next = /** @type {HTMLLinkElement} */ (sheet.cloneNode());
		next.dataset.tries = String(tries + 1);
		setTimeout(function () {
			sheet.replaceWith(next);
		}, Math.min(100 * Math.pow(2, tries), SLOWEST_MS));
	}

	// A module that another one imports counts as its <script>.
	addEventListener("error", function (event) {
		var from = event.target;
		if (from instanceof HTMLScriptElement) mend();
		else if (from instanceof HTMLLinkElement && from.rel === "modulepreload") lost.push(from.getAttribute("href") || "");
		else if (from instanceof HTMLLinkElement && from.rel === "stylesheet") fetchAgain(from);
	}, true);
})();
