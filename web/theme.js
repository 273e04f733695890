// Runs before the first paint, so that a dark room stays dark: what was chosen last is put onto <html>.
(function () {
	var root = document.documentElement;
	try {
		root.dataset.theme = localStorage.getItem("terakoya.theme") || "auto";
		root.lang = localStorage.getItem("terakoya.language") ||
			(/^ja\b/.test(navigator.language) ? "ja" : "en");
	} catch (e) {
		// No storage: the defaults stand.
	}
})();
