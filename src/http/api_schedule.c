/* A class's times: what is planned, put off, stopped for a while. */
#include "base/auto.h"
#include "base/str.h"
#include "core/class.h"
#include "http/api.h"

#define TIME_MAX 4102444800000 /* 2100 */

static int read_plan(json_t *item, size_t index, struct plan *plan, struct err *err)
{
	const char *action;
	long at;
	const struct field fields[] = {
		{ "at", FIELD_NUMBER, true, 1, TIME_MAX, &at },
		{ "action", FIELD_TEXT, true, 1, 16, &action },
	};

	if (fields_read(item, fields, ARRAY_SIZE(fields), err) < 0)
		return err_wrap(err, "schedule[%zu]", index);
	plan->at = at;
	for (plan->action = 0; plan->action < PLAN_ACTIONS; plan->action++)
		if (str_equal(action, plan_action_names[plan->action]))
			return 0;
	return err_set(err, ERR_INVALID, "schedule[%zu]: action must be prepare, open, freeze, resume or close, not \"%s\"",
		       index, action);
}

int api_class_schedule(struct request *request, struct err *err)
{
	struct plan plans[PLANS_MAX];
	bool untested = false;
	json_t *list;
	const struct field fields[] = {
		{ "schedule", FIELD_LIST, true, 0, PLANS_MAX, &list },
		{ "untested", FIELD_BOOL, false, 0, 0, &untested },
	};

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (read_plan(json_array_get(list, i), i, &plans[i], err) < 0)
			return -1;
	if (class_schedule(request->server->core, &request->actor, request->class, plans, json_array_size(list), untested,
			   err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}

int api_class_extend(struct request *request, struct err *err)
{
	long minutes;
	const struct field fields[] = { { "minutes", FIELD_NUMBER, true, 1, 600, &minutes } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    class_extend(request->server->core, &request->actor, request->class, (unsigned)minutes, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}

int api_class_pause(struct request *request, struct err *err)
{
	if (class_pause(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}

int api_class_continue(struct request *request, struct err *err)
{
	if (class_continue(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}
