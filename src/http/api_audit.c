/* What was done here, whether that log is still what was written, and copies of all of it. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/archive.h"
#include "core/course.h"
#include "core/report.h"
#include "http/api.h"

#define ROWS_MAX    500
#define ACTOR_BYTES 512

static json_t *view_audit(const struct audit_row *row)
{
	return json_pack("{s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I}", "id", (json_int_t)row->id,
			 "at", (json_int_t)row->at, "person", (json_int_t)row->person, "actor",
			 row->actor, "action", row->action, "object", row->object, "detail",
			 row->detail ? row->detail : "", "class", (json_int_t)row->class_id, "seat",
			 (json_int_t)row->seat_id);
}

static int read_filter(struct request *request, struct audit_filter *filter, long *most,
		       struct err *err)
{
	long since, before;

	filter->class_id = request->class ? request->class->row.id : 0;
	filter->actor = request_query(request, "actor");
	if (filter->actor && (strlen(filter->actor) > ACTOR_BYTES ||
			      !str_is_clean_utf8(filter->actor, strlen(filter->actor))))
		return err_set(err, ERR_INVALID, "actor must be a name");
	if (request_query_number(request, "since", 0, INT64_MAX, 0, &since, err) < 0 ||
	    request_query_number(request, "before", 0, INT64_MAX, 0, &before, err) < 0 ||
	    request_query_number(request, "limit", 1, ROWS_MAX, ROWS_MAX, most, err) < 0)
		return -1;
	filter->since = since;
	filter->before = before;
	return 0;
}

int api_audit(struct request *request, struct err *err)
{
	struct audit_filter filter;
	struct audit_row *rows;
	size_t count;
	long most;

	if (read_filter(request, &filter, &most, err) < 0 ||
	    audit_list(core_store(request->server->core), &filter, (unsigned)most, &rows, &count,
		       err) < 0)
		return -1;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, view_audit(&rows[i]));
		audit_row_free(&rows[i]);
	}
	free(rows);
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

static void on_verified(void *context, const struct audit_chain *chain, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (chain)
		reply_json(request, MHD_HTTP_OK, report_chain(chain));
	else
		reply_err(request, err);
	request_resume(request);
}

int api_audit_verify(struct request *request, struct err *err)
{
	(void)err;
	archive_verify(request->server->core, on_verified, request_defer(request));
	return 0;
}

int api_audit_forget(struct request *request, struct err *err)
{
	long before;
	int64_t removed;
	const struct field fields[] = { { "before", FIELD_NUMBER, true, 0, INT64_MAX, &before } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    archive_forget(request->server->core, &request->actor, before, &removed, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, json_pack("{s:I}", "removed", (json_int_t)removed));
	return 0;
}

/* The path is on the host, and the file the daemon's: nothing to be chosen from afar. */
static int begin_with_file(struct request *request, const char *refusal,
			   int (*begin)(struct core *core, const struct actor *actor, const char *path, bool force,
					struct work **work, struct err *err),
			   struct err *err)
{
	const char *path;
	bool force = false;
	const struct field fields[] = { { "path", FIELD_TEXT, true, 1, 1000, &path },
					{ "force", FIELD_BOOL, false, 0, 0, &force } };
	struct work *work;

	if (!request->listener->local)
		return err_set(err, ERR_DENIED, "%s", refusal);
	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    begin(request->server->core, &request->actor, path, force, &work, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
	return 0;
}

int api_backup(struct request *request, struct err *err)
{
	return begin_with_file(request, "a backup is made on the server itself: `terakoya backup FILE`", archive_backup, err);
}

int api_restore(struct request *request, struct err *err)
{
	return begin_with_file(request, "a backup is restored on the server itself: `terakoya restore FILE`", archive_restore,
			       err);
}
