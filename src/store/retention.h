/* Until when the results of a closed class are kept, and their end. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "store/store.h"

struct retention_row {
	int64_t until;	    /* 0: not decided yet */
	int64_t removed_at; /* 0: they are there */
};

/* All 0 where nothing was decided. */
int retention_get(struct store *store, int64_t class_id, struct retention_row *row, struct err *err);
int retention_set(struct store *store, int64_t class_id, int64_t until, struct err *err);
/* What people were called, their mail, organisation and password, their progress, attempts, hints and opened labs,
 * messages and ssh keys, and the people who exist for this class only: gone, in one transaction. The class and its
 * numbered seats stay. */
int retention_remove(struct store *store, int64_t class_id, int64_t now, struct err *err);

#endif
