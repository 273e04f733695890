/* What a machine takes of the host: memory, disk, and time until it is ready.
 *
 * Machines that run are measured, a few every ten seconds, and so are those of `lab test` when they have all of a course
 * behind them. What matters is what they have made their own: pages that a clone shares with its template cost
 * nothing. What each took at most is remembered, of so many (store/figures.h), and what all but the largest tenth of them
 * took is reckoned with: one student who fills the memory, or a terminal that ran wild, does not stand for thirty,
 * and what is not seen again is forgotten. A launch tells the time: all of it, divided by its machines. All that
 * is kept with what the machine was made from: of another template nothing is known but a hint.
 *
 * A machine that was just cloned takes a third of what it takes in the evening. So memory and disk count as
 * measured only when there are machines with half of the course's tasks done in them, or a test of the whole course;
 * until then the first guess is the least. The others count beside them, where they take more.
 */
#ifndef CORE_FIGURES_H
#define CORE_FIGURES_H

#include "core/core.h"
#include "store/figures.h"

/* Of one machine, at the end of a day of labs, with what a day takes more than the one that was measured. */
struct cost {
	uint64_t memory;    /* bytes that are its own */
	uint64_t disk;      /* bytes, with what it takes while it is frozen */
	uint64_t saved;     /* bytes, of that: while it is frozen */
	uint32_t ready_ms;  /* of a launch, with as many at work as there are */
	bool measured;      /* memory and disk: on this host, of this machine; else guessed */
	bool time_measured;
};

#define LAUNCH_MS 500 /* of every launch, however small: libvirt's networks, the first clone's wait */

/* What is reckoned with before anything was measured. clones: its memory begins as its template's; emulated: QEMU
 * keeps what it has translated. */
struct cost cost_guess(uint64_t memory, bool clones, bool emulated);
/* The same with what is known. */
struct cost cost_of(const struct figure *figure, const struct cost *guess);
/* The one of all values that is not exceeded but by a tenth of them, and of four or more by one at least; of none 0. Sorts
 * them. */
int64_t most_but_a_tenth(int64_t *values, size_t count);
/* Memory, disk and whether they count as measured, of what machines took. */
void figure_fill(struct figure *figure, const struct figure_machine *machines, size_t count);

/* What capacity reckons with for a machine of a course, here and now. */
struct cost machine_cost(struct core *core, const struct pack *pack, const struct pack_machine *machine);

/* Measures one that runs. done is always called, on T0: all 0 when it runs no more. */
typedef void machine_measured_fn(void *context, const struct virt_usage *usage, uint64_t disk);
void machine_measure(struct machine *machine, machine_measured_fn *done, void *context);

/* Every ten seconds: measures a few of those that were not for the longest time. */
void figures_look(struct core *core);
/* What one, of that domain name, has made its own, and written; worked: with most of the course behind it. */
void figures_seen(struct core *core, const struct pack *pack, const struct pack_machine *machine, const char *domain,
		  const struct figure_machine *took);
/* All machines of a class were made, and are ready, in class->ready_ms. */
void figures_launched(struct class *class);
/* One was saved: of the largest that was saved lately, half of what it was before is forgotten with each. */
void figures_saved(struct machine *machine, uint64_t bytes);

#endif
