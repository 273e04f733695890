/* Runs a loop until something holds, or for a while; each file says with PATIENCE_MS how long it waits. */
#ifndef TESTS_LOOP_WAIT_H
#define TESTS_LOOP_WAIT_H

#include <systemd/sd-event.h>

#include "base/clock.h"
#include "loop/loop.h"

/* Fails the test when it takes too long. */
#define LOOP_WAIT(loop, condition)                                                                 \
	do {                                                                                       \
		uint64_t until_ = clock_mono_ms() + PATIENCE_MS;                                   \
		while (!(condition)) {                                                             \
			if (clock_mono_ms() > until_)                                              \
				fail_msg("waited in vain for: %s", #condition);                    \
			sd_event_run(loop_event(loop), 20000);                                     \
		}                                                                                  \
	} while (0)

static inline void loop_run_for(struct loop *loop, uint64_t ms)
{
	for (uint64_t until = clock_mono_ms() + ms; clock_mono_ms() < until;)
		sd_event_run(loop_event(loop), 5000);
}

#endif
