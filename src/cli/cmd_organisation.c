/* The organisations that accounts and seats belong to. */
#include "cli/cli.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* By its name, which people know, or by its number. */
int organisation_find(struct invocation *invocation, const char *what, json_int_t *id, struct err *err)
{
	json_t *all = NULL, *one;
	json_int_t found = 0;
	size_t i;
	long number = 0;

	if (client_call(invocation->client, "GET", "/organisations", NULL, &all, err) < 0)
		return -1;
	str_to_number(what, 1, INT64_MAX, &number);
	json_array_foreach(all, i, one) {
		json_int_t own = number_of(one, "id");
		if (str_equal(json_string_value(json_object_get(one, "name")), what) || (!found && own == number))
			found = own;
	}
	json_decref(all);
	if (!found)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no organisation \"%s\"; terakoya organisation list names them", what);
	*id = found;
	return 0;
}

static char *organisation_path(struct invocation *invocation, const char *action, struct err *err)
{
	json_int_t id;

	if (organisation_find(invocation, invocation->argument[0], &id, err) < 0)
		return NULL;
	return str_fmt("/organisations/%lld%s", (long long)id, action);
}

/* Sends body, which is stolen, and shows the organisation that comes back. */
static int organisation_send(struct invocation *invocation, const char *method, const char *path, json_t *body,
			     struct err *err)
{
	json_t *reply = NULL;

	if (client_call(invocation->client, method, path, body, &reply, err) < 0)
		return -1;
	if (!show_json(invocation, reply))
		printf("organisation %lld  %s\n", number_of(reply, "id"),
		       json_string_value(json_object_get(reply, "name")));
	json_decref(reply);
	return 0;
}

int cmd_organisation_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "ID=id", "ACCOUNTS=people", "SEATS=seats", "NAME=name", NULL };

	return show_list(invocation, "/organisations", columns, err);
}

int cmd_organisation_add(struct invocation *invocation, struct err *err)
{
	return organisation_send(invocation, "POST", "/organisations",
				 json_pack("{s:s}", "name", invocation->argument[0]), err);
}

int cmd_organisation_rename(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = organisation_path(invocation, "", err);

	if (!path)
		return -1;
	return organisation_send(invocation, "PATCH", path, json_pack("{s:s}", "name", invocation->argument[1]), err);
}

int cmd_organisation_merge(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = organisation_path(invocation, "/merge", err);
	json_int_t into;

	if (!path || organisation_find(invocation, invocation->argument[1], &into, err) < 0)
		return -1;
	if (!confirm(invocation, "Make these two one? Accounts and seats of the first belong to the second from now on, "
				 "and the first is gone."))
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	return organisation_send(invocation, "POST", path, json_pack("{s:I}", "into", into), err);
}

/* Nothing belongs to one that can be removed, so there is nothing to ask. */
int cmd_organisation_remove(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = organisation_path(invocation, "", err);

	if (!path || client_call(invocation->client, "DELETE", path, NULL, NULL, err) < 0)
		return -1;
	show_done(invocation, "%s is removed", invocation->argument[0]);
	return 0;
}
