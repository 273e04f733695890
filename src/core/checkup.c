#include "core/checkup.h"

#include <stdlib.h>

#include "base/str.h"
#include "core/internal.h"

struct checkup {
	struct job job;
	char *state_dir;
	checkup_fn *done;
	void *context;
	struct doctor_report report;
};

static void checkup_work(struct job *job)
{
	struct checkup *checkup = (struct checkup *)job;

	doctor_run(checkup->state_dir, false, &checkup->report);
}

static void checkup_done(struct job *job)
{
	struct checkup *checkup = (struct checkup *)job;

	checkup->done(checkup->context, &checkup->report);
	free(checkup->state_dir);
	free(checkup);
}

void checkup_run(struct core *core, checkup_fn *done, void *context)
{
	struct checkup *checkup = mem_alloc(sizeof(*checkup));

	checkup->job.work = checkup_work;
	checkup->job.done = checkup_done;
	checkup->state_dir = str_copy(core->config.state_dir);
	checkup->done = done;
	checkup->context = context;
	lanes_submit(core->checkups, &checkup->job);
}
