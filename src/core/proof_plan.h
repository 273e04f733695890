/* What the seats of a proof do, step by step, made before anything runs.
 *
 * The first seat walks through the labs in the course's order, on machines that carry over as in class,
 * and reboots them at the end of each lab. The others share the labs and take each alone:
 *
 *   in order   [reset, if the lab asks for it] open, check all; for each task: solve it, check all; reboot,
 *              check all
 *   alone      reset, open; for each task: solve it with a neighbour's values, check it; reset, open, check
 *              all; for each task: solve, check; a neighbour's answer; check all
 *
 * A step that begins a promise carries its words; the steps behind it up to the next one belong to it, and
 * all of them have to do as expected.
 */
#ifndef CORE_PROOF_PLAN_H
#define CORE_PROOF_PLAN_H

#include "pack/pack.h"

enum proof_kind {
	PROOF_NOTHING,        /* only the promise's words: there is nothing to try */
	PROOF_RESET,          /* every machine anew; no lab open */
	PROOF_OPEN,           /* the lab's setup */
	PROOF_SOLVE,          /* with the seat's own values */
	PROOF_SOLVE_AS_OTHER, /* with the values of a seat whose values differ: `other` */
	PROOF_CHECK,
	PROOF_ANSWER_OF_OTHER, /* what the first seat's solve printed, as an answer here */
	PROOF_MEASURE,        /* memory and disk */
	PROOF_REBOOT,         /* the reset button of every machine, after a sync */
	PROOF_SETTLE,         /* until every machine has started all that starts with it */
	PROOF_KINDS
};

enum proof_expect {
	EXPECT_PASS,
	EXPECT_NOT_YET, /* with a code that the task has feedback for */
	EXPECT_NO_PASS,
};

struct proof_step {
	enum proof_kind kind;
	enum proof_expect expect;
	const struct pack_lab *lab;
	const struct pack_task *task; /* NULL: the step is the lab's */
	unsigned other;
	char *promise; /* NULL: it belongs to the one before */
};

struct proof_plan {
	struct proof_step *step;
	size_t count;
};

void proof_plan_in_order(struct proof_plan *plan, const struct pack_lab *const *labs, size_t count);
/* first: nothing was done in this seat yet, so it needs no reset. secret and seat: to find a neighbour
 * whose values differ from this seat's. */
void proof_plan_alone(struct proof_plan *plan, const struct pack *pack, const struct pack_lab *lab,
		      bool first, const uint8_t secret[PACK_SECRET_BYTES], unsigned seat);
void proof_plan_free(struct proof_plan *plan);

/* A secret with which the first two seats' values, and those of the seed before (NULL: none), agree in as few
 * parameters as can be found quickly: a short list of words must not spoil the comparison. */
void proof_secret(const struct pack_lab *const *labs, size_t count,
		  const uint8_t before[PACK_SECRET_BYTES], uint8_t secret[PACK_SECRET_BYTES]);

#endif
