/* Classes: made, launched, closed, removed. */
#include "core/activity.h"
#include "core/class.h"
#include "core/course.h"

#include <string.h>

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
		if (!class->row.hidden && (closed || class->state != CLASS_CLOSED) &&
		    access_to_class(class, &request->actor))
			json_array_append_new(list, view_class(class));
	reply_json(request, MHD_HTTP_OK, list);
	return 0;
}

static int read_person(const json_t *json, struct class_person *person, struct err *err)
{
	const struct field fields[] = {
		{ "name", FIELD_TEXT, true, 1, CLASS_NAME_MAX, &person->name },
		{ "mail", FIELD_TEXT, false, 0, 254, &person->mail },
		{ "organisation", FIELD_TEXT, false, 0, CLASS_NAME_MAX, &person->organisation },
		{ "language", FIELD_TEXT, false, 0, 2, &person->language },
	};

	if (fields_read(json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (str_is_empty(person->language) || str_equal(person->language, "en") ||
	    str_equal(person->language, "ja"))
		return 0;
	return err_set(err, ERR_INVALID, "language must be en or ja");
}

/* Those that were named, or given with all that is known of them. */
static int read_people(const json_t *names, const json_t *objects, struct class_person *people,
		       struct err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(names, i, item)
		people[i].name = json_string_value(item);
	json_array_foreach(objects, i, item)
		if (read_person(item, &people[i], err) < 0)
			return err_wrap(err, "people[%zu]", i);
	return 0;
}

/* Whether seats are joined with their own codes only. */
static int read_joining(const char *joining, bool *own_codes, struct err *err)
{
	*own_codes = strcmp(joining, "seat") == 0;
	return *own_codes || strcmp(joining, "class") == 0 ?
		       0 :
		       err_set(err, ERR_INVALID, "joining must be class or seat");
}

int api_class_post(struct request *request, struct err *err)
{
	json_t *names = NULL, *people = NULL;
	const char *joining = "class";
	long seats = 0;
	struct class_new wanted = { 0 };
	const struct field fields[] = {
		{ "course", FIELD_TEXT, true, 1, 64, &wanted.course },
		{ "version", FIELD_TEXT, false, 1, 15, &wanted.version },
		{ "name", FIELD_TEXT, false, 1, CLASS_NAME_MAX, &wanted.name },
		{ "seats", FIELD_NUMBER, false, 1, CLASS_SEATS_MAX, &seats },
		{ "names", FIELD_NAMES, false, 1, CLASS_SEATS_MAX, &names },
		{ "people", FIELD_LIST, false, 1, CLASS_SEATS_MAX, &people },
		{ "joining", FIELD_TEXT, false, 1, 16, &joining },
	};
	struct class *class;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (!seats && !names && !people)
		return err_set(err, ERR_INVALID, "seats or names or people is missing");
	if (names && people)
		return err_set(err, ERR_INVALID, "either names or people can be given");
	if (read_joining(joining, &wanted.own_codes, err) < 0)
		return -1;
	wanted.seats = (unsigned)seats;
	wanted.person_count = json_array_size(names) + json_array_size(people);
	AUTO_FREE struct class_person *list = mem_alloc((wanted.person_count + 1) * sizeof(*list));
	wanted.people = list;
	if (read_people(names, people, list, err) < 0 ||
	    class_create(request->server->core, &request->actor, &wanted, &class, err) < 0)
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

int api_class_patch(struct request *request, struct err *err)
{
	const char *joining;
	const struct field fields[] = { { "joining", FIELD_TEXT, true, 1, 16, &joining } };
	bool own_codes;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    read_joining(joining, &own_codes, err) < 0 ||
	    class_set_joining(request->server->core, &request->actor, request->class, own_codes, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}

int api_class_delete(struct request *request, struct err *err)
{
	if (class_remove(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

static int make_machines(struct request *request, typeof(class_launch) *make, struct err *err)
{
	bool untested = false;
	const struct field fields[] = { { "untested", FIELD_BOOL, false, 0, 0, &untested } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    make(request->server->core, &request->actor, request->class, untested, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_class(request->class));
	return 0;
}

int api_class_launch(struct request *request, struct err *err)
{
	return make_machines(request, class_launch, err);
}

int api_class_prepare(struct request *request, struct err *err)
{
	return make_machines(request, class_prepare, err);
}

int api_class_open(struct request *request, struct err *err)
{
	if (class_open(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_class(request->class));
	return 0;
}

/* ---- overnight ------------------------------------------------------------------------------ */

static int begin_round(struct request *request, typeof(class_freeze) *begin, struct err *err)
{
	struct work *work;

	if (begin(request->server->core, &request->actor, request->class, &work, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
	return 0;
}

int api_class_freeze(struct request *request, struct err *err)
{
	return begin_round(request, class_freeze, err);
}

int api_class_resume(struct request *request, struct err *err)
{
	return begin_round(request, class_resume, err);
}

int api_class_close(struct request *request, struct err *err)
{
	if (class_close(request->server->core, &request->actor, request->class, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_class(request->class));
	return 0;
}

int api_class_activity(struct request *request, struct err *err)
{
	long limit;

	if (request_query_number(request, "limit", 1, ACTIVITY_KEPT, 10, &limit, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, view_activity(request->class, (size_t)limit));
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
