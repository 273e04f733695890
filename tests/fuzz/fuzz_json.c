/* libFuzzer on request bodies, by the code that every request goes through: json_read(), then tables of
 * fields like those of the handlers. Crashes, leaks and hangs are what it looks for, and the promises of
 * request.h: what is read is within its bounds, and a refusal says why.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static unsigned depth_of(const json_t *json)
{
	unsigned deepest = 0;
	const char *key;
	size_t index;
	json_t *item;

	json_array_foreach(json, index, item) {
		unsigned depth = depth_of(item);
		deepest = depth > deepest ? depth : deepest;
	}
	json_object_foreach((json_t *)json, key, item) {
		unsigned depth = depth_of(item);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + (json_is_array(json) || json_is_object(json));
}

static void read_class(const json_t *json, struct err *err)
{
	const char *course = NULL, *name = NULL;
	json_t *names = NULL;
	long seats = 1;
	const struct field fields[] = {
		{ "course", FIELD_TEXT, true, 1, 64, &course },
		{ "name", FIELD_TEXT, false, 1, 100, &name },
		{ "seats", FIELD_NUMBER, false, 1, 500, &seats },
		{ "names", FIELD_NAMES, false, 1, 500, &names },
	};

	if (fields_read(json, fields, ARRAY_SIZE(fields), err) < 0) {
		promise(err->kind == ERR_INVALID && *err->message);
		return;
	}
	promise(course && str_is_clean_utf8(course, strlen(course)) && str_characters(course) <= 64);
	promise(seats >= 1 && seats <= 500);
	promise(!names || (json_array_size(names) >= 1 && json_array_size(names) <= 500));
}

static void read_rest(const json_t *json, struct err *err)
{
	const char *login = NULL, *password = NULL;
	bool force = false;
	const struct field fields[] = {
		{ "login", FIELD_TEXT, false, 1, 64, &login },
		{ "password", FIELD_SECRET, true, 1, 1024, &password },
		{ "force", FIELD_BOOL, false, 0, 0, &force },
	};

	if (fields_read(json, fields, ARRAY_SIZE(fields), err) == 0)
		promise(password && strlen(password) <= 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	json_t *json = NULL;

	if (json_read((const char *)data, size, &json, &err) < 0) {
		promise(!json && err.kind != ERR_NONE && *err.message);
		return 0;
	}
	promise(json_is_object(json) && depth_of(json) <= REQUEST_DEPTH_MAX);
	read_class(json, &err);
	read_rest(json, &err);
	json_decref(json);
	return 0;
}
