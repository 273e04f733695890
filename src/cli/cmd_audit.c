/* The audit log: who did what, and whether it is still what was written. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/report.h"
#include "store/audit.h"

/* ---- times ---------------------------------------------------------------------------------- */

/* "90d", "12h", "30m": so long ago. */
static bool read_ago(const char *text, int64_t *at)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
	size_t length = strlen(text);
	AUTO_FREE char *number = str_copy_n(text, length ? length - 1 : 0);
	long count;

	if (!length || !str_to_number(number, 0, 100000, &count))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (text[length - 1] == units[i].unit) {
			*at = clock_real_ms() - count * units[i].ms;
			return true;
		}
	}
	return false;
}

static bool read_date(const char *text, int64_t *at)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm when = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &when);
		if (end && !*end) {
			*at = (int64_t)mktime(&when) * 1000;
			return true;
		}
	}
	return false;
}

static int read_time(const char *what, const char *text, int64_t *at, struct err *err)
{
	if (read_ago(text, at) || read_date(text, at))
		return 0;
	return err_set(err, ERR_INVALID,
		       "%s is a date (2026-06-09, or 2026-06-09T13:30) or an age (30m, 12h, 90d), not \"%s\"",
		       what, text);
}

/* ---- list ----------------------------------------------------------------------------------- */

/* A path with the filters that were given. NULL with err. */
static char *list_path(const struct invocation *invocation, struct err *err)
{
	const char *class = option_value(invocation, "class");
	const char *actor = option_value(invocation, "actor");
	const char *since = option_value(invocation, "since");
	const char *limit = option_value(invocation, "limit");
	int64_t at = 0;

	if (since && read_time("--since", since, &at, err) < 0)
		return NULL;
	AUTO_FREE char *from = str_fmt("%lld", (long long)at);
	AUTO_FREE char *of_class = class ? address_of("&class=%s", class) : str_copy("");
	AUTO_FREE char *of_actor = actor ? address_of("&actor=%s", actor) : str_copy("");
	AUTO_FREE char *path = address_of("/audit?limit=%s&since=%s", limit ? limit : "100", from);
	return str_fmt("%s%s%s", path, of_class, of_actor);
}

static void add_time(json_t *row)
{
	time_t at = (time_t)(number_of(row, "at") / 1000);
	char text[32];
	struct tm local;

	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", localtime_r(&at, &local));
	json_object_set_new(row, "time", json_string(text));
}

int cmd_audit_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "ID=id",		"TIME=time",	 "ACTOR=actor",
					       "ACTION=action", "OBJECT=object", "DETAIL=detail",
					       NULL };
	AUTO_FREE char *path = list_path(invocation, err);
	json_t *rows = NULL, *row;
	size_t i;

	if (!path || client_call(invocation->client, "GET", path, NULL, &rows, err) < 0)
		return -1;
	if (!show_json(invocation, rows)) {
		json_array_foreach(rows, i, row)
			add_time(row);
		show_table(rows, columns);
	}
	json_decref(rows);
	return 0;
}

/* ---- verify --------------------------------------------------------------------------------- */

static int verify_get(struct invocation *invocation, json_t **chain, struct err *err)
{
	const char *database = option_value(invocation, "database");
	struct audit_chain found;

	if (!database)
		return client_call(invocation->client, "GET", "/audit/verify", NULL, chain, err);
	if (audit_verify_file(database, &found, err) < 0)
		return -1;
	*chain = report_chain(&found);
	return 0;
}

static void print_chain(json_t *chain)
{
	long long first = number_of(chain, "first"), last = number_of(chain, "last");

	if (!last) {
		printf("the audit log is empty\n");
		return;
	}
	printf("rows %lld to %lld are what was written, in their order\n", first, last);
	if (first > 1)
		printf("rows before %lld were forgotten, and a row says so\n", first);
	printf("hash of row %lld: %s\n", last, json_string_value(json_object_get(chain, "hash")));
}

int cmd_audit_verify(struct invocation *invocation, struct err *err)
{
	json_t *chain = NULL;

	if (verify_get(invocation, &chain, err) < 0)
		return -1;
	long long broken = number_of(chain, "broken");
	if (!show_json(invocation, chain) && !broken)
		print_chain(chain);
	if (broken)
		err_set(err, ERR_INTERNAL, "audit row %lld %s", broken,
			json_string_value(json_object_get(chain, "finding")));
	json_decref(chain);
	return broken ? -1 : 0;
}

/* ---- forget --------------------------------------------------------------------------------- */

int cmd_audit_forget(struct invocation *invocation, struct err *err)
{
	json_t *reply = NULL;
	int64_t before;

	if (read_time("TIME", invocation->argument[0], &before, err) < 0)
		return -1;
	if (!confirm(invocation, "Remove all rows of the audit log before that time? They cannot be "
				 "brought back."))
		return err_set(err, ERR_CONFLICT, "nothing was removed");
	if (client_call(invocation->client, "POST", "/audit/forget",
			json_pack("{s:I}", "before", (json_int_t)before), &reply, err) < 0)
		return -1;
	if (!show_json(invocation, reply))
		printf("%lld rows were removed\n", (long long)number_of(reply, "removed"));
	json_decref(reply);
	return 0;
}
