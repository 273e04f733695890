/* The organisations that people and seats belong to. Names are compared in their normal form: width and case
 * make no difference. Every change is noted in the audit log. */
#ifndef CORE_ORGANISATION_H
#define CORE_ORGANISATION_H

#include "core/core.h"

/* [{"id", "name", "people", "seats"}], by name. NULL with err. */
json_t *organisation_list(struct core *core, struct err *err);
/* {"id", "name"}; null for 0 or one that is gone. */
json_t *view_organisation(const struct core *core, int64_t id);

/* "" for 0 or one that is gone. */
const char *organisation_name(const struct core *core, int64_t id);

/* ERR_INVALID: the name; ERR_CONFLICT: another one has it; ERR_NOT_FOUND. */
int organisation_add(struct core *core, const struct actor *actor, const char *name, int64_t *id,
		     struct err *err);
int organisation_rename(struct core *core, const struct actor *actor, int64_t id, const char *name,
			struct err *err);
/* All of `id` belongs to `into` from now on, and `id` is gone. */
int organisation_merge(struct core *core, const struct actor *actor, int64_t id, int64_t into,
		       struct err *err);
/* ERR_CONFLICT: something belongs to it. */
int organisation_remove(struct core *core, const struct actor *actor, int64_t id, struct err *err);
/* 0 is nobody's, and fine. ERR_NOT_FOUND. */
int organisation_exists(const struct core *core, int64_t id, struct err *err);

#endif
