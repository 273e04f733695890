/* Labs and checks inside a seat's machines: opening a lab (its setup), checking a task, hints. Scripts
 * travel through the agent on stdin of a shell, as root, with the agent's own environment and a time
 * limit; their text is never stored in the guest. */
#ifndef CORE_GRADE_H
#define CORE_GRADE_H

#include "core/core.h"

#define GRADE_CHECK_TIMEOUT_MS 10000
#define GRADE_SETUP_TIMEOUT_MS 180000
#define GRADE_SOLVE_TIMEOUT_MS 60000
#define GRADE_PAUSE_MS         1200 /* of terminal silence before unfinished tasks are checked */

/* Called once on T0. The objects may be gone by then: only ids are passed. */
struct grade_result {
	int64_t seat_id;
	const char *lab, *task;
	enum verdict verdict;
	int code;
	const struct pack_feedback *feedback; /* NULL: none */
	unsigned points;
	bool newly_done;
	uint32_t duration_ms;
	const char *error; /* VERDICT_ERROR: what went wrong with the check; ours, not the student's */
};
typedef void grade_fn(void *context, const struct grade_result *result, const struct err *err);

/* answer: for answer and quiz tasks, at most 512 bytes; NULL else. ERR_CONFLICT when the lab is not open,
 * the machine is not ready, or this task is being checked already; ERR_THROTTLED, with the seconds to wait,
 * for a student's answer that follows too soon on several wrong ones. */
int grade_check(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
		enum attempt_trigger trigger, const char *answer, grade_fn *done, void *context,
		struct err *err);

/* Runs the solve script of a state or answer task, with the values that seat `number` of the class has:
 * its own, or a neighbour's to see that they do not help. What it prints is an answer task's answer. */
int grade_solve(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
		unsigned number, link_exec_fn *done, void *context, struct err *err);

/* Opens a lab for the seat: runs its setup once per life of the machines. done as for a job: err NULL on
 * success. */
typedef void grade_open_fn(void *context, const struct err *err);
int grade_open_lab(struct seat *seat, const struct pack_lab *lab, grade_open_fn *done, void *context,
		   struct err *err);
/* When the seat's open lab was first opened; and since when its present task could be worked on: from then, or
 * from the last task of the lab that was done. 0: no lab is open, or not yet. Both by the class's own clock, which
 * is the time less what the class stood still by then: what such a moment is away from "now" (idle_since, while that is
 * not 0) less idle_ms is time that counted. So they need not be told again when a class goes on. */
int64_t grade_lab_since(const struct seat *seat);
int64_t grade_task_since(const struct seat *seat);
bool grade_lab_is_open(const struct seat *seat, const struct pack_lab *lab);
/* The lab asks for fresh machines, and another is set up in those that the seat has: opening resets them. */
bool grade_needs_reset(const struct seat *seat, const struct pack_lab *lab);

/* No lab is open any more, so that a reset does not set the last one up again. */
int grade_leave_lab(struct seat *seat, struct err *err);

/* Shows hint number `hint` (0 is the first; in order) of a lab that was opened in the seat, writing down its cost. */
int grade_hint(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
	       unsigned hint, const struct pack_hint **shown, struct err *err);

/* The student typed, or the machine wrote: after a pause the open lab's unfinished state tasks are
 * checked. */
void grade_activity(struct machine *machine);

/* Of core: a seat's machines begin a new life (reset), or the seat goes. */
void grade_forget(struct seat *seat);
void grade_free(struct seat *seat);

#endif
