/* What people have achieved: as JSON, and as tables for spreadsheets. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/results.h"
#include "http/api.h"

#define EAST_MAX 840 /* minutes: UTC+14 */

int api_results(struct request *request, struct err *err)
{
	json_t *list = results_everywhere(request->server->core, &request->actor, err);

	if (!list)
		return -1;
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

int api_class_results(struct request *request, struct err *err)
{
	json_t *view = results_view(request->class, &request->actor, err);

	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

static int read_form(struct request *request, enum results_form *form, enum pack_lang *lang, long *east,
		     struct err *err)
{
	const char *named = request_query(request, "form"), *language = request_query(request, "language");

	if (named && strcmp(named, "tasks") && strcmp(named, "summary"))
		return err_set(err, ERR_INVALID, "form must be tasks or summary");
	if (language && strcmp(language, "en") && strcmp(language, "ja"))
		return err_set(err, ERR_INVALID, "language must be en or ja");
	*form = str_equal(named, "summary") ? RESULTS_SUMMARY : RESULTS_TASKS;
	*lang = str_equal(language, "ja") ? PACK_JA : PACK_EN;
	return request_query_number(request, "east", -EAST_MAX, EAST_MAX, 0, east, err);
}

int api_class_results_csv(struct request *request, struct err *err)
{
	AUTO(buf) struct buf table = { 0 };
	enum results_form form = RESULTS_TASKS;
	enum pack_lang lang = PACK_EN;
	long east = 0;

	if (read_form(request, &form, &lang, &east, err) < 0 ||
	    results_csv(request->class, &request->actor, form, lang, (int)east, &table, err) < 0)
		return -1;
	AUTO_FREE char *name = str_fmt("attachment; filename=\"class-%lld-%s.csv\"",
				       (long long)request->class->row.id,
				       form == RESULTS_SUMMARY ? "summary" : "tasks");
	struct MHD_Response *response = MHD_create_response_from_buffer(table.length, table.data,
									MHD_RESPMEM_MUST_COPY);
	reply_strict(response);
	MHD_add_response_header(response, "Content-Type", "text/csv; charset=utf-8");
	MHD_add_response_header(response, "Content-Disposition", name);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	reply_response(request, MHD_HTTP_OK, response);
	return 0;
}
