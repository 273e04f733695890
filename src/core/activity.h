/* The last things that happened in a class, for its instructor's screen: who joined, raised a hand, did a task,
 * whose machine failed. Kept in memory; after a restart, what the database still knows of it. The audit log is
 * another thing: it says who of the staff did what, and for ever. */
#ifndef CORE_ACTIVITY_H
#define CORE_ACTIVITY_H

#include "core/core.h"

#define ACTIVITY_KEPT 50 /* of a class */

enum activity_kind {
	ACTIVITY_JOINED,
	ACTIVITY_HAND,	 /* raised */
	ACTIVITY_LAB,	 /* opened */
	ACTIVITY_DONE,	 /* a task, by themselves */
	ACTIVITY_RESET,
	ACTIVITY_OFF,	 /* a machine */
	ACTIVITY_LOST,
	ACTIVITY_FAILED,
	ACTIVITY_KINDS
};
extern const char *const activity_names[ACTIVITY_KINDS];

struct activity;

/* Written down and told by an event "activity". lab, task and machine: NULL where it is about none. */
void activity_add(struct seat *seat, enum activity_kind kind, const char *lab, const char *task,
		  const char *machine);
void activity_free(struct class *class);
/* The newest `most`, newest first. */
json_t *view_activity(struct class *class, size_t most);

#endif
