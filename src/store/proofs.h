/* What `lab test` found out about packs: one row per run. A pack is known by its digest: one that has
 * changed has to be proven again. */
#ifndef STORE_PROOFS_H
#define STORE_PROOFS_H

#include "store/store.h"

struct proof_row {
	int64_t id;
	char *course, *version, *digest;
	int64_t at;           /* when it ended */
	int64_t took_ms;
	unsigned seeds, seats;
	bool whole;           /* all labs of the pack; only such a run proves it */
	bool passed;
	char *report;         /* JSON: results, checks, machines */
};

void proof_row_free(struct proof_row *row);

int proofs_add(struct store *store, const struct proof_row *row, int64_t *id, struct err *err);
/* The newest run of a course's version (NULL: of any), whatever its digest. ERR_NOT_FOUND: there was none. */
int proofs_newest(struct store *store, const char *course, const char *version, struct proof_row *row,
		  struct err *err);
/* When the pack with this digest last passed as a whole; *at 0: never. */
int proofs_passed(struct store *store, const char *digest, int64_t *at, struct err *err);

#endif
