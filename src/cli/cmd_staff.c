/* Who leads a class, and who helps in it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static void print_member(const char *what, json_t *member)
{
	printf("%-8s %s  %s  %s\n", what, json_string_value(json_object_get(member, "login")),
	       json_string_value(json_object_get(member, "name")),
	       json_string_value(json_object_get(member, "role")));
}

static void print_staff(json_t *view)
{
	json_t *owner = json_object_get(view, "owner"), *member;
	size_t i;

	if (json_is_object(owner))
		print_member("owner", owner);
	else
		printf("owner    nobody: any instructor may lead this class\n");
	json_array_foreach(json_object_get(view, "staff"), i, member)
		print_member("added", member);
}

/* What is asked for, and how; the path to be freed. */
static char *staff_path(struct invocation *invocation, long id, const char **method)
{
	const char *add = option_value(invocation, "add"), *remove = option_value(invocation, "remove");

	*method = add ? "PUT" : remove ? "DELETE" : "GET";
	if (!add && !remove)
		return str_fmt("/classes/%ld/staff", id);
	return str_fmt("/classes/%ld/staff/%s", id, add ? add : remove);
}

int cmd_class_staff(struct invocation *invocation, struct err *err)
{
	const char *named = invocation->argument[0], *method;
	json_t *view = NULL;
	long id;

	if (!str_to_number(named, 1, 1000000000, &id))
		return err_set(err, ERR_INVALID, "a class is named by its number (terakoya class list), not \"%s\"",
			       named);
	AUTO_FREE char *path = staff_path(invocation, id, &method);
	if (client_call(invocation->client, method, path, NULL, &view, err) < 0)
		return -1;
	if (!show_json(invocation, view))
		print_staff(view);
	json_decref(view);
	return 0;
}
