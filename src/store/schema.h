/* Inside src/store only: the numbered steps that a database takes from nothing to this program's
 * schema. A step that was released is never edited: a change is a new step. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>

#include "store/store.h"

#define STORE_APPLICATION_ID 0x54524b59 /* "TRKY" in the file's header: this file is ours */

/* Step i takes version i to i + 1. */
struct schema {
	const char *const *step;
	size_t steps;
};
extern const struct schema schema_current;

/* A file that this program made, with something in it. ERR_CONFLICT else. */
int schema_is_ours(struct store *store, struct err *err);
/* The version of what is open. */
int schema_version(struct store *store, int64_t *version, struct err *err);

/* Brings the open database to `schema`, each step with its number in one transaction. ERR_CONFLICT
 * when the file is newer than that, or belongs to another program. */
int schema_migrate(struct store *store, const struct schema *schema, struct err *err);

/* store_open() with another schema: for the test of this machinery. */
struct store *store_open_schema(const char *path, const struct schema *schema, struct err *err);

#endif
