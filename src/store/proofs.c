#include "store/proofs.h"

#include <stdlib.h>

#include "base/auto.h"
#include "store/query.h"

void proof_row_free(struct proof_row *row)
{
	if (!row)
		return;
	free(row->course);
	free(row->version);
	free(row->digest);
	free(row->report);
	*row = (struct proof_row){ 0 };
}

int proofs_add(struct store *store, const struct proof_row *row, int64_t *id, struct err *err)
{
	if (store_run(store, err,
		      "INSERT INTO proof (course, version, digest, at, took_ms, seeds, seats, whole,"
		      " passed, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      "sssiiuuoos", row->course, row->version, row->digest, row->at, row->took_ms,
		      row->seeds, row->seats, row->whole, row->passed, row->report) < 0)
		return err_wrap(err, "the proof of %s", row->course);
	*id = store_last_id(store);
	return 0;
}

int proofs_newest(struct store *store, const char *course, const char *version, struct proof_row *row,
		  struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT id, course, version, digest, at, took_ms, seeds, seats, whole, passed, report"
		" FROM proof WHERE course = ?1 AND ifnull(version = ?2, TRUE) ORDER BY id DESC LIMIT 1",
		"ss", course, version);
	int got = query_next(&q);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_NOT_FOUND, "the course %s%s%s was never tested here", course,
			       version ? " " : "", version ? version : "");
	query_read(&q, "isssiiuuoos", &row->id, &row->course, &row->version, &row->digest, &row->at,
		   &row->took_ms, &row->seeds, &row->seats, &row->whole, &row->passed, &row->report);
	return 0;
}

int proofs_passed(struct store *store, const char *digest, int64_t *at, struct err *err)
{
	AUTO(query) struct query q = query_of(store, err,
					      "SELECT coalesce(max(at), 0) FROM proof"
					      " WHERE digest = ? AND whole AND passed",
					      "s", digest);
	int got = query_next(&q);

	*at = 0;
	if (got > 0)
		query_read(&q, "i", at);
	return got < 0 ? -1 : 0;
}
