#include "store/seat_keys.h"

#include <stdlib.h>

#include "base/auto.h"
#include "store/query.h"

static void key_release(void *row)
{
	struct seat_key_row *key = row;

	free(key->type);
	free(key->blob);
	free(key->fingerprint);
	free(key->comment);
}

static void key_read(struct query *q, void *into)
{
	struct seat_key_row *row = into;

	query_read(q, "iissssi", &row->id, &row->seat_id, &row->type, &row->blob, &row->fingerprint,
		   &row->comment, &row->added_at);
}

void seat_keys_free(struct seat_key_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		key_release(&rows[i]);
	free(rows);
}

static int count_keys(struct store *store, int64_t seat_id, int64_t *count, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT count(*) FROM seat_key WHERE seat = ?", "i", seat_id);

	if (query_next(&q) < 0)
		return -1;
	query_read(&q, "i", count);
	return 0;
}

int seat_keys_add(struct store *store, const struct seat_key_row *row, int64_t *id, struct err *err)
{
	int64_t count;

	if (count_keys(store, row->seat_id, &count, err) < 0)
		return -1;
	if (count >= SEAT_KEYS_MAX)
		return err_set(err, ERR_CONFLICT, "a seat has at most %d keys: remove one first",
			       SEAT_KEYS_MAX);
	if (seat_keys_find(store, row->seat_id, row->blob, NULL) == 0)
		return err_set(err, ERR_CONFLICT, "the seat has this key already");
	if (store_run(store, err,
		      "INSERT INTO seat_key (seat, type, blob, fingerprint, comment, added_at)"
		      " VALUES (?, ?, ?, ?, ?, ?)",
		      "issssi", row->seat_id, row->type, row->blob, row->fingerprint, row->comment,
		      row->added_at) < 0)
		return -1;
	*id = store_last_id(store);
	return 0;
}

int seat_keys_remove(struct store *store, int64_t seat_id, int64_t id, struct err *err)
{
	return store_change(store, err, "key", "DELETE FROM seat_key WHERE id = ? AND seat = ?", "ii",
			    id, seat_id);
}

int seat_keys_list(struct store *store, int64_t seat_id, struct seat_key_row **rows, size_t *count,
		   struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), key_read, key_release };
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, seat, type, blob, fingerprint, comment, added_at FROM seat_key"
			 " WHERE seat = ? ORDER BY id",
			 "i", seat_id);

	return query_list(&q, &kind, rows, count);
}

int seat_keys_find(struct store *store, int64_t seat_id, const char *blob, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT 1 FROM seat_key WHERE seat = ? AND blob = ?", "is", seat_id,
			 blob);
	int got = query_next(&q);

	if (got < 0)
		return -1;
	return got ? 0 : err_set(err, ERR_NOT_FOUND, "the seat has no such key");
}
