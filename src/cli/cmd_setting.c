/* What holds for the whole installation. */
#include "cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static void print_value(const json_t *setting)
{
	const json_t *value = json_object_get(setting, "value");

	if (json_is_integer(value))
		printf("%-16s %" JSON_INTEGER_FORMAT "\n", json_string_value(json_object_get(setting, "key")),
		       json_integer_value(value));
	else
		printf("%-16s %s\n", json_string_value(json_object_get(setting, "key")), json_string_value(value));
	printf("%-16s   %s\n", "", json_string_value(json_object_get(setting, "about")));
}

static int show_settings(struct invocation *invocation, const char *method, json_t *body, struct err *err)
{
	json_t *list = NULL, *setting;
	size_t i;

	if (client_call(invocation->client, method, "/settings", body, &list, err) < 0)
		return -1;
	if (!show_json(invocation, list))
		json_array_foreach(list, i, setting)
			print_value(setting);
	json_decref(list);
	return 0;
}

int cmd_setting_list(struct invocation *invocation, struct err *err)
{
	return show_settings(invocation, "GET", NULL, err);
}

/* Whether it is a number is the daemon's to know: asked, so that "90" may be a name, too. */
static int value_of(struct invocation *invocation, const char *key, const char *text, json_t **value,
		    struct err *err)
{
	json_t *list = NULL, *setting;
	long number;
	size_t i;

	*value = json_string(text);
	if (!*value)
		return err_set(err, ERR_INVALID, "the value is not UTF-8");
	if (client_call(invocation->client, "GET", "/settings", NULL, &list, err) < 0) {
		json_decref(*value);
		return -1;
	}
	json_array_foreach(list, i, setting) {
		if (strcmp(json_string_value(json_object_get(setting, "key")), key) == 0 &&
		    json_is_integer(json_object_get(setting, "value")) &&
		    str_to_number(text, LONG_MIN, LONG_MAX, &number)) {
			json_decref(*value);
			*value = json_integer(number);
		}
	}
	json_decref(list);
	return 0;
}

int cmd_setting_set(struct invocation *invocation, struct err *err)
{
	const char *key = invocation->argument[0];
	json_t *value;

	if (value_of(invocation, key, invocation->argument[1], &value, err) < 0)
		return -1;
	return show_settings(invocation, "PATCH", json_pack("{s:o}", key, value), err);
}
