#include "term/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"

void pace_add_turn(struct pace *pace, struct loop *loop)
{
	uint64_t woke, now = clock_mono_us();

	if (sd_event_now(loop_event(loop), CLOCK_MONOTONIC, &woke) < 0 || woke > now)
		return;
	pace->us[pace->count++ % PACE_KEPT] = (uint32_t)(now - woke);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

uint32_t pace_quantile(const struct pace *pace, double part)
{
	size_t kept = pace->count < PACE_KEPT ? (size_t)pace->count : PACE_KEPT;

	if (!kept)
		return 0;
	AUTO_FREE uint32_t *sorted = mem_alloc(kept * sizeof(*sorted));
	memcpy(sorted, pace->us, kept * sizeof(*sorted));
	qsort(sorted, kept, sizeof(*sorted), compare);
	size_t place = (size_t)(part * (double)kept);
	return sorted[place < kept ? place : kept - 1];
}
