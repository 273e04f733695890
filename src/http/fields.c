/* Bodies: from bytes to checked values. Jansson parses; what it does not bound (depth) is counted
 * before it sees the text, and what it does not know (which members may be there) is a table of the
 * caller's.
 */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "http/request.h"

/* Deepest nesting outside of strings. Malformed text may give any number: the parser refuses it
 * later. */
static unsigned json_depth(const char *text, size_t length)
{
	unsigned depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			deepest = ++depth > deepest ? depth : deepest;
		else if (!quoted && (c == '}' || c == ']') && depth)
			depth--;
	}
	return deepest;
}

int json_read(const char *text, size_t length, json_t **json, struct err *err)
{
	json_error_t error;

	if (length > HTTP_BODY_MAX)
		return err_set(err, ERR_TOO_LARGE, "the body has over %d bytes", HTTP_BODY_MAX);
	if (json_depth(text, length) > REQUEST_DEPTH_MAX)
		return err_set(err, ERR_INVALID, "the JSON is nested deeper than %d levels",
			       REQUEST_DEPTH_MAX);
	json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		return err_set(err, ERR_INVALID, "the body is not JSON: line %d, column %d: %s",
			       error.line, error.column, error.text);
	if (!json_is_object(value)) {
		json_decref(value);
		return err_set(err, ERR_INVALID, "the body must be a JSON object");
	}
	*json = value;
	return 0;
}

static int read_text(const struct field *field, const json_t *json, struct err *err)
{
	const char *text = json_string_value(json);

	if (!text)
		return err_set(err, ERR_INVALID, "%s must be a text", field->name);
	if (field->type == FIELD_TEXT && !str_is_clean_utf8(text, json_string_length(json)))
		return err_set(err, ERR_INVALID, "%s must not hold control characters",
			       field->name);
	long size =
		(long)(field->type == FIELD_TEXT ? str_characters(text) : json_string_length(json));
	if (size < field->low || size > field->high)
		return err_set(err, ERR_INVALID, "%s must have %ld to %ld characters, not %ld",
			       field->name, field->low, field->high, size);
	*(const char **)field->value = text;
	return 0;
}

static int read_number(const struct field *field, const json_t *json, struct err *err)
{
	json_int_t number = json_integer_value(json);

	if (!json_is_integer(json) || number < field->low || number > field->high)
		return err_set(err, ERR_INVALID, "%s must be a whole number from %ld to %ld",
			       field->name, field->low, field->high);
	*(long *)field->value = (long)number;
	return 0;
}

static int read_bool(const struct field *field, const json_t *json, struct err *err)
{
	if (!json_is_boolean(json))
		return err_set(err, ERR_INVALID, "%s must be true or false", field->name);
	*(bool *)field->value = json_is_true(json);
	return 0;
}

static int read_names(const struct field *field, json_t *json, struct err *err)
{
	size_t count = json_array_size(json), index;
	json_t *item;

	if (!json_is_array(json) || count < 1 || count > (size_t)field->high)
		return err_set(err, ERR_INVALID, "%s must be a list of 1 to %ld texts", field->name,
			       field->high);
	json_array_foreach(json, index, item) {
		const char *text;
		AUTO_FREE char *name = str_fmt("%s[%zu]", field->name, index);
		struct field one = { name, FIELD_TEXT, true, 1, 100, &text };
		if (read_text(&one, item, err) < 0)
			return -1;
	}
	*(json_t **)field->value = json;
	return 0;
}

static int read_list(const struct field *field, json_t *json, struct err *err)
{
	size_t count = json_array_size(json), index;
	json_t *item;

	if (!json_is_array(json) || count < (size_t)field->low || count > (size_t)field->high)
		return err_set(err, ERR_INVALID, "%s must be a list of %ld to %ld objects", field->name,
			       field->low, field->high);
	json_array_foreach(json, index, item)
		if (!json_is_object(item))
			return err_set(err, ERR_INVALID, "%s[%zu] must be an object", field->name, index);
	*(json_t **)field->value = json;
	return 0;
}

static int read_field(const struct field *field, json_t *json, struct err *err)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_SECRET:
		return read_text(field, json, err);
	case FIELD_NUMBER:
		return read_number(field, json, err);
	case FIELD_BOOL:
		return read_bool(field, json, err);
	case FIELD_NAMES:
		return read_names(field, json, err);
	case FIELD_LIST:
		return read_list(field, json, err);
	}
	return err_set(err, ERR_INTERNAL, "field %s has no type", field->name);
}

static int refuse_unknown(const json_t *object, const struct field *fields, size_t count,
			  struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		size_t i = 0;
		while (i < count && strcmp(fields[i].name, key))
			i++;
		if (i == count)
			return err_set(err, ERR_INVALID, "there is no field %.64s here", key);
	}
	return 0;
}

int fields_read(const json_t *object, const struct field *fields, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		json_t *value = json_object_get(object, fields[i].name);
		if (!value && fields[i].required)
			return err_set(err, ERR_INVALID, "%s is missing", fields[i].name);
		if (value && read_field(&fields[i], value, err) < 0)
			return -1;
	}
	return refuse_unknown(object, fields, count, err);
}
