/* What people have achieved in a class. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/str.h"

/* Minutes east of UTC, here and now. */
static long east(void)
{
	time_t now = time(NULL);
	struct tm local;

	return localtime_r(&now, &local) ? local.tm_gmtoff / 60 : 0;
}

static int write_table(struct invocation *invocation, struct err *err)
{
	const char *language = option_value(invocation, "language");
	AUTO_FREE char *minutes = str_fmt("%ld", east());
	AUTO_FREE char *action = address_of("/results.csv?form=%s&language=%s&east=%s",
					    option_value(invocation, "tasks") ? "tasks" : "summary",
					    language ? language : "en", minutes);
	AUTO_FREE char *path = class_path(invocation, action, err);

	return path ? client_get_file(invocation->client, path, stdout, err) : -1;
}

int cmd_class_results(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = {
		"SEAT=number", "NAME=name",	"ORGANISATION=organisation", "LABS=labs_done", "TASKS=tasks_done",
		"POINTS=points", "HINTS=hints", "CAUGHT UP=caught_up",	     NULL
	};
	json_t *view = NULL;

	if (option_value(invocation, "csv"))
		return write_table(invocation, err);
	if (class_call(invocation, "GET", "/results", NULL, &view, err) < 0)
		return -1;
	if (!show_json(invocation, view))
		show_table(json_object_get(view, "seats"), columns);
	json_decref(view);
	return 0;
}
