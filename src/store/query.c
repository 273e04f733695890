#include "store/query.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* Statements are prepared once per connection. There is one for each literal in this folder, so the
 * list needs no bound and no order. A statement that is in use (a query inside a query) is prepared
 * a second time for that one call. */
struct statement {
	const char *sql;
	sqlite3_stmt *statement;
	bool busy;
	struct statement *next;
};

/* ---- errors --------------------------------------------------------------------------------- */

static int constraint_fail(struct store *store, struct err *err, int code)
{
	const char *detail = sqlite3_errmsg(store->db);

	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return err_set(err, ERR_CONFLICT, "it exists already (%s)", detail);
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return err_set(err, ERR_CONFLICT, "what it belongs to does not exist any more (%s)",
			       detail);
	default:
		return err_set(err, ERR_INVALID, "the database refuses this value (%s)", detail);
	}
}

/* A file system that is full says ENOSPC, which SQLite knows; a quota and a file size limit come as
 * I/O errors. */
static bool is_full(struct store *store, int code)
{
	int system = sqlite3_system_errno(store->db);

	return code == SQLITE_FULL ||
	       (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT || system == EFBIG));
}

static int plain_fail(struct store *store, struct err *err, int code)
{
	const char *path = store->path, *detail = sqlite3_errmsg(store->db);

	if (is_full(store, code))
		return err_set(
			err, ERR_CAPACITY,
			"no room is left on the disk for %s, and nothing was written: free some "
			"space, then try again",
			path);
	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(
			err, ERR_UNAVAILABLE,
			"%s is locked by another program: end it (fuser %s names it), then try "
			"again",
			path, path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(
			err, ERR_INTERNAL,
			"%s cannot be written (%s): the daemon's user needs write access to it "
			"and to its directory",
			path, detail);
	case SQLITE_CANTOPEN:
		return err_set(err, ERR_INTERNAL,
			       "%s cannot be opened (%s): its directory must exist and be writable",
			       path, detail);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(
			err, ERR_INTERNAL,
			"%s is damaged or not a database (%s): move it away and put a backup in "
			"its place, or start without it for an empty one",
			path, detail);
	default:
		return err_set(err, ERR_INTERNAL, "%s: %s", path, detail);
	}
}

int store_fail(struct store *store, struct err *err)
{
	int code = sqlite3_extended_errcode(store->db);

	if (store->depth && sqlite3_get_autocommit(store->db))
		store->failed = true; /* SQLite has rolled back by itself */
	if ((code & 0xff) == SQLITE_CONSTRAINT)
		constraint_fail(store, err, code);
	else
		plain_fail(store, err, code & 0xff);
	if (err)
		err->code = code;
	return -1;
}

/* ---- the cache ------------------------------------------------------------------------------ */

static sqlite3_stmt *statement_prepare(struct store *store, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL))
		store_fail(store, err);
	return statement;
}

static void query_prepare(struct query *q, const char *sql)
{
	struct statement *cached = q->store->cache;

	while (cached && cached->sql != sql)
		cached = cached->next;
	if (cached && !cached->busy) {
		cached->busy = true;
		q->cached = cached;
		q->statement = cached->statement;
		return;
	}
	q->statement = statement_prepare(q->store, sql, q->err);
	if (!q->statement || cached)
		return;
	cached = mem_alloc(sizeof(*cached));
	*cached = (struct statement){ sql, q->statement, true, q->store->cache };
	q->store->cache = q->cached = cached;
}

void query_cache_free(struct store *store)
{
	while (store->cache) {
		struct statement *cached = store->cache;
		store->cache = cached->next;
		sqlite3_finalize(cached->statement);
		free(cached);
	}
}

void query_cleanup(struct query *q)
{
	if (!q->statement)
		return;
	if (!q->cached) {
		sqlite3_finalize(q->statement);
	} else {
		sqlite3_reset(q->statement);
		sqlite3_clear_bindings(q->statement);
		q->cached->busy = false;
	}
	q->statement = NULL;
}

/* ---- values --------------------------------------------------------------------------------- */

static void bind_number(sqlite3_stmt *statement, int at, char type, int64_t number)
{
	if (type == 'n' && number == 0)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_int64(statement, at, type == 'o' ? number != 0 : number);
}

static void query_bind(struct query *q, const char *types, va_list *values)
{
	for (int at = 1; *types; types++, at++) {
		switch (*types) {
		case 'i':
		case 'n':
			bind_number(q->statement, at, *types, va_arg(*values, int64_t));
			break;
		case 'u':
			bind_number(q->statement, at, *types, va_arg(*values, unsigned));
			break;
		case 'd':
		case 'o':
			bind_number(q->statement, at, *types, va_arg(*values, int));
			break;
		case 's':
			sqlite3_bind_text(q->statement, at, va_arg(*values, const char *), -1,
					  SQLITE_TRANSIENT);
			break;
		case 'h':
			sqlite3_bind_blob(q->statement, at, va_arg(*values, const uint8_t *),
					  STORE_HASH, SQLITE_TRANSIENT);
			break;
		default:
			abort(); /* a letter that the table in query.h does not have */
		}
	}
}

static void read_hash(sqlite3_stmt *statement, int at, uint8_t *hash)
{
	const void *blob = sqlite3_column_blob(statement, at);

	memset(hash, 0, STORE_HASH);
	if (blob && sqlite3_column_bytes(statement, at) == STORE_HASH)
		memcpy(hash, blob, STORE_HASH);
}

static void read_value(sqlite3_stmt *statement, int at, char type, void *into)
{
	int64_t number = sqlite3_column_int64(statement, at);

	switch (type) {
	case 'i':
	case 'n':
		*(int64_t *)into = number;
		break;
	case 'u':
		*(unsigned *)into = (unsigned)number;
		break;
	case 'd':
		*(int *)into = (int)number;
		break;
	case 'o':
		*(bool *)into = number != 0;
		break;
	case 's':
		*(char **)into = str_copy((const char *)sqlite3_column_text(statement, at));
		break;
	case 'h':
		read_hash(statement, at, into);
		break;
	default:
		abort();
	}
}

void query_read(struct query *q, const char *types, ...)
{
	va_list places;

	va_start(places, types);
	for (int at = 0; types[at]; at++)
		read_value(q->statement, at, types[at], va_arg(places, void *));
	va_end(places);
}

/* ---- running -------------------------------------------------------------------------------- */

static struct query query_start(struct store *store, struct err *err, const char *sql,
				const char *types, va_list *values)
{
	struct query q = { .store = store, .err = err };

	if (store->depth && store->failed) {
		err_set(err, ERR_INTERNAL, "%s: an earlier error has undone this transaction",
			store->path);
		return q;
	}
	query_prepare(&q, sql);
	if (q.statement)
		query_bind(&q, types, values);
	return q;
}

struct query query_of(struct store *store, struct err *err, const char *sql, const char *types, ...)
{
	va_list values;

	va_start(values, types);
	struct query q = query_start(store, err, sql, types, &values);
	va_end(values);
	return q;
}

int query_next(struct query *q)
{
	if (!q->statement)
		return -1;
	switch (sqlite3_step(q->statement)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		store_fail(q->store, q->err);
		query_cleanup(q);
		return -1;
	}
}

static void list_release(const struct row_kind *kind, char *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		kind->release(items + i * kind->size);
	free(items);
}

int query_list(struct query *q, const struct row_kind *kind, void *rows, size_t *count)
{
	char *items = NULL;
	size_t used = 0, room = 0;
	int got;

	while ((got = query_next(q)) > 0) {
		if (used == room) {
			room = room ? 2 * room : 8;
			items = mem_grow(items, room, kind->size);
		}
		memset(items + used * kind->size, 0, kind->size);
		kind->read(q, items + used++ * kind->size);
	}
	if (got < 0) {
		list_release(kind, items, used);
		return -1;
	}
	memcpy(rows, &items, sizeof(items));
	*count = used;
	return 0;
}

int store_run(struct store *store, struct err *err, const char *sql, const char *types, ...)
{
	va_list values;

	va_start(values, types);
	AUTO(query) struct query q = query_start(store, err, sql, types, &values);
	va_end(values);
	return query_next(&q) < 0 ? -1 : 0;
}

int store_change(struct store *store, struct err *err, const char *noun, const char *sql,
		 const char *types, ...)
{
	va_list values;

	va_start(values, types);
	AUTO(query) struct query q = query_start(store, err, sql, types, &values);
	va_end(values);
	if (query_next(&q) < 0)
		return -1;
	if (sqlite3_changes(store->db) == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no such %s", noun);
	return 0;
}

int64_t store_last_id(struct store *store)
{
	return sqlite3_last_insert_rowid(store->db);
}
