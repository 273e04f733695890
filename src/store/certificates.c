#include "store/certificates.h"

#include <stdlib.h>

#include "base/auto.h"
#include "store/query.h"

#define COLUMNS                                                                  \
	"class, seat, code, name, organisation, title_en, title_ja, begins, ends," \
	" minutes, language, site, issued_at"

void certificate_row_free(struct certificate_row *row)
{
	if (!row)
		return;
	free(row->code);
	free(row->name);
	free(row->organisation);
	free(row->title_en);
	free(row->title_ja);
	free(row->begins);
	free(row->ends);
	free(row->language);
	free(row->site);
	*row = (struct certificate_row){ 0 };
}

static void certificate_release(void *row)
{
	certificate_row_free(row);
}

static void certificate_read(struct query *q, void *into)
{
	struct certificate_row *row = into;

	query_read(q, "iisssssssissi", &row->class_id, &row->seat_id, &row->code, &row->name,
		   &row->organisation, &row->title_en, &row->title_ja, &row->begins, &row->ends,
		   &row->minutes, &row->language, &row->site, &row->issued_at);
}

int certificates_add(struct store *store, const struct certificate_row *row, struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO certificate (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "iisssssssissi", row->class_id, row->seat_id, row->code, row->name, row->organisation,
			 row->title_en, row->title_ja, row->begins, row->ends, row->minutes, row->language,
			 row->site, row->issued_at);
}

int certificates_by_code(struct store *store, const char *code, struct certificate_row *row, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT " COLUMNS " FROM certificate WHERE code = ?", "s", code);
	int got = query_next(&q);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_NOT_FOUND, "there is no certificate with this code: compare it with the paper");
	certificate_read(&q, row);
	return 0;
}

int certificates_list(struct store *store, int64_t class_id, struct certificate_row **rows, size_t *count,
		      struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), certificate_read, certificate_release };
	AUTO(query) struct query q = query_of(
		store, err, "SELECT " COLUMNS " FROM certificate WHERE class = ? ORDER BY seat", "i", class_id);

	return query_list(&q, &kind, rows, count);
}

int certificates_remove(struct store *store, int64_t class_id, const char *code, struct err *err)
{
	return store_change(store, err, "certificate of this class", "DELETE FROM certificate WHERE class = ? AND code = ?",
			    "is", class_id, code);
}
