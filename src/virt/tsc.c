#include "virt/internal.h"

#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* The rate of this host's time stamp counter, which under software emulation is the guest's, too: QEMU
 * answers a guest's RDTSC with the host's and an offset.
 *
 * A guest that boots measures that rate against the emulated timer chips. Where the processors are
 * busy, QEMU is put aside in the middle of it, and the guest comes out with a rate of its own
 * fancy; its kernel then refines it over a second, but keeps the first where the two differ by more
 * than 1 %. From then on its clock is as wrong as that, timeouts end early or late, and a template
 * that was baked so hands it to every clone. So the rate is measured here, where it can be done well,
 * and told on the kernel's command line (xml.c). The guest's refinement may still correct it, by
 * 1 % at most.
 *
 * How: two readings SPAN_NS apart, however far apart they come to be in fact. A reading is the counter
 * between two looks at the clock; of TRIES of them the one with the closest looks is taken, so being
 * put aside in the middle of one does no harm. Over 20 ms that is good for some parts in a million. */

#define SPAN_NS   20000000
#define TRIES     32
#define ATTEMPTS  5
#define PRECISION 5000 /* the looks may be apart by one part in so many of the span */

#if defined(__x86_64__)
struct reading {
	uint64_t ticks, ns; /* ns: the middle of the two looks */
	uint64_t width_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct reading take_reading(void)
{
	struct reading best = { .width_ns = UINT64_MAX };

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t before = now_ns();
		uint64_t ticks = __rdtsc();
		uint64_t width = now_ns() - before;
		if (width < best.width_ns)
			best = (struct reading){ ticks, before + width / 2, width };
	}
	return best;
}

unsigned tsc_measure(void)
{
	const struct timespec span = { .tv_nsec = SPAN_NS };

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		struct reading first = take_reading();
		nanosleep(&span, NULL);
		struct reading last = take_reading();
		uint64_t ns = last.ns - first.ns;
		if (last.ticks > first.ticks && first.width_ns + last.width_ns < ns / PRECISION)
			return (unsigned)((__uint128_t)(last.ticks - first.ticks) * 1000000u / ns);
	}
	return 0;
}
#else
unsigned tsc_measure(void)
{
	return 0;
}
#endif
