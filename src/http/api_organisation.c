/* Organisations: listed, made, renamed, merged, removed. */
#include <limits.h>

#include "base/auto.h"
#include "core/name.h"
#include "core/organisation.h"
#include "http/api.h"

int api_organisations(struct request *request, struct err *err)
{
	json_t *list = organisation_list(request->server->core, err);

	if (!list)
		return -1;
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

static int read_name(struct request *request, const char **name, struct err *err)
{
	const struct field fields[] = { { "name", FIELD_TEXT, true, 1, NAME_CHARACTERS, name } };

	return fields_read(request->json, fields, ARRAY_SIZE(fields), err);
}

int api_organisation_post(struct request *request, struct err *err)
{
	const char *name;
	int64_t id;

	if (read_name(request, &name, err) < 0 ||
	    organisation_add(request->server->core, &request->actor, name, &id, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_CREATED, view_organisation(request->server->core, id));
	return 0;
}

int api_organisation_patch(struct request *request, struct err *err)
{
	struct core *core = request->server->core;
	const char *name;

	if (read_name(request, &name, err) < 0 ||
	    organisation_rename(core, &request->actor, request->number, name, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_organisation(core, request->number));
	return 0;
}

int api_organisation_delete(struct request *request, struct err *err)
{
	if (organisation_remove(request->server->core, &request->actor, request->number, err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

int api_organisation_merge(struct request *request, struct err *err)
{
	struct core *core = request->server->core;
	long into;
	const struct field fields[] = { { "into", FIELD_NUMBER, true, 1, LONG_MAX, &into } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    organisation_merge(core, &request->actor, request->number, into, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_organisation(core, into));
	return 0;
}
