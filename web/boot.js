// Runs before the first paint. Puts the colours and language that were chosen last onto <html>, so that a
// dark room stays dark; and begins again, a few times, when a part of the page could not be fetched: a
// browser drops what it is loading when a network comes or goes, and a launch makes networks.
(function () {
	var root = document.documentElement;
	try {
		root.dataset.theme = localStorage.getItem("terakoya.theme") || "auto";
		root.lang = localStorage.getItem("terakoya.language") ||
			(/^ja\b/.test(navigator.language) ? "ja" : "en");
	} catch (e) {
		// No storage: the defaults stand.
	}

	var TRIES = 5;
	var failed = false;
	function again() {
		if (failed) return;
		failed = true;
		var tries = Number(sessionStorage.getItem("terakoya.boot") || 0) + 1;
		if (tries > TRIES) return;
		sessionStorage.setItem("terakoya.boot", String(tries));
		setTimeout(function () { location.reload(); }, 400 * tries);
	}
	addEventListener("error", function (event) {
		var from = event.target;
		if (from instanceof HTMLScriptElement || from instanceof HTMLLinkElement) again();
	}, true);
	addEventListener("terakoya-started", function () {
		try {
			sessionStorage.removeItem("terakoya.boot");
		} catch (e) {
			// as above
		}
	});
})();
