/* Two clocks: monotonic for durations and deadlines, real for what is stored and shown (UTC). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static inline uint64_t clock_mono_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

static inline uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000u;
}

/* Milliseconds since 1970-01-01 UTC: the unit of every time in the database and the API. */
static inline int64_t clock_real_ms(void)
{
	return (int64_t)(clock_read_us(CLOCK_REALTIME) / 1000u);
}

#endif
