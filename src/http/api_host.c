/* The host, its health, and its accounts. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "http/api.h"

int api_health(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK,
		   json_pack("{s:s, s:s}", "status", "ok", "version", TERAKOYA_VERSION));
	return 0;
}

int api_host(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_host(request->server->core));
	return 0;
}

static json_t *view_pace(const struct hub_pace *pace)
{
	return json_pack("{s:i, s:i}", "p50_us", (int)pace->p50_us, "p99_us", (int)pace->p99_us);
}

int api_stats(struct request *request, struct err *err)
{
	struct hub_stats stats;

	(void)err;
	hub_stats(request->server->hub, &stats);
	reply_json(request, MHD_HTTP_OK,
		   json_pack("{s:i, s:i, s:I, s:o, s:o}", "terminals", (int)stats.terminals,
			     "viewers", (int)stats.viewers, "ring_bytes",
			     (json_int_t)stats.ring_bytes, "keys", view_pace(&stats.keys), "output",
			     view_pace(&stats.output)));
	return 0;
}

static int role_by_name(const char *name, enum role *role, struct err *err)
{
	for (int i = ROLE_OBSERVER; i < ROLES; i++) {
		if (strcmp(role_names[i], name) == 0) {
			*role = (enum role)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "role must be observer, assistant, instructor or admin");
}

int api_account_put(struct request *request, struct err *err)
{
	const char *name, *role_name, *password = NULL;
	const struct field fields[] = {
		{ "name", FIELD_TEXT, true, 1, 100, &name },
		{ "role", FIELD_TEXT, true, 1, 32, &role_name },
		{ "password", FIELD_SECRET, false, 8, 1024, &password },
	};
	enum role role = ROLE_NONE;
	char made[25] = "";

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    role_by_name(role_name, &role, err) < 0 ||
	    auth_set_account(request->server->auth, request->name, name, role, password, made,
			     err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK,
		   password ? json_object() : json_pack("{s:s}", "password", made));
	return 0;
}
