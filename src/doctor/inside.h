/* What the doctor's files share: the table's form, and how a check says what it saw. */
#ifndef DOCTOR_INSIDE_H
#define DOCTOR_INSIDE_H

#include <sys/types.h>

#include "base/buf.h"
#include "doctor/doctor.h"

struct doctor {
	const char *state_dir;
	void (*say)(const char *text); /* never NULL */
};

struct doctor_check {
	const char *id, *title;
	/* Looks, and says one of doctor_ok(), doctor_warn(), doctor_fail(). */
	void (*probe)(struct doctor *doctor, struct doctor_result *result);
	/* Mends what probe found; 0, or -1. Either way fix_note says what was done or why not. NULL: only
	 * a person can mend it. */
	int (*fix)(struct doctor *doctor, struct doctor_result *result);
};

/* In the order of the report; packages first, since others stand on them. */
extern const struct doctor_check doctor_host_checks[], doctor_libvirt_checks[];
extern const size_t doctor_host_count, doctor_libvirt_count;

void doctor_ok(struct doctor_result *result, const char *found, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_warn(struct doctor_result *result, const char *found, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_fail(struct doctor_result *result, const char *found, ...)
	__attribute__((format(printf, 2, 3)));
/* The two halves that follow a warn or fail. */
void doctor_means(struct doctor_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_remedy(struct doctor_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Fills fix_note; returns value, for `return doctor_note(...)`. */
int doctor_note(struct doctor_result *result, int value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Runs a program with `input` (may be NULL) on its standard input, and gives both its outputs in *output
 * (may be NULL; at most 256 KiB). Ends it after timeout_ms. Returns its exit status, or -1 when it could
 * not be run, was ended by a signal or took too long. */
int doctor_run_program(char *const argv[], const char *input, unsigned timeout_ms,
		       struct buf *output);
/* The last line of an output that is not empty, at most size - 1 bytes. */
void doctor_last_line(const struct buf *output, char *line, size_t size);

/* bridge.c */
void doctor_probe_bridge(struct doctor *doctor, struct doctor_result *result);
int doctor_fix_bridge(struct doctor *doctor, struct doctor_result *result);

/* ---- for the tests ---- */

/* br_netfilter's switches that are on below a directory such as /proc/sys/net/bridge: bit 0 iptables, 1
 * ip6tables, 2 arptables. 0 when it is not loaded. */
unsigned doctor_bridge_switches(const char *directory);
int doctor_bridge_switch_off(const char *directory);

/* The value of "Name:  123 kB" in the text of /proc/meminfo, in bytes; 0 when it is not there. */
unsigned long long doctor_meminfo(const char *text, const char *name);
/* True when a flag stands as a word of its own in the "flags" line of /proc/cpuinfo. */
bool doctor_cpu_flag(const char *text, const char *flag);

/* Directories from / down to path that user uid with group gid may not pass, by their real permissions
 * (ACLs count). Tells each, outermost first. Directories that do not exist yet stop nobody. Needs root
 * unless uid is our own. Returns their number, or -1 when it cannot be tried. */
int doctor_blocked(const char *path, uid_t uid, gid_t gid,
		   void (*each)(void *context, const char *directory), void *context);

#endif
