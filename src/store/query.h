/* Inside src/store only: one connection, and statements that take a line each.
 *
 *	AUTO(query) struct query q = query_of(store, err, "SELECT id, name FROM class WHERE id = ?",
 *					      "i", id);
 *	int got = query_next(&q);              1: a row, 0: no more, -1: err is set
 *	if (got > 0)
 *		query_read(&q, "is", &row->id, &row->name);
 *
 * Values are bound and read in order, by one letter each:
 *
 *	letter  bound from              read into             in the database
 *	i       int64_t                 int64_t *             INTEGER
 *	n       int64_t, 0 for NULL     int64_t *             INTEGER or NULL
 *	u       unsigned                unsigned *            INTEGER
 *	d       int                     int *                 INTEGER
 *	o       int (bool)              bool *                INTEGER 0 or 1
 *	s       const char *            char ** (a copy)      TEXT or NULL
 *	h       const uint8_t[32]       uint8_t[32]           BLOB of 32 bytes
 *
 * A failure is told once, in err, with the file and what to do; after it, query_next() says -1.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <sqlite3.h>

#include "store/store.h"

#define STORE_HASH 32 /* bytes of every hash and secret that is kept */

struct statement; /* of the cache */

struct store {
	sqlite3 *db;
	char *path;
	char instance[33];
	struct statement *cache;
	unsigned depth; /* of transactions */
	bool failed;    /* the open transaction is lost; only its end may follow */
};

struct query {
	struct store *store;
	struct err *err;
	sqlite3_stmt *statement; /* NULL after a failure */
	struct statement *cached;
};

/* sql: a string literal with one statement; the cache knows it by its address. */
struct query query_of(struct store *store, struct err *err, const char *sql, const char *types,
		      ...);
int query_next(struct query *q);
void query_read(struct query *q, const char *types, ...);
void query_cleanup(struct query *q);

/* How rows of one kind are read and let go. */
struct row_kind {
	size_t size;
	void (*read)(struct query *q, void *row);
	void (*release)(void *row);
};
/* All rows that are left. rows: a pointer to the caller's array pointer. Nothing is given on
 * failure. */
int query_list(struct query *q, const struct row_kind *kind, void *rows, size_t *count);

/* A statement without rows. */
int store_run(struct store *store, struct err *err, const char *sql, const char *types, ...);
/* The same, and ERR_NOT_FOUND with `noun` when it changed nothing. */
int store_change(struct store *store, struct err *err, const char *noun, const char *sql,
		 const char *types, ...);
int64_t store_last_id(struct store *store);

/* Fills err from the connection's last error: which file, what it means, what to do. Returns -1. */
int store_fail(struct store *store, struct err *err);

/* Runs quick_check or integrity_check; ERR_INTERNAL with the finding and the remedy. */
int store_check(sqlite3 *db, const char *path, const char *pragma, struct err *err);

void query_cache_free(struct store *store);

#endif
