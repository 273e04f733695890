/* The staff of a class: who owns it, and whom its owner has added. What people may do there follows from
 * their role (core/access.h): instructors lead, assistants help. */
#ifndef CORE_STAFF_H
#define CORE_STAFF_H

#include "core/core.h"

/* Adds an instructor or an assistant; adding somebody twice is fine. ERR_NOT_FOUND: no such sign-in name;
 * ERR_INVALID: of another role. */
int staff_add(struct core *core, const struct actor *actor, struct class *class, const char *login,
	      struct err *err);
/* ERR_NOT_FOUND when they were not added; the owner was not. */
int staff_remove(struct core *core, const struct actor *actor, struct class *class, const char *login,
		 struct err *err);
bool class_has_staff(const struct class *class, int64_t person); /* was added; the owner was not */
/* Their account is gone: from memory only, the database has it so already. */
void staff_forget(struct class *class, int64_t person);

/* {"owner": {"login", "name", "role"} or null, "staff": [those that were added], "others": [who could be]}. NULL
 * with err. */
json_t *staff_view(struct core *core, const struct class *class, struct err *err);

#endif
