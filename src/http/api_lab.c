/* What a student works on: the workspace, guides, checks, hints. */
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/grade.h"
#include "http/api.h"

#define ATTEMPTS_MOST 500

int api_seat_workspace(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_workspace(request->seat));
	return 0;
}

int api_lab_get(struct request *request, struct err *err)
{
	enum pack_lang lang;

	if (request_language(request, &lang, err) < 0)
		return -1;
	json_t *view = view_lab(request->seat, request->lab, lang, err);
	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

/* ---- attempts ------------------------------------------------------------------------------- */

static json_t *view_attempt(const struct attempt_row *row)
{
	return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:i, s:I, s:s?}", "id",
			 (json_int_t)row->id, "at", (json_int_t)row->at, "lab", row->lab, "task",
			 row->task, "verdict", verdict_names[row->verdict], "trigger",
			 trigger_names[row->trigger], "code", row->code, "duration_ms",
			 (json_int_t)row->duration_ms, "answer", row->answer);
}

int api_seat_attempts(struct request *request, struct err *err)
{
	struct attempt_row *rows;
	size_t count;
	json_t *list;

	if (attempts_list(core_store(request->server->core), request->seat->row.id, ATTEMPTS_MOST,
			  &rows, &count, err) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, view_attempt(&rows[i]));
		attempt_row_free(&rows[i]);
	}
	free(rows);
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

/* ---- opening a lab -------------------------------------------------------------------------- */

/* Whoever asks has to know when that costs what is in the machines: a page may be older than that. */
static int read_open(struct request *request, struct err *err)
{
	bool reset = false;
	const struct field fields[] = { { "reset", FIELD_BOOL, false, 0, 0, &reset } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (reset || !grade_needs_reset(request->seat, request->lab))
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "the lab %s begins on fresh machines: what is in those of seat %u now would be lost; say "
		       "that this is known (\"reset\": true)", request->lab->id, request->seat->row.number);
}

int api_lab_open(struct request *request, struct err *err)
{
	if (read_open(request, err) < 0)
		return -1;
	struct ticket *ticket = request_defer(request);
	if (grade_open_lab(request->seat, request->lab, reply_outcome, ticket, err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}

/* ---- checking ------------------------------------------------------------------------------- */

/* Feedback is a line of Markdown with the seat's own parameters in it. */
static json_t *view_feedback(struct core *core, const struct grade_result *result)
{
	struct seat *seat = core_seat(core, result->seat_id);
	const struct pack_lab *lab =
		seat && seat->class->pack ? pack_lab(seat->class->pack, result->lab) : NULL;
	struct pack_values values;
	json_t *json = json_object();

	if (!result->feedback || !lab)
		return json_decref(json), json_null();
	pack_values(lab, seat->class->row.secret, seat->row.number, &values);
	for (int i = 0; i < PACK_LANGS; i++) {
		AUTO(buf) struct buf html = { 0 };
		if (pack_render(result->feedback->text.in[i], &values, true, &html, NULL) == 0)
			json_object_set_new(json, pack_lang_names[i],
					    json_string(html.data ? (char *)html.data : ""));
	}
	pack_values_free(&values);
	return json;
}

static void on_checked(void *context, const struct grade_result *result, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (err)
		reply_err(request, err);
	else
		reply_json(request, MHD_HTTP_OK,
			   json_pack("{s:s, s:i, s:o, s:i, s:b, s:I, s:s?}", "verdict",
				     verdict_names[result->verdict], "code", result->code,
				     "feedback", view_feedback(request->server->core, result),
				     "points", (int)result->points, "newly_done",
				     result->newly_done, "duration_ms",
				     (json_int_t)result->duration_ms, "error", result->error));
	request_resume(request);
}

int api_task_check(struct request *request, struct err *err)
{
	const char *answer = NULL;
	const struct field fields[] = { { "answer", FIELD_TEXT, false, 0, 512, &answer } };
	enum attempt_trigger trigger =
		request->actor.role == ROLE_STUDENT ? TRIGGER_STUDENT : TRIGGER_INSTRUCTOR;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (answer && strlen(answer) > 512)
		return err_set(err, ERR_INVALID, "answer must have at most 512 bytes");
	struct ticket *ticket = request_defer(request);
	if (grade_check(request->seat, request->lab, request->task, trigger, answer, on_checked,
			ticket, err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}

/* ---- hints ---------------------------------------------------------------------------------- */

static json_t *member_by_id(json_t *list, const char *id)
{
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
		if (str_equal(json_string_value(json_object_get(item, "id")), id))
			return item;
	return NULL;
}

/* As the workspace shows it from now on, so that page and API have one source. */
static json_t *view_hint(struct request *request)
{
	json_t *workspace = view_workspace(request->seat);
	json_t *lab = member_by_id(json_object_get(workspace, "labs"), request->lab->id);
	json_t *task = member_by_id(json_object_get(lab, "tasks"), request->task->id);
	json_t *hint = json_array_get(json_object_get(task, "hints"), (size_t)request->number);

	json_t *view = hint ? json_incref(hint) : json_null();
	json_decref(workspace);
	return view;
}

int api_task_hint(struct request *request, struct err *err)
{
	const struct pack_hint *shown;

	if (request->number >= (long)request->task->hints)
		return err_set(err, ERR_NOT_FOUND, "task %s has no hint %ld", request->task->id,
			       request->number);
	if (grade_hint(request->seat, request->lab, request->task, (unsigned)request->number,
		       &shown, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_hint(request));
	return 0;
}
