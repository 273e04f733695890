#include "store/organisations.h"

#include <stdlib.h>

#include "base/auto.h"
#include "store/query.h"

void organisation_row_free(struct organisation_row *row)
{
	if (!row)
		return;
	free(row->name);
	free(row->folded);
	*row = (struct organisation_row){ 0 };
}

static void organisation_read(struct query *q, void *into)
{
	struct organisation_row *row = into;

	query_read(q, "issii", &row->id, &row->name, &row->folded, &row->people, &row->seats);
}

static void organisation_release(void *row)
{
	organisation_row_free(row);
}

int organisations_list(struct store *store, struct organisation_row **rows, size_t *count, struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), organisation_read, organisation_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT id, name, folded,"
		" (SELECT count(*) FROM person WHERE organisation = o.id),"
		" (SELECT count(*) FROM seat WHERE organisation = o.id)"
		" FROM organisation o ORDER BY id",
		"");

	return query_list(&q, &kind, rows, count);
}

int organisations_add(struct store *store, const char *name, const char *folded, int64_t *id, struct err *err)
{
	struct err why = ERR_INIT;

	if (store_run(store, &why, "INSERT INTO organisation (name, folded) VALUES (?, ?)", "ss", name,
		      folded) == 0) {
		*id = store_last_id(store);
		return 0;
	}
	if (why.kind == ERR_CONFLICT)
		err_set(&why, ERR_CONFLICT, "an organisation is called %s already", name);
	if (err)
		*err = why;
	return -1;
}

static int organisation_by_folded(struct store *store, const char *folded, int64_t *id, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT id FROM organisation WHERE folded = ?", "s", folded);
	int got = query_next(&q);

	if (got > 0)
		query_read(&q, "i", id);
	return got;
}

int organisations_need(struct store *store, const char *name, const char *folded, int64_t *id,
		       struct err *err)
{
	int got = organisation_by_folded(store, folded, id, err);

	return got ? (got > 0 ? 0 : -1) : organisations_add(store, name, folded, id, err);
}

int organisations_rename(struct store *store, int64_t id, const char *name, const char *folded,
			 struct err *err)
{
	struct err why = ERR_INIT;

	if (store_change(store, &why, "organisation",
			 "UPDATE organisation SET name = ?, folded = ? WHERE id = ?", "ssi", name, folded,
			 id) == 0)
		return 0;
	if (why.kind == ERR_CONFLICT)
		err_set(&why, ERR_CONFLICT,
			"another organisation is called %s: merge the two if they are one", name);
	if (err)
		*err = why;
	return -1;
}

static int move_all(struct store *store, int64_t from, int64_t into, struct err *err)
{
	if (store_run(store, err, "UPDATE person SET organisation = ? WHERE organisation = ?", "ii", into,
		      from) < 0 ||
	    store_run(store, err, "UPDATE seat SET organisation = ? WHERE organisation = ?", "ii", into,
		      from) < 0)
		return -1;
	return store_change(store, err, "organisation", "DELETE FROM organisation WHERE id = ?", "i", from);
}

int organisations_merge(struct store *store, int64_t from, int64_t into, struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	return store_end(store, move_all(store, from, into, err), err);
}

int organisations_remove(struct store *store, int64_t id, struct err *err)
{
	struct err why = ERR_INIT;

	if (store_change(store, &why, "organisation", "DELETE FROM organisation WHERE id = ?", "i", id) == 0)
		return 0;
	if (why.kind == ERR_CONFLICT)
		err_set(&why, ERR_CONFLICT,
			"people or seats belong to the organisation: merge it into another one instead");
	if (err)
		*err = why;
	return -1;
}
