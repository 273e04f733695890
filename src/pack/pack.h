/* A pack: one course as a directory on disk, read, validated and held in memory, immutable.
 *
 * course.xml and <lab>/lab.xml are validated by RELAX NG schemas (src/pack/course.rng and lab.rng,
 * held in the binary) and then by cross-checks that a schema cannot state. Findings name file, line,
 * what was found and what was expected. docs/authors.md is the reference for authors.
 *
 * Parsing is bounded: no network, no external entities, no entity expansion, 1 MiB per file, depth 64,
 * 64 labs, 64 tasks a lab. A pack is hostile until proven otherwise; no path leaves its directory.
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

enum pack_lang { PACK_EN, PACK_JA, PACK_LANGS };
extern const char *const pack_lang_names[PACK_LANGS]; /* "en", "ja" */

/* One text in every language; a pack that lacks one is refused. */
struct pack_text {
	char *in[PACK_LANGS];
};

struct pack_nic {
	char *network;
	char *address; /* "10.10.0.10/24" */
	char mac[18];  /* derived from the machine's place: the same in every seat */
};

enum pack_probe_kind {
	PACK_PROBE_FILE,   /* this regular file is there and can be read; the agent looks itself */
	PACK_PROBE_PORT,   /* something listens on this TCP port; likewise */
	PACK_PROBE_SCRIPT, /* this script of the pack ends with status 0 */
};

struct pack_probe {
	enum pack_probe_kind kind;
	char *what;    /* path in the guest, or of the script in the pack; NULL for a port */
	unsigned port;
};

struct pack_machine {
	char *name;  /* [a-z][a-z0-9-]{0,31} */
	char *image; /* "debian-13" */
	unsigned memory_mib, vcpus, disk_mib;
	struct pack_nic *nic;
	size_t nics;
	char *user;  /* the student's account in it */
	bool user_sudo;
	char **setup; /* script paths, run once as root at bake time, in order */
	size_t setups;
	struct pack_probe *probe; /* all must hold before a seat is called ready, in this order */
	size_t probes;            /* 0: that the agent made the machine itself is enough */
};

enum pack_parameter_kind { PACK_CHOOSE, PACK_NUMBER };

struct pack_parameter {
	char *name; /* [a-z][a-z0-9_]{0,31} */
	enum pack_parameter_kind kind;
	char **choice; /* PACK_CHOOSE */
	size_t choices;
	long low, high; /* PACK_NUMBER, both ends included */
};

enum pack_task_kind { PACK_TASK_STATE, PACK_TASK_ANSWER, PACK_TASK_QUIZ };

/* What a quiz's choice comes to, in the place of a script's exit status: 0 is right; PACK_QUIZ_SOME: only right options were
 * chosen, but not all; PACK_QUIZ_SOME + k: the option that stands k-th in lab.xml was chosen and is wrong. */
#define PACK_QUIZ_SOME   10
#define PACK_OPTIONS_MAX 64

struct pack_feedback {
	int code; /* 10..99 */
	struct pack_text text;
};

struct pack_hint {
	unsigned cost;
	struct pack_text text;
};

struct pack_option { /* of a quiz */
	bool correct;
	struct pack_text text;
};

struct pack_task {
	char *id;
	enum pack_task_kind kind;
	unsigned points, minutes;
	bool optional;    /* a challenge: counted apart */
	char *machine;    /* where the check runs; defaults to the lab's */
	struct pack_text title;
	struct pack_text text; /* the outcome and why it matters: a paragraph of Markdown */
	char *check, *solve, *answer; /* script paths relative to the pack; NULL where it does not apply */
	struct pack_feedback *feedback;
	size_t feedbacks;
	struct pack_hint *hint;
	size_t hints;
	struct pack_option *option;
	size_t options;
};

struct pack_lab {
	char *id;
	char *machine; /* where tasks are checked unless they say otherwise */
	unsigned day, minutes; /* from course.xml */
	bool fresh;            /* asks for fresh machines */
	struct pack_text title;
	struct pack_parameter *parameter;
	size_t parameters;
	char **setup;          /* script paths, run as root when the seat opens the lab */
	char **setup_machine;  /* and where */
	size_t setups;
	struct pack_task *task;
	size_t tasks;
};

/* One file of the pack, as it was when the pack was read. What was checked is what is used: nothing is
 * read from disk again. */
struct pack_file {
	char *path;      /* relative, "first-steps/setup.sh" */
	bool executable; /* by its owner */
	struct buf content;
};

struct pack {
	char *directory; /* absolute */
	char *id, *version, *tlp, *license;
	char *authors; /* free text; NULL: not said */
	char digest[65]; /* SHA-256 over every file's path, mode and content, hex */
	struct pack_text title, summary;
	char **network;
	size_t networks;
	struct pack_machine *machine;
	size_t machines;
	struct pack_lab *lab; /* in course order */
	size_t labs;
	struct pack_file *file; /* sorted by path, bytewise */
	size_t files;
};

/* A finding of the reader: where, and what to do. */
struct pack_finding {
	char *file; /* relative to the pack */
	int line;   /* 0: the whole file */
	char *message;
};

struct pack_findings {
	struct pack_finding *item;
	size_t count; /* at most 200; then a last one says that there were more */
};

/* Reads a pack. On failure err holds the first finding ("files/lab.xml:12: ..."), and findings
 * (when not NULL) all of them. */
struct pack *pack_open(const char *directory, struct pack_findings *findings, struct err *err);
void pack_free(struct pack *pack); /* NULL-safe */
void pack_findings_free(struct pack_findings *findings);

/* Prints every finding as "file:line: message", one a line. Returns how many there were; 0 is a pack
 * that can be taught. */
int pack_lint(const char *directory, FILE *out);

const struct pack_lab *pack_lab(const struct pack *pack, const char *id);
const struct pack_task *pack_task(const struct pack_lab *lab, const char *id);
const struct pack_machine *pack_machine(const struct pack *pack, const char *name);

/* The text of a script of the pack, at most 256 KiB. */
int pack_script(const struct pack *pack, const char *path, struct buf *text, struct err *err);

/* Nothing of a pack is copied into a machine by itself; scripts generate their data. */

/* ---- seeded parameters ---------------------------------------------------------------------- */

struct pack_value {
	const char *name;
	char *value;
};

struct pack_values {
	struct pack_value *item;
	size_t count;
};

#define PACK_SECRET_BYTES 32

/* The values of one seat in one lab: HMAC-SHA-256(secret, "seat/lab/name") chooses. The same input gives
 * the same values for ever (golden values are tested). Every lab also has `seed`, eight hex digits. */
void pack_values(const struct pack_lab *lab, const uint8_t secret[PACK_SECRET_BYTES], unsigned seat,
		 struct pack_values *values);
void pack_values_free(struct pack_values *values);

/* In which order a seat sees the options of a quiz: order[0] is the place in task->option of the first one
 * shown. Seeded like the values; order has room for task->options. */
void pack_shuffle(const struct pack_lab *lab, const struct pack_task *task,
		  const uint8_t secret[PACK_SECRET_BYTES], unsigned seat, size_t *order);

/* As "P_PROJECT=aoi" for a script's environment: NULL-terminated; free with pack_env_free(). */
char **pack_env(const struct pack_values *values);
void pack_env_free(char **env);

/* ---- texts ---------------------------------------------------------------------------------- */

/* Fills {{name}} from values (unknown names stay as they are) and renders Markdown to HTML with md4c:
 * raw HTML off, links only http(s) and relative. `inline_only` drops the surrounding paragraph. */
int pack_render(const char *markdown, const struct pack_values *values, bool inline_only,
		struct buf *html, struct err *err);
/* The lab's guide.<lang>.md, rendered. */
int pack_guide(const struct pack *pack, const struct pack_lab *lab, enum pack_lang lang,
	       const struct pack_values *values, struct buf *html, struct err *err);

#endif
