/* Working on a pack while it is written: `terakoya lab try`.
 *
 * A trial reads a pack from any directory and gives it one seat, in a hidden class: the courses that are
 * installed do not notice, not even one of the same name. When the author saves, the pack is read again, and
 * scripts, texts and guides of the running seat are the new ones; its machines stay. Whoever tries has to ask
 * for the trial's view now and then: one that nobody has asked about for TRIAL_IDLE_MS ends by itself, with all
 * that it has on the host, and so does every trial when the daemon starts again.
 */
#ifndef CORE_TRIAL_H
#define CORE_TRIAL_H

#include "core/core.h"

#define TRIALS_MAX    8
#define TRIAL_IDLE_MS 30000

enum trial_state {
	TRIAL_BAKING,   /* its templates are looked for, and baked if they are not there */
	TRIAL_STARTING, /* its seat gets machines */
	TRIAL_OPENING,  /* the lab is being set up */
	TRIAL_OPEN,     /* the author works in it */
	TRIAL_FAILED,   /* reason says why; it waits to be ended */
	TRIAL_STATES
};
extern const char *const trial_state_names[TRIAL_STATES];

struct trial;

/* directory: absolute, readable by the daemon. ERR_INVALID is the pack's first finding. */
int trial_start(struct core *core, const struct actor *actor, const char *directory, const char *lab,
		struct trial **trial, struct err *err);
struct trial *trial_find(struct core *core, int64_t id); /* NULL: it is over */
/* Also says that somebody is still there. */
json_t *trial_view(struct trial *trial);
/* ERR_INVALID: a finding, ERR_CONFLICT: the machines would be others; all stays as it was then. */
int trial_reload(struct trial *trial, struct err *err);
/* Runs the solve of a task of the lab that is tried. */
int trial_solve(struct trial *trial, const char *task, link_exec_fn *done, void *context, struct err *err);
void trial_end(struct trial *trial);

#endif
