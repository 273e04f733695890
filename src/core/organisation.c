#include "core/organisation.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/unicode.h"
#include "core/internal.h"
#include "core/name.h"

/* ---- in memory -------------------------------------------------------------------------------- */

void organisations_free(struct core *core)
{
	for (size_t i = 0; i < core->organisations; i++)
		organisation_row_free(&core->organisation[i]);
	free(core->organisation);
	core->organisation = NULL;
	core->organisations = 0;
}

int organisations_load(struct core *core, struct err *err)
{
	struct organisation_row *rows;
	size_t count;

	if (organisations_list(core->store, &rows, &count, err) < 0)
		return -1;
	organisations_free(core);
	core->organisation = rows;
	core->organisations = count;
	return 0;
}

static int compare_id(const void *key, const void *row)
{
	int64_t id = *(const int64_t *)key, other = ((const struct organisation_row *)row)->id;

	return id < other ? -1 : id > other;
}

static const struct organisation_row *organisation_get(const struct core *core, int64_t id)
{
	return core->organisations ? bsearch(&id, core->organisation, core->organisations,
					     sizeof(*core->organisation), compare_id) :
				     NULL;
}

int organisation_exists(const struct core *core, int64_t id, struct err *err)
{
	if (!id || organisation_get(core, id))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no organisation %lld", (long long)id);
}

const char *organisation_name(const struct core *core, int64_t id)
{
	const struct organisation_row *row = organisation_get(core, id);

	return row ? row->name : "";
}

json_t *view_organisation(const struct core *core, int64_t id)
{
	const struct organisation_row *row = organisation_get(core, id);

	return row ? json_pack("{s:I, s:s}", "id", (json_int_t)row->id, "name", row->name) : json_null();
}

static int compare_folded(const void *a, const void *b)
{
	return strcmp((*(const struct organisation_row *const *)a)->folded,
		      (*(const struct organisation_row *const *)b)->folded);
}

json_t *organisation_list(struct core *core, struct err *err)
{
	if (organisations_load(core, err) < 0) /* who belongs to them changes by itself */
		return NULL;
	AUTO_FREE const struct organisation_row **sorted =
		mem_alloc((core->organisations + 1) * sizeof(*sorted));
	json_t *list = json_array();

	for (size_t i = 0; i < core->organisations; i++)
		sorted[i] = &core->organisation[i];
	qsort(sorted, core->organisations, sizeof(*sorted), compare_folded);
	for (size_t i = 0; i < core->organisations; i++)
		json_array_append_new(list, json_pack("{s:I, s:s, s:I, s:I}", "id", (json_int_t)sorted[i]->id,
						      "name", sorted[i]->name, "people",
						      (json_int_t)sorted[i]->people, "seats",
						      (json_int_t)sorted[i]->seats));
	return list;
}

/* ---- changes ---------------------------------------------------------------------------------- */

/* Everybody who looks at a seat of it hears its new name. */
static void tell_seats(struct core *core, int64_t id)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		for (size_t i = 0; i < class->seats; i++)
			if (class->seat[i].row.organisation == id)
				seat_publish(&class->seat[i]);
}

static int changed(struct core *core, const struct actor *actor, const char *action, int64_t id,
		   const char *detail, struct err *err)
{
	AUTO_FREE char *object = str_fmt("organisation %lld", (long long)id);

	note(core, actor, action, 0, 0, object, detail);
	return organisations_load(core, err);
}

static char *detail_of(const char *name)
{
	json_t *json = json_pack("{s:s}", "name", name);
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}

int organisation_add(struct core *core, const struct actor *actor, const char *name, int64_t *id,
		     struct err *err)
{
	char clean[NAME_BYTES];

	if (name_clean(name, clean, err) < 0)
		return -1;
	AUTO_FREE char *folded = unicode_fold(clean), *detail = detail_of(clean);
	if (organisations_add(core->store, clean, folded, id, err) < 0)
		return -1;
	return changed(core, actor, "organisation.create", *id, detail, err);
}

int organisation_need(struct core *core, const char *name, int64_t *id, struct err *err)
{
	char clean[NAME_BYTES];

	*id = 0;
	if (str_is_empty(name))
		return 0;
	if (name_clean(name, clean, err) < 0)
		return err_wrap(err, "the organisation");
	AUTO_FREE char *folded = unicode_fold(clean);
	return organisations_need(core->store, clean, folded, id, err);
}

int organisation_rename(struct core *core, const struct actor *actor, int64_t id, const char *name,
			struct err *err)
{
	char clean[NAME_BYTES];

	if (name_clean(name, clean, err) < 0)
		return -1;
	AUTO_FREE char *folded = unicode_fold(clean), *detail = detail_of(clean);
	if (organisations_rename(core->store, id, clean, folded, err) < 0 ||
	    changed(core, actor, "organisation.rename", id, detail, err) < 0)
		return -1;
	tell_seats(core, id);
	return 0;
}

int organisation_merge(struct core *core, const struct actor *actor, int64_t id, int64_t into,
		       struct err *err)
{
	AUTO_FREE char *detail = str_fmt("{\"into\":%lld}", (long long)into);
	struct class *class;

	if (id == into || !into)
		return err_set(err, ERR_INVALID, "an organisation is merged into another one");
	if (organisation_exists(core, id, err) < 0 || organisation_exists(core, into, err) < 0 ||
	    organisations_merge(core->store, id, into, err) < 0)
		return -1;
	LIST_FOREACH(class, &core->classes, entry)
		for (size_t i = 0; i < class->seats; i++)
			if (class->seat[i].row.organisation == id)
				class->seat[i].row.organisation = into; /* as the database has it now */
	if (changed(core, actor, "organisation.merge", id, detail, err) < 0)
		return -1;
	tell_seats(core, into);
	return 0;
}

int organisation_remove(struct core *core, const struct actor *actor, int64_t id, struct err *err)
{
	if (organisations_remove(core->store, id, err) < 0)
		return -1;
	return changed(core, actor, "organisation.remove", id, "", err);
}
