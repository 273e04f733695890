#include "store/progress.h"

#include <assert.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/query.h"

const char *const verdict_names[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_NOT_YET] = "not-yet",
	[VERDICT_ERROR] = "error",
};
static_assert(ARRAY_SIZE(verdict_names) == VERDICTS, "every verdict has a name");

const char *const trigger_names[] = {
	[TRIGGER_STUDENT] = "student",
	[TRIGGER_AUTO] = "auto",
	[TRIGGER_INSTRUCTOR] = "instructor",
	[TRIGGER_CATCH_UP] = "catch-up",
};
static_assert(ARRAY_SIZE(trigger_names) == TRIGGERS, "every trigger has a name");

/* The schema's CHECK holds the same names, so one of them always fits. */
static unsigned name_index(const char *const *names, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (str_equal(names[i], name))
			return i;
	return count - 1;
}

/* ---- attempts ------------------------------------------------------------------------------- */

void attempt_row_free(struct attempt_row *row)
{
	if (!row)
		return;
	free(row->lab);
	free(row->task);
	free(row->answer);
	*row = (struct attempt_row){ 0 };
}

static void attempt_release(void *row)
{
	attempt_row_free(row);
}

static void attempt_read(struct query *q, void *into)
{
	struct attempt_row *row = into;
	AUTO_FREE char *verdict = NULL, *trigger = NULL;

	query_read(q, "iiissssdus", &row->id, &row->seat_id, &row->at, &row->lab, &row->task,
		   &verdict, &trigger, &row->code, &row->duration_ms, &row->answer);
	row->verdict = name_index(verdict_names, VERDICTS, verdict);
	row->trigger = name_index(trigger_names, TRIGGERS, trigger);
}

int attempts_list(struct store *store, int64_t seat_id, unsigned most, struct attempt_row **rows,
		  size_t *count, struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), attempt_read, attempt_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT id, seat, at, lab, task, verdict, trigger, code, duration_ms, answer"
		" FROM attempt WHERE seat = ? ORDER BY id DESC LIMIT ?",
		"iu", seat_id, most);

	return query_list(&q, &kind, rows, count);
}

static int attempt_add(struct store *store, const struct attempt_row *row, struct err *err)
{
	return store_run(
		store, err,
		"INSERT INTO attempt (seat, at, lab, task, verdict, trigger, code, duration_ms,"
		" answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"iissssdus", row->seat_id, row->at, row->lab, row->task,
		verdict_names[row->verdict], trigger_names[row->trigger], row->code,
		row->duration_ms, row->answer);
}

/* 1: the last attempt at this task ended the same way; 0: it did not, or there is none; -1: error */
static int attempt_repeats(struct store *store, const struct attempt_row *row, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT code = ? AND verdict = ? FROM attempt"
			 " WHERE seat = ? AND lab = ? AND task = ? ORDER BY id DESC LIMIT 1",
			 "dsiss", row->code, verdict_names[row->verdict], row->seat_id, row->lab,
			 row->task);
	int same = 0, got = query_next(&q);

	if (got > 0)
		query_read(&q, "d", &same);
	return got < 0 ? -1 : same;
}

/* ---- progress ------------------------------------------------------------------------------- */

void progress_row_free(struct progress_row *row)
{
	if (!row)
		return;
	free(row->lab);
	free(row->task);
	*row = (struct progress_row){ 0 };
}

static void progress_release(void *row)
{
	progress_row_free(row);
}

static void progress_read(struct query *q, void *into)
{
	struct progress_row *row = into;

	query_read(q, "issoouuudiii", &row->seat_id, &row->lab, &row->task, &row->done,
		   &row->caught_up, &row->points, &row->attempts, &row->hints, &row->last_code,
		   &row->first_at, &row->done_at, &row->took_ms);
}

static int progress_put(struct store *store, const struct progress_row *row, struct err *err)
{
	return store_run(
		store, err,
		"INSERT INTO progress (seat, lab, task, done, caught_up, points, attempts,"
		" hints, last_code, first_at, done_at, took_ms)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (seat, lab, task) DO UPDATE SET done = excluded.done,"
		" caught_up = excluded.caught_up, points = excluded.points,"
		" attempts = excluded.attempts, hints = excluded.hints,"
		" last_code = excluded.last_code, first_at = excluded.first_at,"
		" done_at = excluded.done_at, took_ms = excluded.took_ms",
		"issoouuudiii", row->seat_id, row->lab, row->task, row->done, row->caught_up,
		row->points, row->attempts, row->hints, row->last_code, row->first_at,
		row->done_at, row->took_ms);
}

int progress_record(struct store *store, const struct attempt_row *attempt,
		    const struct progress_row *progress, struct err *err)
{
	int repeats = 0;

	if (attempt->trigger == TRIGGER_AUTO && attempt->verdict != VERDICT_PASS)
		repeats = attempt_repeats(store, attempt, err);
	if (repeats)
		return repeats < 0 ? -1 : 0;
	if (store_begin(store, err) < 0)
		return -1;
	int result = attempt_add(store, attempt, err);
	if (result == 0)
		result = progress_put(store, progress, err);
	return store_end(store, result, err);
}

int progress_list(struct store *store, int64_t seat_id, struct progress_row **rows, size_t *count,
		  struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), progress_read, progress_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT seat, lab, task, done, caught_up, points, attempts, hints, last_code,"
		" first_at, done_at, took_ms FROM progress WHERE seat = ? ORDER BY lab, task",
		"i", seat_id);

	return query_list(&q, &kind, rows, count);
}

/* ---- hints ---------------------------------------------------------------------------------- */

static int hint_put(struct store *store, int64_t seat_id, const char *lab, const char *task,
		    unsigned hint, unsigned cost, int64_t at, struct err *err)
{
	return store_run(
		store, err,
		"INSERT INTO hint_use (seat, lab, task, hint, cost, at) VALUES (?, ?, ?, ?, ?, ?)"
		" ON CONFLICT DO NOTHING",
		"issuui", seat_id, lab, task, hint, cost, at);
}

static int hints_count(struct store *store, int64_t seat_id, const char *lab, const char *task,
		       struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO progress (seat, lab, task, done, caught_up, points, attempts,"
			 " hints, last_code, first_at, done_at)"
			 " SELECT seat, lab, task, 0, 0, 0, 0, count(*), 0, min(at), 0 FROM hint_use"
			 " WHERE seat = ? AND lab = ? AND task = ? GROUP BY seat, lab, task"
			 " ON CONFLICT (seat, lab, task) DO UPDATE SET hints = excluded.hints",
			 "iss", seat_id, lab, task);
}

int hints_add(struct store *store, int64_t seat_id, const char *lab, const char *task,
	      unsigned hint, unsigned cost, int64_t at, struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	int result = hint_put(store, seat_id, lab, task, hint, cost, at, err);
	if (result == 0)
		result = hints_count(store, seat_id, lab, task, err);
	return store_end(store, result, err);
}

int progress_span(struct store *store, int64_t seat_id, int64_t *first, int64_t *last, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT coalesce(min(at), 0), coalesce(max(at), 0) FROM"
			 " (SELECT at FROM attempt WHERE seat = ?1"
			 "  UNION ALL SELECT at FROM lab_opened WHERE seat = ?1)",
			 "i", seat_id);

	if (query_next(&q) <= 0)
		return -1;
	query_read(&q, "ii", first, last);
	return 0;
}

/* ---- labs ----------------------------------------------------------------------------------- */

int labs_opened(struct store *store, int64_t seat_id, const char *lab, int64_t *at, bool *set_up,
		struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT at, set_up FROM lab_opened WHERE seat = ? AND lab = ?",
			 "is", seat_id, lab);
	int got = query_next(&q);

	if (got < 0)
		return -1;
	*at = 0;
	*set_up = false;
	if (got > 0)
		query_read(&q, "io", at, set_up);
	return 0;
}

int labs_set_up(struct store *store, int64_t seat_id, bool *any, struct err *err)
{
	AUTO(query) struct query q = query_of(store, err,
					      "SELECT 1 FROM lab_opened WHERE seat = ? AND set_up = 1 LIMIT 1", "i",
					      seat_id);
	int got = query_next(&q);

	if (got < 0)
		return -1;
	*any = got > 0;
	return 0;
}

int labs_open(struct store *store, int64_t seat_id, const char *lab, bool set_up, struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO lab_opened (seat, lab, at, set_up) VALUES (?, ?, ?, ?)"
			 " ON CONFLICT (seat, lab) DO UPDATE SET set_up = excluded.set_up",
			 "isio", seat_id, lab, clock_real_ms(), set_up);
}

int labs_reset(struct store *store, int64_t seat_id, struct err *err)
{
	return store_run(store, err, "UPDATE lab_opened SET set_up = 0 WHERE seat = ?", "i",
			 seat_id);
}
