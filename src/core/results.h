/* What people have achieved in a class: per seat, and per seat and task. Seats that are nobody's are left out,
 * and those whose results the one who asks may not know (core/access.h). */
#ifndef CORE_RESULTS_H
#define CORE_RESULTS_H

#include "base/buf.h"
#include "core/core.h"

/* {"class": {"id", "name", "title", ...}, "seats": [a row for each], "tasks": [a row for each seat and task]}. NULL
 * with err. */
json_t *results_view(struct class *class, const struct actor *actor, struct err *err);

enum results_form { RESULTS_TASKS, RESULTS_SUMMARY };

/* The rows of one form as a table for spreadsheets. east: minutes east of UTC, of its times. */
int results_csv(struct class *class, const struct actor *actor, enum results_form form, enum pack_lang lang,
		int east, struct buf *out, struct err *err);

/* [{"class": ..., "seats": [...]}] of all classes with somebody whose results the actor may know, newest first. */
json_t *results_everywhere(struct core *core, const struct actor *actor, struct err *err);

/* What a seat has achieved, in numbers. */
struct results_sum {
	int labs, labs_done;   /* done: all of its tasks that are not optional */
	int tasks, tasks_done; /* optional ones, too */
	int points, points_max, hints, caught_up, attempts;
	int64_t took_ms, first_at, last_at; /* of tries and opened labs; 0: none */
};
int results_sum(const struct seat *seat, struct results_sum *sum, struct err *err);

#endif
