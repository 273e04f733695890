// Runs before the first paint, from within the page itself: it cannot fail to load. Puts the colours and
// language that were chosen last onto <html>, so that a dark room stays dark; and begins again when a part of
// the page could not be fetched.
//
// A browser drops everything that it is loading when a network comes or goes, a launch makes a network per
// seat, and a module that failed once stays failed for this document: only a new one helps. So it is loaded again, as
// often as it takes, each time when the host has been quiet for a moment: two requests in a row went through.
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
	var failed = false;

	/** How often it was tried in this row of tries, this one not counted. */
	function countTry() {
		var tries = 0;
		try {
			var last = JSON.parse(sessionStorage.getItem(KEY) || "null");
			if (last && Date.now() - last.at < RECENT_MS) tries = last.tries;
			sessionStorage.setItem(KEY, JSON.stringify({ tries: tries + 1, at: Date.now() }));
		} catch (e) {
			tries = 3; // no storage: never in a hurry
		}
		return tries;
	}

	/** @param {number} answers that came in a row */
	function waitForQuiet(answers) {
		fetch("/api/v1/health", { cache: "no-store" }).then(function (response) {
			if (!response.ok) throw response.status;
			if (answers > 0) location.reload();
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
		else if (from instanceof HTMLLinkElement && from.rel === "stylesheet") fetchAgain(from);
	}, true);
})();
