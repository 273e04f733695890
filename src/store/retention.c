#include "store/retention.h"

#include "base/auto.h"
#include "store/query.h"

int retention_get(struct store *store, int64_t class_id, struct retention_row *row, struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err, "SELECT until, removed_at FROM retention WHERE class = ?", "i", class_id);
	int got = query_next(&q);

	*row = (struct retention_row){ 0 };
	if (got > 0)
		query_read(&q, "ii", &row->until, &row->removed_at);
	return got < 0 ? -1 : 0;
}

int retention_set(struct store *store, int64_t class_id, int64_t until, struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO retention (class, until, removed_at) VALUES (?, ?, 0)"
			 " ON CONFLICT (class) DO UPDATE SET until = excluded.until",
			 "ii", class_id, until);
}

#define OF_CLASS " WHERE seat IN (SELECT id FROM seat WHERE class = ?)"

static int remove_rows(struct store *store, int64_t class_id, struct err *err)
{
	if (store_run(store, err, "DELETE FROM attempt" OF_CLASS, "i", class_id) < 0 ||
	    store_run(store, err, "DELETE FROM progress" OF_CLASS, "i", class_id) < 0 ||
	    store_run(store, err, "DELETE FROM hint_use" OF_CLASS, "i", class_id) < 0 ||
	    store_run(store, err, "DELETE FROM lab_opened" OF_CLASS, "i", class_id) < 0 ||
	    store_run(store, err, "DELETE FROM seat_key" OF_CLASS, "i", class_id) < 0 ||
	    store_run(store, err, "DELETE FROM message WHERE class = ?", "i", class_id) < 0)
		return -1;
	return store_run(store, err,
			 "DELETE FROM person WHERE role = 'student' AND login IS NULL AND id IN"
			 " (SELECT person FROM seat WHERE class = ?)",
			 "i", class_id);
}

static int remove_all(struct store *store, int64_t class_id, int64_t now, struct err *err)
{
	if (remove_rows(store, class_id, err) < 0 ||
	    store_run(store, err,
		      "UPDATE seat SET name = '', mail = '', language = '', code = '', organisation = NULL, person = NULL,"
		      " password = NULL, joined_at = 0, lab = '', hand = 0, hand_at = 0 WHERE class = ?",
		      "i", class_id) < 0)
		return -1;
	return store_change(store, err, "retention", "UPDATE retention SET removed_at = ? WHERE class = ?",
			    "ii", now, class_id);
}

int retention_remove(struct store *store, int64_t class_id, int64_t now, struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	return store_end(store, remove_all(store, class_id, now, err), err);
}
