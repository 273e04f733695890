/* Accounts of the staff. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* The first line, however long: the daemon says what is too long. */
static int read_password(json_t *body, struct err *err)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;

	if (getline(&line, &room, stdin) < 0)
		return err_set(err, ERR_INVALID, "no password came on standard input");
	line[strcspn(line, "\n")] = 0;
	if (json_object_set_new(body, "password", json_string(line)) < 0)
		return err_set(err, ERR_INVALID, "the password on standard input is not UTF-8");
	return 0;
}

/* Steals body. Sends it with the password that was given, if one was, and prints one that was made. */
static int send_account(struct invocation *invocation, const char *method, const char *path,
			json_t *body, struct err *err)
{
	const char *login = invocation->argument[0];
	json_t *reply = NULL;

	if (option_value(invocation, "password-stdin") && read_password(body, err) < 0) {
		json_decref(body);
		return -1;
	}
	if (client_call(invocation->client, method, path, body, &reply, err) < 0)
		return -1;
	const char *made = json_string_value(json_object_get(reply, "password"));
	if (!show_json(invocation, reply))
		printf("%s%s%s\n", login, made ? "  password: " : ": saved", made ? made : "");
	json_decref(reply);
	return 0;
}

int cmd_account_set(struct invocation *invocation, struct err *err)
{
	const char *login = invocation->argument[0], *name = option_value(invocation, "name");
	const char *role = option_value(invocation, "role"), *place = option_value(invocation, "organisation");
	AUTO_FREE char *path = address_of("/accounts/%s", login);
	json_int_t organisation = 0;

	if (place && strcmp(place, "none") && organisation_find(invocation, place, &organisation, err) < 0)
		return -1;
	json_t *body = json_object();
	if (name)
		json_object_set_new(body, "name", json_string(name));
	if (role)
		json_object_set_new(body, "role", json_string(role));
	if (option_value(invocation, "new-password"))
		json_object_set_new(body, "make_password", json_true());
	if (place)
		json_object_set_new(body, "organisation", json_integer(organisation));
	return send_account(invocation, "PUT", path, body, err);
}

int cmd_account_password(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/accounts/%s/password", invocation->argument[0]);

	return send_account(invocation, "POST", path, json_object(), err);
}

static int show_timed(struct invocation *invocation, const char *path, const char *const *columns,
		      const char *const times[][2], struct err *err)
{
	json_t *rows = NULL, *row;
	char text[32];
	size_t i;

	if (client_call(invocation->client, "GET", path, NULL, &rows, err) < 0)
		return -1;
	if (!show_json(invocation, rows)) {
		json_array_foreach(rows, i, row)
			for (size_t k = 0; times[k][0]; k++)
				json_object_set_new(row, times[k][1],
						    json_string(show_time(number_of(row, times[k][0]), text)));
		show_table(rows, columns);
	}
	json_decref(rows);
	return 0;
}

int cmd_account_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "LOGIN=login",	      "NAME=name",
					       "ROLE=role",	      "ORGANISATION=organisation.name",
					       "CLASSES=classes",
					       "SESSIONS=sessions",   "LAST SEEN=seen",
					       NULL };
	static const char *const times[][2] = { { "seen_at", "seen" }, { NULL, NULL } };

	return show_timed(invocation, "/accounts", columns, times, err);
}

int cmd_account_sessions(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "SESSION=id", "SIGNED IN=created", "LAST SEEN=seen",
					       "ENDS=ends", NULL };
	static const char *const times[][2] = { { "created_at", "created" }, { "seen_at", "seen" },
						{ "expires_at", "ends" }, { NULL, NULL } };
	AUTO_FREE char *path = address_of("/accounts/%s/sessions", invocation->argument[0]);

	return show_timed(invocation, path, columns, times, err);
}

int cmd_account_sign_out(struct invocation *invocation, struct err *err)
{
	const char *session = option_value(invocation, "session");
	AUTO_FREE char *path = session ? address_of("/accounts/%s/sessions?session=%s", invocation->argument[0], session) :
					 address_of("/accounts/%s/sessions", invocation->argument[0]);
	json_t *reply = NULL;

	if (client_call(invocation->client, "DELETE", path, NULL, &reply, err) < 0)
		return -1;
	long long ended = number_of(reply, "ended");
	if (!show_json(invocation, reply))
		printf("%s: %lld session%s ended\n", invocation->argument[0], ended,
		       ended == 1 ? "" : "s");
	json_decref(reply);
	return 0;
}

int cmd_account_remove(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/accounts/%s", invocation->argument[0]);

	if (!confirm(invocation, "Remove the account? The person's sessions end; classes stay and can be led by "
				 "any instructor."))
		return err_set(err, ERR_CONFLICT, "nothing was removed");
	if (client_call(invocation->client, "DELETE", path, NULL, NULL, err) < 0)
		return -1;
	show_done(invocation, "%s is removed", invocation->argument[0]);
	return 0;
}
