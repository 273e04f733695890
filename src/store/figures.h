/* What machines of a kind were seen to take on this host: one row per machine of a course and what it is made from.
 * Capacity is judged by it (core/figures.h says how). */
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
	int64_t memory, disk; /* bytes that one made its own, at most */
	bool worked;          /* among those were machines with the better part of the course behind them */
	int64_t saved;        /* bytes of one's file while it is frozen */
	int64_t ready_ms;     /* of a launch, divided by its machines */
	bool earlier;         /* of what the machine was made from before: nothing is known of this one yet */
};

/* Never ERR_NOT_FOUND: of what nothing is known, all is 0. */
int figures_find(struct store *store, const struct figure_key *key, struct figure *figure, struct err *err);
int figures_put(struct store *store, const struct figure_key *key, const struct figure *figure, struct err *err);

#endif
