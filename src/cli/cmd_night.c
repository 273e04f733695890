/* A class before its day, in the middle of it, and after it: prepared, paused, frozen, brought back, and when. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/class.h"

_Static_assert(ARGUMENTS_MAX == 1 + PLANS_MAX, "all that can be planned fits");

int cmd_class_prepare(struct invocation *invocation, struct err *err)
{
	return class_make(invocation, "/prepare", err);
}

int cmd_class_freeze(struct invocation *invocation, struct err *err)
{
	if (class_ask(invocation, "Freeze", "Students are sent out until it is resumed; nothing is lost.", err) < 0)
		return -1;
	return class_follow(invocation, "/freeze", json_object(), err);
}

int cmd_class_resume(struct invocation *invocation, struct err *err)
{
	return class_follow(invocation, "/resume", json_object(), err);
}

static int act(struct invocation *invocation, const char *action, json_t *body, const char *done, struct err *err)
{
	json_t *class = NULL;

	if (class_call(invocation, "POST", action, body, &class, err) < 0)
		return -1;
	if (!show_json(invocation, class))
		printf("%s\n", done);
	json_decref(class);
	return 0;
}

int cmd_class_pause(struct invocation *invocation, struct err *err)
{
	return act(invocation, "/pause", json_object(), "the class is paused", err);
}

int cmd_class_continue(struct invocation *invocation, struct err *err)
{
	return act(invocation, "/continue", json_object(), "the class goes on", err);
}

/* ---- what is planned -------------------------------------------------------------------------- */

static int show_schedule(struct invocation *invocation, json_t *class)
{
	json_t *list = json_object_get(class, "schedule"), *one;
	size_t i;

	if (show_json(invocation, list))
		return 0;
	json_array_foreach(list, i, one) {
		const char *outcome = json_string_value(json_object_get(one, "outcome"));
		char when[32];
		printf("%s  %-8s %s%s\n", show_time(number_of(one, "at"), when), text_of(one, "action"),
		       !outcome ? "to come" : *outcome ? "not done: " : "done", outcome ? outcome : "");
	}
	if (!json_array_size(list))
		printf("nothing is planned\n");
	return 0;
}

/* "HH:MM": the first after `after`; "YYYY-MM-DDTHH:MM": then. */
static int read_time(const char *text, time_t after, time_t *at, struct err *err)
{
	struct tm local;
	const char *end;

	localtime_r(&after, &local);
	end = strptime(text, strchr(text, 'T') ? "%Y-%m-%dT%H:%M" : "%H:%M", &local);
	if (!end || *end)
		return err_set(err, ERR_INVALID, "\"%s\" is no time: write 18:00, or 2026-11-24T09:00", text);
	local.tm_sec = 0;
	local.tm_isdst = -1;
	*at = mktime(&local);
	if (!strchr(text, 'T') && *at <= after) {
		local.tm_mday++;
		local.tm_isdst = -1;
		*at = mktime(&local);
	}
	return 0;
}

static int read_plans(struct invocation *invocation, json_t *list, struct err *err)
{
	time_t at = time(NULL);

	for (size_t i = 1; i < ARGUMENTS_MAX && invocation->argument[i]; i++) {
		const char *text = invocation->argument[i], *sign = strchr(text, '@');
		if (!sign)
			return err_set(err, ERR_INVALID, "\"%s\" is not ACTION@TIME, as in freeze@18:00", text);
		AUTO_FREE char *action = str_copy_n(text, (size_t)(sign - text));
		if (read_time(sign + 1, at, &at, err) < 0)
			return -1;
		json_array_append_new(list, json_pack("{s:I, s:s}", "at", (json_int_t)at * 1000, "action", action));
	}
	return 0;
}

int cmd_class_schedule(struct invocation *invocation, struct err *err)
{
	bool asks = !invocation->argument[1] && !option_value(invocation, "none");
	json_t *list = json_array(), *class = NULL, *body = NULL;

	if (!asks && read_plans(invocation, list, err) < 0) {
		json_decref(list);
		return -1;
	}
	body = json_pack("{s:o, s:b}", "schedule", list, "untested", option_value(invocation, "untested") != NULL);
	if (asks) {
		json_decref(body);
		body = NULL;
	}
	if (class_call(invocation, asks ? "GET" : "PUT", asks ? "" : "/schedule", body, &class, err) < 0)
		return -1;
	int result = show_schedule(invocation, class);
	json_decref(class);
	return result;
}

int cmd_class_extend(struct invocation *invocation, struct err *err)
{
	json_t *class = NULL;
	long minutes;

	if (!str_to_number(invocation->argument[1], 1, 600, &minutes))
		return err_set(err, ERR_INVALID, "minutes are a number from 1 to 600, not \"%s\"", invocation->argument[1]);
	if (class_call(invocation, "POST", "/extend", json_pack("{s:I}", "minutes", (json_int_t)minutes), &class, err) < 0)
		return -1;
	int result = show_schedule(invocation, class);
	json_decref(class);
	return result;
}
