/* Rosters are looked at before anything is made of them. */
#include "core/roster.h"

#include "base/auto.h"
#include "http/api.h"

int api_roster_preview(struct request *request, struct err *err)
{
	AUTO(roster) struct roster roster = { 0 };
	const char *bytes = request->body.data ? (const char *)request->body.data : "";

	if (roster_read(bytes, request->body.length, &roster, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_roster(&roster));
	return 0;
}
