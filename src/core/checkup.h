/* What `terakoya doctor` finds, asked of the running daemon: on a lane of its own, since a check runs programs
 * that may hang for seconds. Nothing is mended from here: that is the command line's, for who sits at the host. */
#ifndef CORE_CHECKUP_H
#define CORE_CHECKUP_H

#include "core/core.h"
#include "doctor/doctor.h"

typedef void checkup_fn(void *context, const struct doctor_report *report);
/* done is called once, later, on T0; core_free() calls those that are left. */
void checkup_run(struct core *core, checkup_fn *done, void *context);

#endif
