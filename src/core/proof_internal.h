/* What the files of a proof share. One proof runs at a time. */
#ifndef CORE_PROOF_INTERNAL_H
#define CORE_PROOF_INTERNAL_H

#include "base/buf.h"
#include "core/internal.h"
#include "core/proof.h"
#include "core/proof_plan.h"
#include "store/proofs.h"

#define PROOF_LABS_MAX 64
#define PROOF_MACHINES_MAX 16

enum walk_state {
	WALK_NEXT,     /* the next step may begin */
	WALK_BUSY,     /* its answer comes by callback */
	WALK_MACHINES, /* until every machine is ready in another life than before */
	WALK_NEIGHBOUR,/* until the first seat has an answer to compare with */
	WALK_OVER,
};

/* One seat on its way through its plan. */
struct proof_walker {
	struct proof *proof;
	unsigned number; /* of the seat, from 1 */
	int64_t seat_id;
	struct proof_plan plan;
	size_t next;
	enum walk_state state;
	unsigned life[PROOF_MACHINES_MAX]; /* of its machines before they were reset or rebooted */
	unsigned pending;                  /* answers that a step still waits for */
	unsigned tries;                    /* of the present check that erred */
	uint64_t since;                    /* clock_mono_ms() when it began to wait for machines */
	const char *promise;               /* being tried; belongs to the plan */
	struct buf why;                    /* what spoke against it so far */
};

struct proof_answer {
	const struct pack_task *task;
	unsigned seed, seat;
	char *text;
};

struct proof_time {
	const struct pack_lab *lab;
	const struct pack_task *task;
	uint32_t ms;
};

struct proof_usage { /* the most that any seat's machine of this name took */
	const char *machine;
	uint64_t pss, disk;
};

struct proof {
	struct core *core;
	int64_t serial, work_id, class_id; /* class_id 0: between two seeds */
	const struct pack *pack;
	const struct pack_lab *lab[PROOF_LABS_MAX];
	size_t labs;
	unsigned seeds, seats, seed; /* seed: from 1 */
	uint8_t secret[PACK_SECRET_BYTES];
	struct proof_walker walker[PROOF_SEATS_MAX];
	unsigned walkers;
	sd_event_source *tick;
	uint64_t started;
	size_t steps, steps_done;
	json_t *results;
	unsigned failures;
	struct proof_answer *answer;
	size_t answers;
	struct proof_time *time;
	size_t times;
	struct proof_usage usage[PROOF_MACHINES_MAX];
	unsigned usages;
};

/* proof.c: the proof of this number if it still runs, else NULL. */
struct proof *proof_find(struct core *core, int64_t serial);

/* proof_walk.c */
void walker_go(struct proof_walker *walker); /* as far as it gets now */
void walker_free(struct proof_walker *walker);

/* proof_report.c */
/* seat 0: of the whole seed. why NULL: it holds. */
void report_result(struct proof *proof, unsigned seat, const char *promise, const char *why);
void report_answers(struct proof *proof); /* after the last seed: whether answers differ */
const struct proof_answer *report_answer(const struct proof *proof, const struct pack_task *task,
					 unsigned seed, unsigned seat);
json_t *report_json(struct proof *proof);
int report_save(struct proof *proof, struct err *err);

#endif
