/* Who else leads a class, or helps in it. */
#include "core/staff.h"
#include "http/api.h"

static int reply_staff(struct request *request, struct err *err)
{
	json_t *view = staff_view(request->server->core, request->class, err);

	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

int api_staff_get(struct request *request, struct err *err)
{
	return reply_staff(request, err);
}

int api_staff_put(struct request *request, struct err *err)
{
	if (staff_add(request->server->core, &request->actor, request->class, request->name, err) < 0)
		return -1;
	return reply_staff(request, err);
}

/* What they watch of it ends now. */
int api_staff_delete(struct request *request, struct err *err)
{
	struct server *server = request->server;

	if (staff_remove(server->core, &request->actor, request->class, request->name, err) < 0)
		return -1;
	server_recheck(server);
	return reply_staff(request, err);
}
