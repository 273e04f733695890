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

static int write_table(struct invocation *invocation, long id, struct err *err)
{
	const char *language = option_value(invocation, "language");
	AUTO_FREE char *path = str_fmt("/classes/%ld/results.csv?form=%s&language=%s&east=%ld", id,
				       option_value(invocation, "tasks") ? "tasks" : "summary",
				       language ? language : "en", east());

	return client_get_file(invocation->client, path, stdout, err);
}

int cmd_class_results(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = {
		"SEAT=number", "NAME=name",	"ORGANISATION=organisation", "LABS=labs_done", "TASKS=tasks_done",
		"POINTS=points", "HINTS=hints", "CAUGHT UP=caught_up",	     NULL
	};
	const char *named = invocation->argument[0];
	json_t *view = NULL;
	long id;

	if (!str_to_number(named, 1, 1000000000, &id))
		return err_set(err, ERR_INVALID, "a class is named by its number (terakoya class list), not \"%s\"",
			       named);
	if (option_value(invocation, "csv"))
		return write_table(invocation, id, err);
	AUTO_FREE char *path = str_fmt("/classes/%ld/results", id);
	if (client_call(invocation->client, "GET", path, NULL, &view, err) < 0)
		return -1;
	if (!show_json(invocation, view))
		show_table(json_object_get(view, "seats"), columns);
	json_decref(view);
	return 0;
}
