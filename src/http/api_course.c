/* Courses, and the long work they need before the first class: images and templates. */
#include <limits.h>
#include <string.h>

#include "base/auto.h"
#include "core/capacity.h"
#include "core/class.h"
#include "core/course.h"
#include "core/image_copy.h"
#include "core/proof.h"
#include "http/api.h"

int api_courses(struct request *request, struct err *err)
{
	struct core *core = request->server->core;
	json_t *list = json_array();

	(void)err;
	for (size_t i = 0; i < course_count(core); i++) {
		const struct pack *pack = course_at(core, i);
		json_t *view = view_course(pack);
		json_object_set_new(view, "proven_at", json_integer(proof_passed_at(core, pack)));
		json_array_append_new(list, view);
	}
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

/* Packs that are there and cannot be used, with file, line and remedy. */
int api_course_problems(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, course_problems(request->server->core));
	return 0;
}

static int need_course(struct request *request, struct err *err)
{
	if (course_find(request->server->core, request->name))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no course \"%s\"", request->name);
}

static json_t *view_capacity(const struct capacity *capacity)
{
	return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, s:b, s:b, s:b, s:s}", "seats",
			 (int)capacity->seats, "seats_that_fit", (int)capacity->seats_that_fit, "memory_needed",
			 (json_int_t)capacity->memory_needed, "memory_free", (json_int_t)capacity->memory_free,
			 "memory_kept", (json_int_t)capacity->memory_kept, "disk_needed",
			 (json_int_t)capacity->disk_needed, "disk_free", (json_int_t)capacity->disk_free, "disk_kept",
			 (json_int_t)capacity->disk_kept, "kept_for", (int)capacity->kept_for, "launch_ms",
			 (json_int_t)capacity->launch_ms, "measured", capacity->measured, "time_measured",
			 capacity->time_measured, "fits", capacity->fits, "verdict", capacity->verdict);
}

int api_course_capacity(struct request *request, struct err *err)
{
	struct core *core = request->server->core;
	struct capacity capacity;
	long seats;

	if (need_course(request, err) < 0 ||
	    request_query_number(request, "seats", 1, CLASS_SEATS_MAX, 1, &seats, err) < 0)
		return -1;
	pack_capacity(core, course_find(core, request->name), (unsigned)seats, &capacity);
	reply_json(request, MHD_HTTP_OK, view_capacity(&capacity));
	return 0;
}

int api_class_capacity(struct request *request, struct err *err)
{
	struct class *class = request->class;
	struct capacity capacity;

	if (class->state != CLASS_DRAFT && class->state != CLASS_FROZEN)
		return err_set(err, ERR_CONFLICT, "class %lld is %s: what it takes is asked before it is launched or "
			       "resumed", (long long)class->row.id, class_state_names[class->state]);
	class_capacity(class, &capacity);
	reply_json(request, MHD_HTTP_OK, view_capacity(&capacity));
	return 0;
}

int api_images(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, image_list(request->server->core));
	return 0;
}

int api_image(struct request *request, struct err *err)
{
	json_t *view = image_show(request->server->core, request->name, err);

	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

int api_templates(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, template_list(request->server->core));
	return 0;
}

static int read_force(struct request *request, bool *force, struct err *err)
{
	const struct field fields[] = { { "force", FIELD_BOOL, false, 0, 0, force } };

	*force = false;
	return fields_read(request->json, fields, ARRAY_SIZE(fields), err);
}

static int read_bake(struct request *request, bool *force, const char **version, struct err *err)
{
	const struct field fields[] = { { "force", FIELD_BOOL, false, 0, 0, force },
					{ "version", FIELD_TEXT, false, 1, 15, version } };

	return fields_read(request->json, fields, ARRAY_SIZE(fields), err);
}

/* A work that had nothing to do is a finished one, without a number to ask for. */
static void reply_work(struct request *request, const struct work *work, const char *kind)
{
	struct work done = { .state = WORK_DONE, .fraction = 1 };

	if (work) {
		reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
		return;
	}
	snprintf(done.kind, sizeof(done.kind), "%s", kind);
	snprintf(done.object, sizeof(done.object), "%s", request->name);
	reply_json(request, MHD_HTTP_OK, view_work(&done));
}

int api_image_build(struct request *request, struct err *err)
{
	struct work *work = NULL;
	bool force;

	if (read_force(request, &force, err) < 0 ||
	    image_build(request->server->core, request->name, force, &work, err) < 0)
		return -1;
	reply_work(request, work, "image");
	return 0;
}

int api_image_log(struct request *request, struct err *err)
{
	long after;

	if (request_query_number(request, "after", 0, LONG_MAX, 0, &after, err) < 0)
		return -1;
	json_t *view = image_log(request->server->core, request->name, (uint64_t)after, err);
	if (!view)
		return -1;
	reply_json(request, MHD_HTTP_OK, view);
	return 0;
}

int api_image_delete(struct request *request, struct err *err)
{
	struct ticket *ticket = request_defer(request);

	if (image_remove(request->server->core, &request->actor, request->name,
			 request_query(request, "digest"), reply_outcome, ticket, err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}

int api_course_bake(struct request *request, struct err *err)
{
	struct work *work = NULL;
	const char *version = NULL;
	bool force = false;

	if (read_bake(request, &force, &version, err) < 0 || need_course(request, err) < 0 ||
	    template_bake(request->server->core, request->name, version, force, &work, err) < 0)
		return -1;
	reply_work(request, work, "template");
	return 0;
}

static bool work_is_seen(const struct request *request, const struct work *work)
{
	const struct class *class = core_class(request->server->core, work->class_id);

	return request->actor.role == ROLE_ADMIN || !work->class_id ||
	       (class && access_to_class(class, &request->actor) >= ACCESS_HELP);
}

int api_works(struct request *request, struct err *err)
{
	json_t *list = json_array();
	struct work *work;

	(void)err;
	LIST_FOREACH(work, core_works(request->server->core), entry)
		if (work_is_seen(request, work))
			json_array_append_new(list, view_work(work));
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

int api_work(struct request *request, struct err *err)
{
	const struct work *work = core_work(request->server->core, request->number);

	if (!work || !work_is_seen(request, work))
		return err_set(err, ERR_NOT_FOUND, "there is no work %ld", request->number);
	reply_json(request, MHD_HTTP_OK, view_work(work));
	return 0;
}
