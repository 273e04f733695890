/* Request bodies and routes, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/route.h"
#include "http/ws.h"

static struct err err;

static json_t *read_json(const char *text)
{
	json_t *json = NULL;

	err = (struct err)ERR_INIT;
	return json_read(text, strlen(text), &json, &err) == 0 ? json : NULL;
}

static void only_objects_are_read(void **state)
{
	static const char *const bad[] = { "", " ", "null", "[]", "1", "\"x\"", "{", "{}x", "{,}",
					   "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}",
					   "{\"a\":\"\\u0000\"}", "{'a':1}", "{\"a\":NaN}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_null(read_json(bad[i]));
		assert_int_equal(err.kind, ERR_INVALID);
	}
	json_t *json = read_json(" {\"a\": {}} ");
	assert_non_null(json);
	json_decref(json);
}

static json_t *nested(unsigned levels)
{
	AUTO(buf) struct buf text = { 0 };

	buf_text(&text, "{\"a[[[\\\"{\":");
	for (unsigned i = 1; i < levels; i++)
		buf_text(&text, "[");
	for (unsigned i = 1; i < levels; i++)
		buf_text(&text, "]");
	buf_text(&text, levels > 1 ? "}" : "1}");
	return read_json((char *)text.data);
}

static void nesting_has_a_bound_and_brackets_in_texts_do_not_count(void **state)
{
	(void)state;
	json_t *json = nested(REQUEST_DEPTH_MAX);
	assert_non_null(json);
	json_decref(json);
	assert_null(nested(REQUEST_DEPTH_MAX + 1));
	assert_non_null(strstr(err.message, "deeper than 16"));
	assert_null(nested(100000));
}

static void a_body_has_a_bound(void **state)
{
	AUTO(buf) struct buf text = { 0 };

	(void)state;
	buf_reserve(&text, HTTP_BODY_MAX + 1);
	memset(text.data, ' ', HTTP_BODY_MAX + 1);
	json_t *json;
	assert_int_equal(json_read((char *)text.data, HTTP_BODY_MAX + 1, &json, &err), -1);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

struct values {
	const char *name, *secret;
	long seats;
	bool raised;
	json_t *names;
};

static int read_fields(const char *text, struct values *values)
{
	const struct field fields[] = {
		{ "name", FIELD_TEXT, true, 1, 4, &values->name },
		{ "secret", FIELD_SECRET, false, 1, 8, &values->secret },
		{ "seats", FIELD_NUMBER, false, 1, 500, &values->seats },
		{ "raised", FIELD_BOOL, false, 0, 0, &values->raised },
		{ "names", FIELD_NAMES, false, 1, 3, &values->names },
	};
	json_t *json = read_json(text);

	assert_non_null(json);
	int result = fields_read(json, fields, ARRAY_SIZE(fields), &err);
	/* Texts belong to the object: only what is no pointer may be looked at after this. */
	json_decref(json);
	return result;
}

static void fields_are_read_by_their_table(void **state)
{
	struct values values = { 0 };

	(void)state;
	assert_int_equal(read_fields("{\"name\":\"\xe6\x98\x9f\xe7\xa9\xba\xe6\x98\x9f\xe7\xa9\xba\","
				     "\"seats\":500,\"raised\":true,\"names\":[\"a\",\"b\"],"
				     "\"secret\":\"a\\tb\"}", &values), 0);
	assert_int_equal(values.seats, 500);
	assert_true(values.raised);
	values = (struct values){ .seats = 7 };
	assert_int_equal(read_fields("{\"name\":\"x\"}", &values), 0);
	assert_int_equal(values.seats, 7);
	assert_null(values.names);
}

static void a_wrong_field_is_named(void **state)
{
	static const char *const bad[][2] = {
		{ "{}", "name is missing" },
		{ "{\"name\":null}", "name must be a text" },
		{ "{\"name\":\"\"}", "name must have 1 to 4 characters, not 0" },
		{ "{\"name\":\"abcde\"}", "name must have 1 to 4 characters, not 5" },
		{ "{\"name\":\"a\\nb\"}", "name must not hold control" },
		{ "{\"name\":\"a\",\"seats\":0}", "seats must be a whole number from 1 to 500" },
		{ "{\"name\":\"a\",\"seats\":501}", "seats must be" },
		{ "{\"name\":\"a\",\"seats\":1.0}", "seats must be" },
		{ "{\"name\":\"a\",\"seats\":\"1\"}", "seats must be" },
		{ "{\"name\":\"a\",\"seats\":9223372036854775807}", "seats must be" },
		{ "{\"name\":\"a\",\"raised\":1}", "raised must be true or false" },
		{ "{\"name\":\"a\",\"names\":\"b\"}", "names must be a list" },
		{ "{\"name\":\"a\",\"names\":[]}", "names must be a list of 1 to 3" },
		{ "{\"name\":\"a\",\"names\":[\"a\",\"b\",\"c\",\"d\"]}", "names must be a list" },
		{ "{\"name\":\"a\",\"names\":[\"a\",1]}", "names[1] must be a text" },
		{ "{\"name\":\"a\",\"colour\":1}", "no field colour" },
	};
	struct values values = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(read_fields(bad[i][0], &values), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		if (!strstr(err.message, bad[i][1]))
			fail_msg("%s: \"%s\"", bad[i][0], err.message);
	}
}

static const char *found(const char *method, const char *path)
{
	char allow[64];
	const struct route *route = route_find(method, path, allow);

	return route ? route->path : NULL;
}

static void a_path_finds_its_route_and_no_other(void **state)
{
	(void)state;
	assert_string_equal(found("GET", "/api/v1/seats/7"), "/api/v1/seats/{seat}");
	assert_string_equal(found("HEAD", "/api/v1/seats/7"), "/api/v1/seats/{seat}");
	assert_string_equal(found("POST", "/api/v1/seats/7/labs/files/tasks/a/hints/0"),
			    "/api/v1/seats/{seat}/labs/{lab}/tasks/{task}/hints/{hint}");
	assert_string_equal(found("POST", "/api/v1/session/join"), "/api/v1/session/join");
	assert_null(found("GET", "/api/v1/seats"));
	assert_null(found("GET", "/api/v1/seats/"));
	assert_null(found("GET", "/api/v1/seats//"));
	assert_null(found("GET", "/api/v1/seats/7/"));
	assert_null(found("GET", "/api/v1/seats/7/x"));
	assert_null(found("GET", "/api/v1"));
	assert_null(found("GET", ""));
	assert_null(found("GET", "api/v1/health"));
}

static void a_wrong_method_learns_the_right_ones(void **state)
{
	char allow[64];

	(void)state;
	assert_null(route_find("PUT", "/api/v1/seats/7", allow));
	assert_string_equal(allow, "GET, HEAD, PATCH");
	assert_null(route_find("PUT", "/api/v1/nothing", allow));
	assert_string_equal(allow, "");
}

static void only_what_visitors_need_is_public(void **state)
{
	json_t *table = route_table(), *route;
	size_t index, publics = 0;

	(void)state;
	json_array_foreach(table, index, route)
		publics += str_equal(json_string_value(json_object_get(route, "rule")), "public");
	assert_int_equal(publics, 8); /* health, site, three to try a network, two to come in, certificates */
	json_decref(table);
}

static void every_kind_of_error_has_its_status(void **state)
{
	(void)state;
	assert_int_equal(reply_status(ERR_INVALID), 400);
	assert_int_equal(reply_status(ERR_CAPACITY), 507);
	for (int kind = 0; kind < ERR_KINDS; kind++)
		assert_in_range(reply_status((enum err_kind)kind), 400, 507);
}

/* RFC 6455, section 1.3. */
static void a_websocket_key_is_accepted(void **state)
{
	char accept[29];

	(void)state;
	ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_objects_are_read),
		cmocka_unit_test(nesting_has_a_bound_and_brackets_in_texts_do_not_count),
		cmocka_unit_test(a_body_has_a_bound),
		cmocka_unit_test(fields_are_read_by_their_table),
		cmocka_unit_test(a_wrong_field_is_named),
		cmocka_unit_test(a_path_finds_its_route_and_no_other),
		cmocka_unit_test(a_wrong_method_learns_the_right_ones),
		cmocka_unit_test(only_what_visitors_need_is_public),
		cmocka_unit_test(every_kind_of_error_has_its_status),
		cmocka_unit_test(a_websocket_key_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
