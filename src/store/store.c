#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/query.h"
#include "store/schema.h"

#define BUSY_MS 3000 /* T0 waits at most that long for somebody who looks with sqlite3 or copies */

/* ---- opening -------------------------------------------------------------------------------- */

/* Made before SQLite sees it: its journal files take over the mode. */
static int file_prepare(const char *path, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0)
		return err_errno(err,
				 "cannot open the database %s (its directory must exist, and the "
				 "daemon's user must own it)",
				 path);
	return 0;
}

static int connection_open(struct store *store, struct err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (sqlite3_open_v2(store->path, &store->db, flags, NULL))
		return store->db ? store_fail(store, err) :
				   err_set(err, ERR_INTERNAL, "out of memory for %s", store->path);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (sqlite3_exec(
		    store->db,
		    "PRAGMA trusted_schema = OFF;"
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = FULL;"
		    "PRAGMA journal_size_limit = 16777216;"
		    "PRAGMA secure_delete = ON;", /* sessions and names do not stay in free pages */
		    NULL, NULL, NULL))
		return store_fail(store, err);
	return 0;
}

int store_check(sqlite3 *db, const char *path, const char *pragma, struct err *err)
{
	AUTO_FREE char *finding = NULL;
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, pragma, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		finding = str_copy((const char *)sqlite3_column_text(statement, 0));
	else
		finding = str_copy(sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	if (str_equal(finding, "ok"))
		return 0;
	return err_set(err, ERR_INTERNAL,
		       "%s is damaged (%s): move it away and put a backup in its place, or try "
		       "`sqlite3 %s .recover`",
		       path, finding, path);
}

static int instance_load(struct store *store, struct err *err)
{
	AUTO_FREE char *instance = store_setting(store, "instance");

	if (!instance || strlen(instance) != sizeof(store->instance) - 1)
		return err_set(err, ERR_INTERNAL,
			       "%s has lost its instance id: put a backup in its place",
			       store->path);
	memcpy(store->instance, instance, sizeof(store->instance));
	return 0;
}

struct store *store_open_schema(const char *path, const struct schema *schema, struct err *err)
{
	struct store *store = mem_alloc(sizeof(*store));

	store->path = str_copy(path);
	if (file_prepare(path, err) < 0 || connection_open(store, err) < 0 ||
	    store_check(store->db, path, "PRAGMA quick_check(1)", err) < 0 ||
	    schema_migrate(store, schema, err) < 0 || instance_load(store, err) < 0) {
		store_close(store);
		return NULL;
	}
	return store;
}

struct store *store_open(const char *path, struct err *err)
{
	return store_open_schema(path, &schema_current, err);
}

/* The read transaction is begun by the first read and ends with the connection. */
static int look_begin(struct store *store, struct err *err)
{
	if (sqlite3_open_v2(store->path, &store->db,
			    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			    NULL))
		return err_set(err, ERR_INTERNAL, "cannot open the database %s: %s", store->path,
			       sqlite3_errmsg(store->db));
	sqlite3_busy_timeout(store->db, BUSY_MS);
	if (sqlite3_exec(store->db, "PRAGMA trusted_schema = OFF; BEGIN", NULL, NULL, NULL))
		return store_fail(store, err);
	return schema_is_ours(store, err);
}

struct store *store_open_to_look(const char *path, struct err *err)
{
	struct store *store;

	if (access(path, F_OK) < 0) {
		err_set(err, ERR_NOT_FOUND, "there is no database %s", path);
		return NULL;
	}
	store = mem_alloc(sizeof(*store));
	store->path = str_copy(path);
	if (look_begin(store, err) < 0 || instance_load(store, err) < 0) {
		store_close(store);
		return NULL;
	}
	return store;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	query_cache_free(store);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

const char *store_instance(const struct store *store)
{
	return store->instance;
}

/* ---- transactions --------------------------------------------------------------------------- */

int store_begin(struct store *store, struct err *err)
{
	if (store->depth == 0 && store_run(store, err, "BEGIN IMMEDIATE", "") < 0)
		return -1;
	store->depth++;
	return 0;
}

static void transaction_undo(struct store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->failed = false;
}

int store_commit(struct store *store, struct err *err)
{
	if (store->depth > 1) {
		store->depth--;
		return 0;
	}
	int result = store_run(store, err, "COMMIT", "");
	store->depth = 0;
	if (result < 0)
		transaction_undo(store);
	return result;
}

void store_rollback(struct store *store)
{
	store->failed = true;
	if (--store->depth == 0)
		transaction_undo(store);
}

int store_end(struct store *store, int result, struct err *err)
{
	if (result == 0)
		return store_commit(store, err);
	store_rollback(store);
	return -1;
}

/* ---- settings ------------------------------------------------------------------------------- */

char *store_setting(struct store *store, const char *key)
{
	char *value = NULL;
	AUTO(query) struct query q =
		query_of(store, NULL, "SELECT value FROM setting WHERE key = ?", "s", key);

	if (query_next(&q) > 0)
		query_read(&q, "s", &value);
	return value;
}

int store_set_setting(struct store *store, const char *key, const char *value, struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO setting (key, value) VALUES (?, ?)"
			 " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			 "ss", key, value);
}
