#include "store/messages.h"

#include <stdlib.h>

#include "base/auto.h"
#include "store/query.h"

void message_row_free(struct message_row *row)
{
	if (!row)
		return;
	free(row->sender);
	free(row->text);
	*row = (struct message_row){ 0 };
}

static void message_release(void *row)
{
	message_row_free(row);
}

static void message_read(struct query *q, void *into)
{
	struct message_row *row = into;

	query_read(q, "iiniss", &row->id, &row->class_id, &row->seat_id, &row->at, &row->sender,
		   &row->text);
}

static const struct row_kind message_kind = { sizeof(struct message_row), message_read,
					      message_release };

void messages_free(struct message_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		message_row_free(&rows[i]);
	free(rows);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int add(struct store *store, const struct message_row *row, unsigned most, int64_t *id,
	       struct err *err)
{
	if (store_run(store, err,
		      "INSERT INTO message (class, seat, at, sender, text) VALUES (?, ?, ?, ?, ?)",
		      "iniss", row->class_id, row->seat_id, row->at, row->sender, row->text) < 0)
		return -1;
	*id = store_last_id(store);
	return store_run(store, err,
			 "DELETE FROM message WHERE class = ?1 AND id NOT IN"
			 " (SELECT id FROM message WHERE class = ?1 ORDER BY id DESC LIMIT ?2)",
			 "iu", row->class_id, most);
}

int messages_add(struct store *store, const struct message_row *row, unsigned most, int64_t *id,
		 struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	return store_end(store, add(store, row, most, id, err), err);
}

int messages_remove(struct store *store, int64_t id, struct err *err)
{
	return store_change(store, err, "message", "DELETE FROM message WHERE id = ?", "i", id);
}

int messages_read(struct store *store, int64_t id, int64_t seat_id, int64_t at, struct err *err)
{
	return store_run(store, err,
			 "INSERT OR IGNORE INTO message_read (message, seat, at) VALUES (?, ?, ?)",
			 "iii", id, seat_id, at);
}

/* ---- reading -------------------------------------------------------------------------------- */

int messages_get(struct store *store, int64_t class_id, int64_t id, struct message_row *row,
		 struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, class, seat, at, sender, text FROM message"
			 " WHERE id = ? AND class = ?",
			 "ii", id, class_id);
	int got = query_next(&q);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_NOT_FOUND, "there is no message %lld in this class",
			       (long long)id);
	message_read(&q, row);
	return 0;
}

int messages_list(struct store *store, int64_t class_id, unsigned most, struct message_row **rows,
		  size_t *count, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, class, seat, at, sender, text FROM message"
			 " WHERE class = ? ORDER BY id DESC LIMIT ?",
			 "iu", class_id, most);

	return query_list(&q, &message_kind, rows, count);
}

int messages_unread(struct store *store, int64_t class_id, int64_t seat_id, unsigned most,
		    struct message_row **rows, size_t *count, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, class, seat, at, sender, text FROM message m"
			 " WHERE class = ?1 AND (seat IS NULL OR seat = ?2) AND NOT EXISTS"
			 " (SELECT 1 FROM message_read r WHERE r.message = m.id AND r.seat = ?2)"
			 " ORDER BY id LIMIT ?3",
			 "iiu", class_id, seat_id, most);

	return query_list(&q, &message_kind, rows, count);
}

static void reader_read(struct query *q, void *into)
{
	query_read(q, "i", (int64_t *)into);
}

static void reader_release(void *row)
{
	(void)row;
}

int messages_readers(struct store *store, int64_t id, int64_t **seats, size_t *count,
		     struct err *err)
{
	static const struct row_kind kind = { sizeof(**seats), reader_read, reader_release };
	AUTO(query) struct query q = query_of(
		store, err, "SELECT seat FROM message_read WHERE message = ? ORDER BY seat", "i",
		id);

	return query_list(&q, &kind, seats, count);
}
