/* What an admin chooses for the whole installation. */
#include "core/setting.h"
#include "http/api.h"

int api_site(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_site(request->server->core));
	return 0;
}

int api_settings(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_settings(request->server->core));
	return 0;
}

int api_settings_patch(struct request *request, struct err *err)
{
	if (settings_change(request->server->core, &request->actor, request->json, err) < 0)
		return -1;
	return api_settings(request, err);
}
