#include "store/plans.h"

#include <stdlib.h>

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

/* ---- plans ------------------------------------------------------------------------------------ */

void plan_row_free(struct plan_row *row)
{
	if (!row)
		return;
	free(row->action);
	free(row->outcome);
	*row = (struct plan_row){ 0 };
}

static void plan_release(void *row)
{
	plan_row_free(row);
}

static void plan_read(struct query *q, void *into)
{
	struct plan_row *row = into;

	query_read(q, "iiisos", &row->id, &row->class_id, &row->at, &row->action, &row->untested, &row->outcome);
}

#define PLANS "SELECT id, class, at, action, untested, outcome FROM class_plan"

static const struct row_kind plan_kind = { sizeof(struct plan_row), plan_read, plan_release };

int plans_list(struct store *store, int64_t class_id, struct plan_row **rows, size_t *count, struct err *err)
{
	AUTO(query) struct query q = query_of(store, err, PLANS " WHERE class = ? ORDER BY at, id", "i", class_id);

	return query_list(&q, &plan_kind, rows, count);
}

int plans_due(struct store *store, int64_t now, struct plan_row **rows, size_t *count, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, PLANS " WHERE outcome IS NULL AND at <= ? ORDER BY at, id", "i", now);

	return query_list(&q, &plan_kind, rows, count);
}

static int plans_write(struct store *store, int64_t class_id, const struct plan_row *rows, size_t count,
		       struct err *err)
{
	if (store_run(store, err, "DELETE FROM class_plan WHERE class = ? AND outcome IS NULL", "i", class_id) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (store_run(store, err, "INSERT INTO class_plan (class, at, action, untested) VALUES (?, ?, ?, ?)",
			      "iiso", class_id, rows[i].at, rows[i].action, rows[i].untested) < 0)
			return -1;
	return 0;
}

int plans_replace(struct store *store, int64_t class_id, const struct plan_row *rows, size_t count, struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	return store_end(store, plans_write(store, class_id, rows, count, err), err);
}

int plans_end(struct store *store, int64_t id, const char *outcome, struct err *err)
{
	return store_change(store, err, "plan", "UPDATE class_plan SET outcome = ? WHERE id = ?", "si", outcome, id);
}

int plans_move(struct store *store, int64_t id, int64_t at, struct err *err)
{
	return store_change(store, err, "plan", "UPDATE class_plan SET at = ? WHERE id = ?", "ii", at, id);
}
