/* Tests of a course: started, looked at, stopped. */
#include "base/auto.h"
#include "base/str.h"
#include "core/proof.h"
#include "http/api.h"

int api_course_proof_get(struct request *request, struct err *err)
{
	json_t *view = proof_view(request->server->core, request->name,
				 request_query(request, "version"), err);

	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

int api_course_proof_delete(struct request *request, struct err *err)
{
	if (proof_stop(request->server->core, &request->actor, request->name, err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

static void on_started(void *context, const struct work *work, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (work)
		reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
	else
		reply_err(request, err);
	request_resume(request);
}

int api_course_proof_post(struct request *request, struct err *err)
{
	long seeds = 2, seats = 2;
	const char *version = NULL;
	json_t *labs = NULL;
	const struct field fields[] = {
		{ "seeds", FIELD_NUMBER, false, 1, PROOF_SEEDS_MAX, &seeds },
		{ "seats", FIELD_NUMBER, false, 2, PROOF_SEATS_MAX, &seats },
		{ "labs", FIELD_NAMES, false, 1, 64, &labs },
		{ "version", FIELD_TEXT, false, 1, 15, &version },
	};

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	AUTO_FREE const char **ids = mem_alloc((json_array_size(labs) + 1) * sizeof(*ids));
	for (size_t i = 0; i < json_array_size(labs); i++)
		ids[i] = json_string_value(json_array_get(labs, i));
	const struct proof_new wanted = { .course = request->name,
					  .version = version,
					  .labs = ids,
					  .lab_count = json_array_size(labs),
					  .seeds = (unsigned)seeds,
					  .seats = (unsigned)seats };
	struct ticket *ticket = request_defer(request);
	if (proof_start(request->server->core, &request->actor, &wanted, on_started, ticket, err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}
