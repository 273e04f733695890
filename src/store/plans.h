/* When a class stands still, and what is planned for it. */
#ifndef STORE_PLANS_H
#define STORE_PLANS_H

#include "store/store.h"

/* From here on the class's time does not count. ERR_CONFLICT when that has begun already. */
int idle_begin(struct store *store, int64_t class_id, int64_t at, struct err *err);
int idle_end(struct store *store, int64_t class_id, int64_t at, struct err *err); /* also when it had not begun */
/* Since when it stands still; 0: it does not. */
int idle_since(struct store *store, int64_t class_id, int64_t *at, struct err *err);
/* How many milliseconds of that time it stood still. */
int idle_between(struct store *store, int64_t class_id, int64_t from, int64_t to, int64_t *ms, struct err *err);

#endif
