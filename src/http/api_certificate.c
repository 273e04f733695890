/* Certificates of attendance, and how long results are kept: what comes after a class. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/certificate.h"
#include "core/class.h"
#include "core/retention.h"
#include "http/api.h"

static int reply_certificates(struct request *request, unsigned status, struct err *err)
{
	AUTO_FREE char *url = str_fmt("%s/verify/", request->server->url);
	json_t *view = certificates_view(request->class, url, err);

	if (!view)
		return -1;
	reply_json(request, status, view);
	return 0;
}

int api_certificates_get(struct request *request, struct err *err)
{
	return reply_certificates(request, MHD_HTTP_OK, err);
}

int api_certificates_post(struct request *request, struct err *err)
{
	struct certificate_wanted wanted = { 0 };
	json_t *seats;
	const struct field fields[] = {
		{ "seats", FIELD_LIST, true, 1, CLASS_SEATS_MAX, &seats },
		{ "begins", FIELD_TEXT, true, 10, 10, &wanted.begins },
		{ "ends", FIELD_TEXT, true, 10, 10, &wanted.ends },
		{ "minutes", FIELD_NUMBER, true, 1, 60000, &wanted.minutes },
	};

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	wanted.seats = seats;
	if (certificates_issue(request->class, &request->actor, &wanted, err) < 0)
		return -1;
	return reply_certificates(request, MHD_HTTP_CREATED, err);
}

int api_certificate_delete(struct request *request, struct err *err)
{
	if (certificate_revoke(request->class, &request->actor, request->name, err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

int api_certificate_get(struct request *request, struct err *err)
{
	char address[64] = "";

	if (!request->listener->local)
		request_address(request, address);
	json_t *view = certificate_confirm(request->server->core, request->name, address, err);
	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

int api_class_retention(struct request *request, struct err *err)
{
	long until;
	const struct field fields[] = { { "until", FIELD_NUMBER, true, 0, INT64_MAX, &until } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    class_keep_results(request->server->core, &request->actor, request->class, until, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}
