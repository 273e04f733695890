/* Proves a pack on real machines: `terakoya lab test`.
 *
 * A run makes one hidden class per seed, with a fresh secret, and lets its seats walk through the labs as
 * proof_plan.h says. What is found out is one row in the database; a pack whose digest has no row that
 * passed is not taught without somebody saying that they know.
 */
#ifndef CORE_PROOF_H
#define CORE_PROOF_H

#include "core/core.h"
#include "core/course.h"

#define PROOF_SEEDS_MAX 16
#define PROOF_SEATS_MAX 8 /* at least 2: a neighbour's solution is tried, too */

struct proof_new {
	const char *course;      /* its id */
	const char *version;     /* NULL: the active one */
	const char *const *labs; /* their ids; NULL: all */
	size_t lab_count;
	unsigned seeds, seats;
};

/* Reads the courses anew, and begins. ERR_CONFLICT while another proof runs and ERR_INVALID for bounds at once,
 * without calling done; else done is told later: a work of the kind "proof", or NULL with err, which may also say
 * that there is no such course or lab, or whatever class_launch() says about the host. */
typedef void proof_started_fn(void *context, const struct work *work, const struct err *err);
int proof_start(struct core *core, const struct actor *actor, const struct proof_new *request,
		proof_started_fn *done, void *context, struct err *err);

/* Ends the run of this course that is under way: what it found out is forgotten, its machines are removed, and its
 * work has failed. ERR_NOT_FOUND when the course is not being tested. */
int proof_stop(struct core *core, const struct actor *actor, const char *course, struct err *err);

/* The run that is under way, or the newest that ended: results, times and memory. version NULL: whichever was
 * tested last. JSON's null: what is installed was never tested. NULL with ERR_NOT_FOUND: there is no such course. */
json_t *proof_view(struct core *core, const char *course, const char *version, struct err *err);

/* When the pack, as it is, last passed; 0: never. */
int64_t proof_passed_at(struct core *core, const struct pack *pack);

#endif
