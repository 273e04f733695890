/* The staff's accounts and sessions, for admins. */
#include <limits.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/account.h"
#include "core/password.h"
#include "http/api.h"

int api_accounts(struct request *request, struct err *err)
{
	json_t *list = account_list(request->server->auth, err);

	if (!list)
		return -1;
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

static void on_account_set(void *context, const char *made, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (err)
		reply_err(request, err);
	else
		reply_json(request, MHD_HTTP_OK,
			   made ? json_pack("{s:s}", "password", made) : json_object());
	server_recheck(request->server);
	request_resume(request);
}

static int set_later(struct request *request, const struct account_wanted *wanted, struct err *err)
{
	struct ticket *ticket = request_defer(request);

	if (account_set(request->server->auth, &request->actor, wanted, on_account_set, ticket,
			err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}

static int role_by_name(const char *name, enum role *role, struct err *err)
{
	for (int i = ROLE_STUDENT; i < ROLES; i++) {
		if (strcmp(role_names[i], name) == 0) {
			*role = (enum role)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "role must be student, observer, assistant, instructor or admin");
}

/* What PUT and PATCH share: what is not named stays as it is. */
static int wanted_read(struct request *request, const struct field *more, size_t count, struct account_wanted *wanted,
		       struct err *err)
{
	const char *role = NULL;
	long organisation = ACCOUNT_KEEP;
	struct field fields[8] = {
		{ "name", FIELD_TEXT, false, 1, 100, &wanted->name },
		{ "role", FIELD_TEXT, false, 1, 32, &role },
		{ "organisation", FIELD_NUMBER, false, 0, LONG_MAX, &organisation },
	};

	for (size_t i = 0; i < count; i++)
		fields[3 + i] = more[i];
	wanted->login = request->name;
	wanted->role = ROLE_NONE;
	if (fields_read(request->json, fields, 3 + count, err) < 0 ||
	    (role && role_by_name(role, &wanted->role, err) < 0))
		return -1;
	wanted->organisation = organisation;
	return 0;
}

int api_account_put(struct request *request, struct err *err)
{
	struct account_wanted wanted = { 0 };
	const struct field more[] = {
		{ "password", FIELD_SECRET, false, PASSWORD_MIN, PASSWORD_MAX, &wanted.password },
		{ "make_password", FIELD_BOOL, false, 0, 0, &wanted.make_password },
	};

	if (wanted_read(request, more, ARRAY_SIZE(more), &wanted, err) < 0)
		return -1;
	return set_later(request, &wanted, err);
}

int api_account_patch(struct request *request, struct err *err)
{
	struct account_wanted wanted = { 0 };

	if (wanted_read(request, NULL, 0, &wanted, err) < 0 ||
	    account_change(request->server->auth, &request->actor, request->name, wanted.name, wanted.role,
			   wanted.organisation, err) < 0)
		return -1;
	server_recheck(request->server);
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

int api_account_password(struct request *request, struct err *err)
{
	struct account_wanted wanted = { .login = request->name, .organisation = ACCOUNT_KEEP, .make_password = true,
					 .there = true };
	const struct field fields[] = {
		{ "password", FIELD_SECRET, false, PASSWORD_MIN, PASSWORD_MAX, &wanted.password },
	};

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	return set_later(request, &wanted, err);
}

int api_account_delete(struct request *request, struct err *err)
{
	if (account_remove(request->server->auth, &request->actor, request->name, err) < 0)
		return -1;
	server_recheck(request->server);
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

int api_account_sessions(struct request *request, struct err *err)
{
	json_t *list = account_sessions(request->server->auth, request->name, request->token, err);

	if (!list)
		return -1;
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

/* All, or the one that the query names. */
int api_account_sign_out(struct request *request, struct err *err)
{
	int64_t ended;

	if (account_sign_out(request->server->auth, &request->actor, request->name,
			     request_query(request, "session"), &ended, err) < 0)
		return -1;
	server_recheck(request->server);
	reply_json(request, MHD_HTTP_OK, json_pack("{s:I}", "ended", (json_int_t)ended));
	return 0;
}
