/* How long results are kept. When a class closes, it is given a date: so many days later as the settings say. Its
 * staff may choose another. When that has come, names, mails, progress and attempts are removed by themselves,
 * and the audit log says so; what stays are the class, its numbered seats, and certificates, which are
 * made to be confirmed later.
 *
 * One timer waits for the next date, at most an hour at a time: the clock may be set meanwhile. A date that
 * passed while the daemon was away is honoured when it starts. */
#ifndef CORE_RETENTION_H
#define CORE_RETENTION_H

#include "core/core.h"

#define RETENTION_YEARS 10 /* the longest from now */

/* ERR_CONFLICT: the class is not closed, or they are gone already. ERR_INVALID: later than RETENTION_YEARS. A date
 * that has passed removes them at once. */
int class_keep_results(struct core *core, const struct actor *actor, struct class *class, int64_t until,
		       struct err *err);

#endif
