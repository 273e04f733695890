/* When a class stands still, and what is planned for it. */
#ifndef STORE_PLANS_H
#define STORE_PLANS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/* From here on the class's time does not count. ERR_CONFLICT when that has begun already. */
int idle_begin(struct store *store, int64_t class_id, int64_t at, struct err *err);
int idle_end(struct store *store, int64_t class_id, int64_t at, struct err *err); /* also when it had not begun */
/* Since when it stands still; 0: it does not. */
int idle_since(struct store *store, int64_t class_id, int64_t *at, struct err *err);
/* How many milliseconds of that time it stood still. */
int idle_between(struct store *store, int64_t class_id, int64_t from, int64_t to, int64_t *ms, struct err *err);

/* One thing that is planned for a class. */
struct plan_row {
	int64_t id, class_id;
	int64_t at;
	char *action;   /* core's name of it */
	bool untested;  /* somebody knows that the course was never tested */
	char *outcome;  /* NULL: it is to come; "": it was done; else why it was not */
};

void plan_row_free(struct plan_row *row);
/* All of a class, in the order of time. Caller frees each row and the array. */
int plans_list(struct store *store, int64_t class_id, struct plan_row **rows, size_t *count, struct err *err);
/* The same of all classes: those that are still to come, and whose time has come. */
int plans_due(struct store *store, int64_t now, struct plan_row **rows, size_t *count, struct err *err);
/* What is to come is replaced; what was stays. */
int plans_replace(struct store *store, int64_t class_id, const struct plan_row *rows, size_t count, struct err *err);
int plans_end(struct store *store, int64_t id, const char *outcome, struct err *err);
int plans_move(struct store *store, int64_t id, int64_t at, struct err *err);

#endif
