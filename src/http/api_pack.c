/* Versions of courses, and their archives: the only bodies that are neither JSON nor small. An upload is
 * written to a file while it comes, and read by nobody before all of it is there. */
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/packs.h"
#include "core/proof.h"
#include "core/report.h"
#include "http/api.h"

int api_packs(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, packs_list(request->server->core));
	return 0;
}

/* The version as a course: what view_course() says, of whichever version. */
int api_pack_get(struct request *request, struct err *err)
{
	struct core *core = request->server->core;
	const struct pack *pack;

	if (packs_find(core, request->name, request->version, &pack, err) < 0)
		return -1;
	json_t *view = view_course(pack);
	json_object_set_new(view, "proven_at", json_integer(proof_passed_at(core, pack)));
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

int api_pack_lab(struct request *request, struct err *err)
{
	enum pack_lang lang;

	if (request_language(request, &lang, err) < 0)
		return -1;
	json_t *view = view_pack_lab(request->pack, request->lab, lang, err);
	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

/* ---- import --------------------------------------------------------------------------------- */

static void on_imported(void *context, const struct pack *pack, bool is_new,
			const struct pack_findings *findings, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (pack)
		reply_json(request, is_new ? MHD_HTTP_CREATED : MHD_HTTP_OK,
			   view_pack(request->server->core, pack));
	else
		reply_err_with(request, err, "findings", report_findings(findings));
	request_resume(request);
}

static bool is_gzip(const char *type)
{
	return type && (strcasecmp(type, "application/gzip") == 0 ||
			strcasecmp(type, "application/x-gzip") == 0);
}

int api_pack_import(struct request *request, struct err *err)
{
	if (!is_gzip(request_header(request, "Content-Type"))) {
		reply_problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type",
			      "the body must be a pack's archive, application/gzip");
		return 0;
	}
	if (!request->received)
		return err_set(err, ERR_INVALID, "the body is empty; send a pack's archive");
	packs_import(request->server->core, &request->actor, STEAL_FD(request->upload), on_imported,
		     request_defer(request));
	return 0;
}

/* ---- export --------------------------------------------------------------------------------- */

static void on_exported(void *context, int fd, const struct err *err)
{
	struct request *request = ticket_redeem(context);
	AUTO_CLOSE int mine = fd;
	struct stat status;

	if (!request)
		return;
	if (fd < 0 || fstat(fd, &status) < 0) {
		reply_err(request, err);
	} else {
		AUTO_FREE char *name = str_fmt("attachment; filename=\"%s-%s.tar.gz\"", request->name,
					       request->version);
		struct MHD_Response *response =
			MHD_create_response_from_fd64((uint64_t)status.st_size, STEAL_FD(mine));
		reply_strict(response);
		MHD_add_response_header(response, "Content-Type", "application/gzip");
		MHD_add_response_header(response, "Content-Disposition", name);
		MHD_add_response_header(response, "Cache-Control", "no-store");
		reply_response(request, MHD_HTTP_OK, response);
	}
	request_resume(request);
}

int api_pack_export(struct request *request, struct err *err)
{
	struct core *core = request->server->core;
	const struct pack *pack;

	if (packs_find(core, request->name, request->version, &pack, err) < 0)
		return -1;
	packs_export(core, pack, on_exported, request_defer(request));
	return 0;
}

/* ---- activate, remove ------------------------------------------------------------------------ */

int api_pack_activate(struct request *request, struct err *err)
{
	if (packs_activate(request->server->core, &request->actor, request->name, request->version,
			   err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, packs_list(request->server->core));
	return 0;
}

int api_pack_remove(struct request *request, struct err *err)
{
	if (packs_remove(request->server->core, &request->actor, request->name, request->version,
			 err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}
