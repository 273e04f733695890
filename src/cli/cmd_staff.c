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

int cmd_class_staff(struct invocation *invocation, struct err *err)
{
	const char *add = option_value(invocation, "add"), *remove = option_value(invocation, "remove");
	const char *method = add ? "PUT" : remove ? "DELETE" : "GET", *who = add ? add : remove;
	AUTO_FREE char *action = who ? address_of("/staff/%s", who) : str_copy("/staff");
	json_t *view = NULL;

	if (class_call(invocation, method, action, NULL, &view, err) < 0)
		return -1;
	if (!show_json(invocation, view))
		print_staff(view);
	json_decref(view);
	return 0;
}
