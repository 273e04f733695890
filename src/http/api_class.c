/* Classes: made, launched, closed, removed. */
#include "core/class.h"
#include "core/course.h"

#include "base/auto.h"
#include "base/str.h"
#include "http/api.h"

int api_classes(struct request *request, struct err *err)
{
	json_t *list = json_array();
	struct class *class;
	long closed;

	if (request_query_number(request, "closed", 0, 1, 0, &closed, err) < 0) {
		json_decref(list);
		return -1;
	}
	LIST_FOREACH(class, core_classes(request->server->core), entry)
		if (!class->row.hidden && (closed || class->state != CLASS_CLOSED))
			json_array_append_new(list, view_class(class));
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

static const char **name_list(const json_t *names, size_t *count)
{
	*count = json_array_size(names);
	const char **list = mem_alloc((*count + 1) * sizeof(*list));

	for (size_t i = 0; i < *count; i++)
		list[i] = json_string_value(json_array_get(names, i));
	return list;
}

int api_class_post(struct request *request, struct err *err)
{
	json_t *names = NULL;
	long seats = 0;
	struct class_new wanted = { 0 };
	const struct field fields[] = {
		{ "course", FIELD_TEXT, true, 1, 64, &wanted.course },
		{ "version", FIELD_TEXT, false, 1, 15, &wanted.version },
		{ "name", FIELD_TEXT, false, 1, CLASS_NAME_MAX, &wanted.name },
		{ "seats", FIELD_NUMBER, false, 1, CLASS_SEATS_MAX, &seats },
		{ "names", FIELD_NAMES, false, 1, CLASS_SEATS_MAX, &names },
	};
	struct class *class;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (!seats && !names)
		return err_set(err, ERR_INVALID, "seats or names is missing");
	AUTO_FREE const char **list = name_list(names, &wanted.name_count);
	wanted.names = names ? list : NULL;
	wanted.seats = (unsigned)seats;
	if (class_create(request->server->core, &request->actor, &wanted, &class, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_CREATED, view_class_full(class));
	return 0;
}

int api_class_get(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_class_full(request->class));
	return 0;
}

int api_class_delete(struct request *request, struct err *err)
{
	if (class_remove(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

int api_class_launch(struct request *request, struct err *err)
{
	bool untested = false;
	const struct field fields[] = { { "untested", FIELD_BOOL, false, 0, 0, &untested } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    class_launch(request->server->core, &request->actor, request->class, untested, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_class(request->class));
	return 0;
}

int api_class_close(struct request *request, struct err *err)
{
	if (class_close(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_class(request->class));
	return 0;
}

/* ---- all seats at once ---------------------------------------------------------------------- */

int api_class_catch_up(struct request *request, struct err *err)
{
	const char *lab_id;
	const struct field fields[] = { { "lab", FIELD_TEXT, true, 1, 64, &lab_id } };
	struct work *work;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	const struct pack_lab *lab = pack_lab(request->class->pack, lab_id);
	if (!lab)
		return err_set(err, ERR_NOT_FOUND, "the course has no lab \"%s\"", lab_id);
	if (class_catch_up(request->server->core, &request->actor, request->class, lab, &work, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
	return 0;
}

int api_class_open_lab(struct request *request, struct err *err)
{
	struct work *work;

	if (class_open_lab(request->server->core, &request->actor, request->class, request->lab, &work, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
	return 0;
}
