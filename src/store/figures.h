/* What machines of a kind were seen to take on this host: one row per machine of a course and what it is made from, and
 * behind it what single machines took at most. Capacity is judged by it (core/figures.h says how). */
#ifndef STORE_FIGURES_H
#define STORE_FIGURES_H

#include <stdbool.h>

#include "store/store.h"

struct figure_key {
	const char *course, *machine; /* "linux-intro", "desk" */
	const char *base;             /* its template's key, or that with a word before it where machines boot */
};

/* 0: not measured. */
struct figure {
	int64_t memory, disk; /* bytes that one makes its own */
	bool worked;          /* of machines with the better part of the course behind them */
	int64_t saved;        /* bytes of one's file while it is frozen */
	int64_t ready_ms;     /* of a launch, divided by its machines */
	bool earlier;         /* of what the machine was made from before: nothing is known of this one yet */
};

/* Never ERR_NOT_FOUND: of what nothing is known, all is 0. */
int figures_find(struct store *store, const struct figure_key *key, struct figure *figure, struct err *err);
int figures_put(struct store *store, const struct figure_key *key, const struct figure *figure, struct err *err);

/* What one machine made its own at most. */
struct figure_machine {
	int64_t memory, disk;
	bool worked;
};

#define FIGURE_MACHINES 64 /* of a kind that are remembered: the last that had worked, and as many that had not */

/* domain: its name, which no other machine ever has. *news: it took more than was known of it, or has worked by now. */
int figures_see(struct store *store, const struct figure_key *key, const char *domain,
		const struct figure_machine *machine, bool *news, struct err *err);
/* All that are remembered. The caller frees. */
int figures_machines(struct store *store, const struct figure_key *key, struct figure_machine **machines, size_t *count,
		     struct err *err);

#endif
