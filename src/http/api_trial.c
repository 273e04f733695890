/* Packs that are being written, tried in a seat. */
#include "base/auto.h"
#include "base/str.h"
#include "core/trial.h"
#include "http/api.h"

static struct trial *need_trial(struct request *request, struct err *err)
{
	struct trial *trial = trial_find(request->server->core, request->number);

	if (!trial)
		err_set(err, ERR_NOT_FOUND, "there is no trial \"%ld\"; one that nobody asks about ends by itself",
			request->number);
	return trial;
}

int api_trial_post(struct request *request, struct err *err)
{
	const char *directory, *lab;
	const struct field fields[] = {
		{ "directory", FIELD_TEXT, true, 1, 1000, &directory },
		{ "lab", FIELD_TEXT, true, 1, 64, &lab },
	};
	struct trial *trial;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    trial_start(request->server->core, &request->actor, directory, lab, &trial, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_CREATED, trial_view(trial));
	return 0;
}

int api_trial_get(struct request *request, struct err *err)
{
	struct trial *trial = need_trial(request, err);

	if (!trial)
		return -1;
	reply_json(request, MHD_HTTP_OK, trial_view(trial));
	return 0;
}

int api_trial_delete(struct request *request, struct err *err)
{
	struct trial *trial = need_trial(request, err);

	if (!trial)
		return -1;
	trial_end(trial);
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

int api_trial_reload(struct request *request, struct err *err)
{
	struct trial *trial = need_trial(request, err);

	if (!trial || trial_reload(trial, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, trial_view(trial));
	return 0;
}

/* What a script printed may be anything; JSON takes text. */
static json_t *words(const uint8_t *bytes, size_t length)
{
	json_t *text = json_stringn((const char *)bytes, length);

	return text ? text : json_string("(not UTF-8)");
}

static void on_solved(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (err)
		reply_err(request, err);
	else
		reply_json(request, MHD_HTTP_OK,
			   json_pack("{s:i, s:b, s:o, s:o}", "status", run->status, "timed_out",
				     run->timed_out, "output", words(run->output, run->output_length),
				     "errors", words(run->errors, run->error_length)));
	request_resume(request);
}

int api_trial_solve(struct request *request, struct err *err)
{
	struct trial *trial = need_trial(request, err);
	const char *task;
	const struct field fields[] = { { "task", FIELD_TEXT, true, 1, 64, &task } };

	if (!trial || fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	struct ticket *ticket = request_defer(request);
	if (trial_solve(trial, task, on_solved, ticket, err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}
