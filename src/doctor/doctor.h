/* What can be wrong with a host, found and explained, and mended where the owner asks for it.
 *
 * Each check looks at one thing, changes nothing, and takes a fraction of a second (all of them: under
 * two). Its result says three things in plain words: what was found, what that means for a class, and
 * what to do about it. A check that can mend what it found does so only when asked, and then looks
 * again: what is reported is the state afterwards.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define DOCTOR_CHECKS_MAX 24

enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_WARN, /* classes can be held; the result says what will be worse */
	DOCTOR_FAIL, /* classes cannot be held until this is mended */
	DOCTOR_VERDICTS
};
extern const char *const doctor_verdict_names[DOCTOR_VERDICTS]; /* "ok", "warn", "fail" */

struct doctor_result {
	const char *id;    /* "kvm-owner": stays the same for scripts */
	const char *title; /* "Who may use /dev/kvm" */
	enum doctor_verdict verdict;
	char found[512];  /* always filled */
	char means[512];  /* "" when all is well */
	char remedy[768]; /* "" when all is well */
	bool fixable;     /* --fix could do it */
	bool fixed;       /* it was wrong, and was mended in this run */
	char fix_note[512]; /* what the mending did, or why it did not work */
};

struct doctor_report {
	/* Set by the caller, may be NULL: told on this thread before anything that may take longer than a
	 * second ("installing qemu-system-x86 mmdebstrap"). */
	void (*say)(const char *text);

	struct doctor_result result[DOCTOR_CHECKS_MAX];
	size_t count;
	unsigned warnings, failures;
};

/* Runs every check for a daemon whose state lives (or will live) in state_dir (absolute), and with `fix` mends what
 * can be mended (as root; without, fix_note says so). Returns the number of checks that fail: 0 when
 * classes can be held. The report needs no freeing. */
int doctor_run(const char *state_dir, bool fix, struct doctor_report *report);

/* {"verdict", "failures", "warnings", "checks": [{"id", "title", "verdict", "found", "means", "remedy",
 * "fixable", "fixed", "fix_note"}]}; the caller drops the reference. */
json_t *doctor_report_json(const struct doctor_report *report);

#endif
