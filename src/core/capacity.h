/* Whether a class fits on this host, said before anything is started, and the host is never given away twice.
 *
 * What is free is what the host says, less a reserve (a setting), less what others will still take of it:
 *
 *   machines that run          what they have not grown to yet (core/figures.h says how far they grow)
 *   machines that are made,    all of theirs
 *   or may be again
 *   frozen classes             all of theirs, when they are to be resumed before this class ends, or it is not planned
 *                              when. Who resumes one comes first: then only those that are planned count
 *   drafts                     all of theirs, when they are planned to be prepared before this class ends
 *
 * A class ends when it is planned to be frozen or closed; one of which nothing is planned, twelve hours from now. */
#ifndef CORE_CAPACITY_H
#define CORE_CAPACITY_H

#include "core/core.h"

struct capacity {
	unsigned seats, seats_that_fit;
	uint64_t memory_needed, memory_free; /* bytes; free: for this class */
	uint64_t disk_needed, disk_free;
	uint64_t memory_kept, disk_kept;     /* for others, of what would be free else */
	unsigned kept_for;                   /* classes */
	uint32_t launch_ms;                  /* about; 0: of a class whose machines are there */
	bool measured;                       /* memory and disk: on this host, of these machines; else guessed */
	bool time_measured;
	bool fits;
	char verdict[512];                   /* English, one sentence */
};

/* What is weighed. */
struct load {
	unsigned seats;
	uint64_t seat_memory, seat_disk; /* of one seat */
	uint64_t once;                   /* memory, for all of them together: their templates */
	uint64_t memory, disk;           /* free on the host beyond its reserve */
	uint64_t memory_kept, disk_kept;
	unsigned kept_for;
	uint32_t launch_ms;
};

/* The arithmetic: fills in all but the verdict and what was measured. */
void capacity_weigh(struct capacity *capacity, const struct load *load);

/* A class of so many seats that is not there yet. pack may be NULL: there is no such course. */
void pack_capacity(struct core *core, const struct pack *pack, unsigned seats, struct capacity *capacity);
/* Of one that is: what launching a draft takes, or resuming a frozen one. */
void class_capacity(struct class *class, struct capacity *capacity);
/* ERR_CAPACITY with the verdict and the remedy. */
int capacity_check(struct class *class, struct err *err);

/* Bytes of memory that no class is given. */
uint64_t memory_reserve(const struct core *core);
/* After each look at the host: whether its memory falls below the reserve while a class has machines. Staff see
 * it (view_host), and it is logged. */
void capacity_look(struct core *core);

#endif
