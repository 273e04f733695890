/* Courses, templates, versions. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

int work_begin(struct invocation *invocation, const char *path, struct err *err)
{
	const char *version = option_value(invocation, "version");
	json_t *body = json_pack("{s:b}", "force", option_value(invocation, "force") != NULL), *work = NULL;

	if (version)
		json_object_set_new(body, "version", json_string(version));
	if (client_call(invocation->client, "POST", path, body, &work, err) < 0)
		return -1;
	int result = show_work(invocation, work, err);
	json_decref(work);
	return result;
}

/* On standard error, so that the table and --json stay what they are. */
static int tell_problems(struct invocation *invocation, struct err *err)
{
	json_t *problems = NULL, *problem;
	size_t i;

	if (client_call(invocation->client, "GET", "/courses/problems", NULL, &problems, err) < 0)
		return -1;
	json_array_foreach(problems, i, problem)
		fprintf(stderr, "the course in %s cannot be used: %s\n",
			json_string_value(json_object_get(problem, "directory")),
			json_string_value(json_object_get(problem, "message")));
	json_decref(problems);
	return 0;
}

int cmd_course_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "COURSE=id", "VERSION=version", "TITLE=title.en",
					       "題名=title.ja", NULL };

	if (show_list(invocation, "/courses", columns, err) < 0)
		return -1;
	return tell_problems(invocation, err);
}

int cmd_template_bake(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/courses/%s/bake", invocation->argument[0]);

	return work_begin(invocation, path, err);
}

int cmd_template_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "COURSE=course",	  "VERSION=version",   "MACHINE=machine",   "IMAGE=image",
					       "BAKED=baked",	  "MEMORY=ram_bytes", "STATE=state_bytes",
					       "DISK=disk_bytes", NULL };

	return show_list(invocation, "/templates", columns, err);
}

int cmd_version(struct invocation *invocation, struct err *err)
{
	json_t *health = NULL;
	struct err away = ERR_INIT;

	(void)err;
	client_call(invocation->client, "GET", "/health", NULL, &health, &away);
	const char *daemon = json_string_value(json_object_get(health, "version"));
	json_t *versions = json_pack("{s:s, s:s?}", "terakoya", TERAKOYA_VERSION, "terakoyad", daemon);
	if (!show_json(invocation, versions))
		printf("terakoya %s\nterakoyad %s\n", TERAKOYA_VERSION, daemon ? daemon : "is not running");
	json_decref(versions);
	json_decref(health);
	return 0;
}
