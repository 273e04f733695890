/* How long something took, the last few thousand times: a ring of microseconds and their quantiles. */
#ifndef TERM_PACE_H
#define TERM_PACE_H

#include <stdint.h>

#include "loop/loop.h"

#define PACE_KEPT 4096

struct pace {
	uint64_t count; /* all that were ever added */
	uint32_t us[PACE_KEPT];
};

/* The time since this turn of the loop woke up: what the daemon itself adds to what it passes on. */
void pace_add_turn(struct pace *pace, struct loop *loop);
/* Of those that are kept; 0 when there are none. part: 0.5 is the median. Sorts a copy: not for a hot path. */
uint32_t pace_quantile(const struct pace *pace, double part);

#endif
