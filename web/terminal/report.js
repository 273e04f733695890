/**
 * What xterm.js answers by itself when a program asks: device attributes, cursor position, status and mode
 * reports, colours and strings. Told apart from typing, which never looks like this.
 */
const REPORT = /^(?:\x1b\[[?>=]?[\d;]*[cRn]|\x1b\[[?\d;]*\$y|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\))+$/;

/** @param {string} data */
export function isReport(data) {
	return REPORT.test(data);
}
