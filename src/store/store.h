/* The one file of data: SQLite in WAL mode, synchronous=FULL, foreign keys on, STRICT tables. T0
 * holds the only writing connection. What a call has acknowledged is on disk.
 *
 * store.c opens, migrates and runs statements; one file per aggregate holds its queries and shows
 * plain rows. Times are milliseconds since 1970 UTC. Text is UTF-8. Rows are copied out: no
 * pointer into SQLite leaves this folder.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;

/* Opens or creates the database and brings it to this program's schema. A database of a newer
 * schema is refused with ERR_CONFLICT; a damaged one (quick_check) with ERR_INTERNAL and the
 * remedy. */
struct store *store_open(const char *path, struct err *err);
/* Opens a database of any schema as it is, to read it: one moment of it, until it is closed, also
 * while somebody works on it. On any thread, which then keeps it. ERR_NOT_FOUND, ERR_CONFLICT when
 * it is not ours. */
struct store *store_open_to_look(const char *path, struct err *err);
void store_close(struct store *store); /* NULL-safe */

/* Transactions nest by counting: only the outermost commits. A rollback inside makes the outermost
 * fail. */
int store_begin(struct store *store, struct err *err);
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
/* The end of a transaction by its outcome: commits when result is 0, else rolls back and gives -1. */
int store_end(struct store *store, int result, struct err *err);

/* 32 hex digits, made once with the database. */
const char *store_instance(const struct store *store);

/* setting(key, value): NULL when unset; caller frees. */
char *store_setting(struct store *store, const char *key);
int store_set_setting(struct store *store, const char *key, const char *value, struct err *err);

#endif
