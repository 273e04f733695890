/* The organisations that people and seats belong to. */
#ifndef STORE_ORGANISATIONS_H
#define STORE_ORGANISATIONS_H

#include "store/store.h"

struct organisation_row {
	int64_t id;
	char *name;
	char *folded;          /* unicode_fold(name); unique */
	int64_t people, seats; /* that belong to it; only read */
};
void organisation_row_free(struct organisation_row *row); /* members; NULL-safe */

/* All, by id. Caller frees each row and the array. */
int organisations_list(struct store *store, struct organisation_row **rows, size_t *count, struct err *err);
/* ERR_CONFLICT: one is called so. */
int organisations_add(struct store *store, const char *name, const char *folded, int64_t *id, struct err *err);
/* The one that is called so, or a new one. */
int organisations_need(struct store *store, const char *name, const char *folded, int64_t *id,
		       struct err *err);
int organisations_rename(struct store *store, int64_t id, const char *name, const char *folded,
			 struct err *err);
/* Who and what belongs to one belongs to the other from now on, and the first goes. */
int organisations_merge(struct store *store, int64_t from, int64_t into, struct err *err);
/* ERR_CONFLICT: something belongs to it. */
int organisations_remove(struct store *store, int64_t id, struct err *err);

#endif
