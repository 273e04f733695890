#include "core/proof_plan.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define OTHER_FIRST 3   /* seats that are nobody's in a proof of two */
#define OTHER_LAST  60
#define SECRETS     32  /* tried; each costs some hundred hashes */

static struct proof_step *add(struct proof_plan *plan, enum proof_kind kind, const struct pack_lab *lab,
			      const struct pack_task *task)
{
	plan->step = mem_grow(plan->step, plan->count + 1, sizeof(*plan->step));
	struct proof_step *step = &plan->step[plan->count++];
	*step = (struct proof_step){ .kind = kind, .lab = lab, .task = task };
	return step;
}

static void promise(struct proof_plan *plan, const struct pack_lab *lab, const struct pack_task *task,
		    const char *words)
{
	add(plan, PROOF_NOTHING, lab, task)->promise =
		str_fmt("%s%s%s: %s", lab->id, task ? "/" : "", task ? task->id : "", words);
}

static void add_check(struct proof_plan *plan, const struct pack_lab *lab, const struct pack_task *task,
		      enum proof_expect expect)
{
	add(plan, PROOF_CHECK, lab, task)->expect = expect;
}

/* The first `solved` tasks pass, the others do not. skip: checked already. */
static void check_all(struct proof_plan *plan, const struct pack_lab *lab, size_t solved,
		      const struct pack_task *skip)
{
	for (size_t i = 0; i < lab->tasks; i++)
		if (&lab->task[i] != skip)
			add_check(plan, lab, &lab->task[i], i < solved ? EXPECT_PASS : EXPECT_NOT_YET);
}

static void solve(struct proof_plan *plan, const struct pack_lab *lab, const struct pack_task *task)
{
	promise(plan, lab, task,
		task->kind == PACK_TASK_QUIZ ? "the right options pass" : "its solve makes it pass");
	if (task->kind != PACK_TASK_QUIZ)
		add(plan, PROOF_SOLVE, lab, task);
	add_check(plan, lab, task, EXPECT_PASS);
}

/* ---- in order --------------------------------------------------------------------------------- */

void proof_plan_in_order(struct proof_plan *plan, const struct pack_lab *const *labs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct pack_lab *lab = labs[i];
		promise(plan, lab, NULL, "opens after the labs before it");
		if (lab->fresh && i)
			add(plan, PROOF_RESET, lab, NULL);
		add(plan, PROOF_OPEN, lab, NULL);
		promise(plan, lab, NULL, "no task is done at the start, and each says what is missing");
		check_all(plan, lab, 0, NULL);
		for (size_t k = 0; k < lab->tasks; k++) {
			solve(plan, lab, &lab->task[k]);
			promise(plan, lab, &lab->task[k], "its solve leaves the other tasks as they were");
			check_all(plan, lab, k + 1, &lab->task[k]);
		}
		promise(plan, lab, NULL, "what was passed survives a reboot");
		add(plan, PROOF_MEASURE, lab, NULL);
		add(plan, PROOF_REBOOT, lab, NULL);
		add(plan, PROOF_SETTLE, lab, NULL);
		check_all(plan, lab, lab->tasks, NULL);
	}
}

/* ---- values ----------------------------------------------------------------------------------- */

/* Whether a script names P_<NAME> as a whole word. */
static bool script_names(const struct pack *pack, const char *path, const char *name)
{
	AUTO(buf) struct buf text = { 0 };
	AUTO_FREE char *word = str_fmt("P_%s", name);
	size_t length = strlen(word);

	for (char *p = word; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (!path || pack_script(pack, path, &text, NULL) < 0)
		return false;
	for (const char *at = (const char *)text.data; at && (at = strstr(at, word)); at += length)
		if (!isalnum((unsigned char)at[length]) && at[length] != '_')
			return true;
	return false;
}

/* How many of the values that a task's solve uses are equal in both seats; *used: how many it uses. */
static unsigned count_equal(const struct pack *pack, const struct pack_lab *lab,
			    const struct pack_task *task, const struct pack_values *a,
			    const struct pack_values *b, unsigned *used)
{
	unsigned equal = 0;

	(void)lab;
	*used = 0;
	for (size_t i = 0; i < a->count; i++) {
		if (!script_names(pack, task->solve, a->item[i].name))
			continue;
		++*used;
		equal += strcmp(a->item[i].value, b->item[i].value) == 0;
	}
	return equal;
}

/* A seat whose values for this task differ from ours as far as their ranges go; 0: it uses none. */
static unsigned find_other(const struct pack *pack, const struct pack_lab *lab,
			   const struct pack_task *task, const uint8_t secret[PACK_SECRET_BYTES],
			   unsigned seat)
{
	unsigned best = 0, fewest = ~0u, used = 0;
	struct pack_values own = { 0 };

	pack_values(lab, secret, seat, &own);
	for (unsigned number = OTHER_FIRST; number <= OTHER_LAST && fewest; number++) {
		struct pack_values values = { 0 };
		pack_values(lab, secret, number, &values);
		unsigned equal = count_equal(pack, lab, task, &own, &values, &used);
		pack_values_free(&values);
		if (equal < fewest && number != seat) {
			fewest = equal;
			best = number;
		}
	}
	pack_values_free(&own);
	return used ? best : 0;
}

static unsigned count_agreeing(const struct pack_lab *lab, const uint8_t a_secret[PACK_SECRET_BYTES],
			       unsigned a_seat, const uint8_t b_secret[PACK_SECRET_BYTES], unsigned b_seat)
{
	struct pack_values a = { 0 }, b = { 0 };
	unsigned equal = 0;

	pack_values(lab, a_secret, a_seat, &a);
	pack_values(lab, b_secret, b_seat, &b);
	for (size_t i = 0; i < a.count; i++)
		equal += strcmp(a.item[i].value, b.item[i].value) == 0;
	pack_values_free(&a);
	pack_values_free(&b);
	return equal;
}

void proof_secret(const struct pack_lab *const *labs, size_t count,
		  const uint8_t before[PACK_SECRET_BYTES], uint8_t secret[PACK_SECRET_BYTES])
{
	unsigned fewest = ~0u;

	for (int i = 0; i < SECRETS && fewest; i++) {
		uint8_t trial[PACK_SECRET_BYTES];
		unsigned equal = 0;
		randombytes_buf(trial, sizeof(trial));
		for (size_t k = 0; k < count; k++) {
			equal += count_agreeing(labs[k], trial, 1, trial, 2);
			if (before)
				equal += count_agreeing(labs[k], trial, 1, before, 1);
		}
		if (equal >= fewest)
			continue;
		fewest = equal;
		memcpy(secret, trial, sizeof(trial));
	}
}

/* ---- alone ------------------------------------------------------------------------------------ */

static void try_other(struct proof_plan *plan, const struct pack *pack, const struct pack_lab *lab,
		      const struct pack_task *task, const uint8_t *secret, unsigned seat)
{
	if (task->kind != PACK_TASK_STATE)
		return;
	unsigned other = find_other(pack, lab, task, secret, seat);
	if (!other) {
		promise(plan, lab, task, "a neighbour's solution does not pass # SKIP its solve uses no parameter");
		return;
	}
	promise(plan, lab, task, "a neighbour's solution does not pass");
	add(plan, PROOF_SOLVE_AS_OTHER, lab, task)->other = other;
	add_check(plan, lab, task, EXPECT_NO_PASS);
}

static void solve_alone(struct proof_plan *plan, const struct pack_lab *lab, const struct pack_task *task)
{
	solve(plan, lab, task);
	if (task->kind != PACK_TASK_ANSWER)
		return;
	promise(plan, lab, task, "a neighbour's answer does not pass");
	add(plan, PROOF_ANSWER_OF_OTHER, lab, task)->expect = EXPECT_NO_PASS;
}

void proof_plan_alone(struct proof_plan *plan, const struct pack *pack, const struct pack_lab *lab,
		      bool first, const uint8_t secret[PACK_SECRET_BYTES], unsigned seat)
{
	promise(plan, lab, NULL, "opens alone");
	if (!first)
		add(plan, PROOF_RESET, lab, NULL);
	add(plan, PROOF_OPEN, lab, NULL);
	for (size_t i = 0; i < lab->tasks; i++)
		try_other(plan, pack, lab, &lab->task[i], secret, seat);
	promise(plan, lab, NULL, "a reset gives the start again");
	add(plan, PROOF_RESET, lab, NULL);
	add(plan, PROOF_OPEN, lab, NULL);
	check_all(plan, lab, 0, NULL);
	for (size_t i = 0; i < lab->tasks; i++)
		solve_alone(plan, lab, &lab->task[i]);
	promise(plan, lab, NULL, "all tasks pass together, without the labs before");
	check_all(plan, lab, lab->tasks, NULL);
}

void proof_plan_free(struct proof_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->step[i].promise);
	free(plan->step);
	*plan = (struct proof_plan){ 0 };
}
