#include "store/plans.h"

#include "base/auto.h"
#include "store/query.h"

int idle_begin(struct store *store, int64_t class_id, int64_t at, struct err *err)
{
	return store_run(store, err, "INSERT INTO class_idle (class, began_at, ended_at) VALUES (?, ?, 0)", "ii",
			 class_id, at);
}

int idle_end(struct store *store, int64_t class_id, int64_t at, struct err *err)
{
	return store_run(store, err,
			 "UPDATE class_idle SET ended_at = max(?, began_at) WHERE class = ? AND ended_at = 0", "ii", at,
			 class_id);
}

static int read_number(struct query *q, int64_t *number)
{
	int got = query_next(q);

	*number = 0;
	if (got > 0)
		query_read(q, "i", number);
	return got < 0 ? -1 : 0;
}

int idle_since(struct store *store, int64_t class_id, int64_t *at, struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err, "SELECT began_at FROM class_idle WHERE class = ? AND ended_at = 0", "i", class_id);

	return read_number(&q, at);
}

int idle_between(struct store *store, int64_t class_id, int64_t from, int64_t to, int64_t *ms, struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT coalesce(sum(CASE WHEN ended_at = 0 OR ended_at > ?1 THEN ?1 ELSE ended_at END -"
		" max(began_at, ?2)), 0) FROM class_idle"
		" WHERE class = ?3 AND began_at < ?1 AND (ended_at = 0 OR ended_at > ?2)",
		"iii", to, from, class_id);

	return read_number(&q, ms);
}
