/* The host and its health. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/checkup.h"
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
	const struct gateway *gateway = request->server->gateway;
	json_t *host = view_host(request->server->core);

	(void)err;
	json_object_set_new(host, "ssh", !gateway ? json_null()
						  : json_pack("{s:i, s:s}", "port",
							      (int)gateway_port(gateway), "fingerprint",
							      gateway_fingerprint(gateway)));
	reply_json(request, MHD_HTTP_OK, host);
	return 0;
}

static void on_examined(void *context, const struct doctor_report *report)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	reply_json(request, MHD_HTTP_OK, doctor_report_json(report));
	request_resume(request);
}

int api_host_doctor(struct request *request, struct err *err)
{
	(void)err;
	checkup_run(request->server->core, on_examined, request_defer(request));
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
