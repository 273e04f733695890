/* Writes an audit row in the words of core. A row that cannot be written is logged as an error. */
#ifndef CORE_NOTE_H
#define CORE_NOTE_H

#include "core/core.h"

/* object: "class 3", "seat 3/07", "". detail: "" or JSON text. Ids 0: none. */
void note(struct core *core, const struct actor *actor, const char *action, int64_t class_id,
	  int64_t seat_id, const char *object, const char *detail);
/* The same of a class as a whole, and of a seat. */
void note_class(struct core *core, const struct actor *actor, const struct class *class, const char *action,
		const char *detail);
void note_seat(struct core *core, const struct actor *actor, const struct seat *seat, const char *action,
	       const char *detail);

#endif
