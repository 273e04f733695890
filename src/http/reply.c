#include "http/reply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static const unsigned statuses[] = {
	[ERR_NONE] = 500,	 [ERR_INVALID] = 400,	[ERR_UNAUTHENTICATED] = 401,
	[ERR_DENIED] = 403,	 [ERR_NOT_FOUND] = 404, [ERR_CONFLICT] = 409,
	[ERR_TOO_LARGE] = 413,	 [ERR_THROTTLED] = 429, [ERR_CAPACITY] = 507,
	[ERR_UNAVAILABLE] = 503, [ERR_TIMEOUT] = 504,	[ERR_GUEST] = 502,
	[ERR_INTERNAL] = 500,
};
static_assert(ARRAY_SIZE(statuses) == ERR_KINDS, "every error kind has a status");

unsigned reply_status(enum err_kind kind)
{
	return kind < ERR_KINDS ? statuses[kind] : 500;
}

void reply_strict(struct MHD_Response *response)
{
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

void reply_response(struct request *request, unsigned status, struct MHD_Response *response)
{
	if (request->response)
		MHD_destroy_response(request->response);
	request->response = response;
	request->status = status;
}

void reply_header(struct request *request, const char *name, const char *value)
{
	MHD_add_response_header(request->response, name, value);
}

/* The text is MHD's from here on, which frees it with free(). */
static void reply_text(struct request *request, unsigned status, const char *type, char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);

	reply_strict(response);
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	reply_response(request, status, response);
}

void reply_json(struct request *request, unsigned status, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(json);
	reply_text(request, status, "application/json", text ? text : str_copy("null"));
}

void reply_empty(struct request *request, unsigned status)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	reply_strict(response);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	reply_response(request, status, response);
}

static json_t *problem(unsigned status, const char *kind, const char *detail)
{
	/* What a guest or a path said may end up in a message: JSON wants it to be UTF-8. */
	json_t *text = json_string(detail);

	return json_pack("{s:s, s:s, s:i, s:o, s:s}", "type", "about:blank", "title", kind, "status",
			 (int)status, "detail",
			 text ? text : json_string("the message is not UTF-8"), "kind", kind);
}

static void reply_problem_json(struct request *request, unsigned status, json_t *json)
{
	reply_text(request, status, "application/problem+json", json_dumps(json, JSON_COMPACT));
	json_decref(json);
}

void reply_problem(struct request *request, unsigned status, const char *kind, const char *detail)
{
	reply_problem_json(request, status, problem(status, kind, detail));
}

void reply_err_with(struct request *request, const struct err *err, const char *name, json_t *value)
{
	unsigned status = reply_status(err->kind);
	json_t *json = problem(status, err_kind_name(err->kind), err->message);

	json_object_set_new(json, name, value);
	reply_problem_json(request, status, json);
}

void reply_err(struct request *request, const struct err *err)
{
	reply_problem(request, reply_status(err->kind), err_kind_name(err->kind), err->message);
	if (err->kind == ERR_THROTTLED) {
		char seconds[16];
		snprintf(seconds, sizeof(seconds), "%d", err->code > 0 ? err->code : 1);
		reply_header(request, "Retry-After", seconds);
	}
}

void reply_outcome(void *ticket, const struct err *err)
{
	struct request *request = ticket_redeem(ticket);

	if (!request)
		return;
	if (err)
		reply_err(request, err);
	else
		reply_empty(request, MHD_HTTP_NO_CONTENT);
	request_resume(request);
}
