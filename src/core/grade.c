/* Checks: a script of the pack goes to the machine through the agent, its exit status comes back, and what
 * follows from it is on disk before anybody is told. */
#include "core/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "grade"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/activity.h"
#include "core/answer.h"
#include "core/throttle.h"
#include "store/plans.h"

#define ANSWER_MAX 512
#define ANSWER_FREE 3 /* wrong answers of a seat to a task before the first wait */
#define ANSWER_KEPT 4096 /* seats times tasks that are remembered */

struct grade *seat_grade(struct seat *seat)
{
	if (!seat->grade) {
		seat->grade = mem_alloc(sizeof(*seat->grade));
		seat->grade->seat = seat;
	}
	return seat->grade;
}

struct machine *grade_machine(struct seat *seat, const char *name, struct err *err)
{
	struct machine *machine = seat_machine(seat, name);

	if (!machine) {
		err_set(err, ERR_CONFLICT, "seat %u has no machine %s now", seat->row.number, name);
		return NULL;
	}
	if (machine->state == MACHINE_FREEZING || machine->state == MACHINE_FROZEN || machine->state == MACHINE_RESUMING) {
		err_set(err, ERR_CONFLICT, "the machine %s is %s; wait until its class goes on", machine->row.name,
			machine_state_names[machine->state]);
		return NULL;
	}
	if (machine->state != MACHINE_READY) {
		err_set(err, ERR_CONFLICT, "the machine %s is %s; wait until it is ready, start it, or reset it",
			machine->row.name, machine_state_names[machine->state]);
		return NULL;
	}
	return machine;
}

struct progress_row *progress_find(const struct seat *seat, const char *lab, const char *task)
{
	for (size_t i = 0; i < seat->progresses; i++)
		if (strcmp(seat->progress[i].lab, lab) == 0 && strcmp(seat->progress[i].task, task) == 0)
			return &seat->progress[i];
	return NULL;
}

struct progress_row *grade_progress(struct seat *seat, const struct pack_lab *lab,
				    const struct pack_task *task, int64_t at)
{
	struct progress_row *row = progress_find(seat, lab->id, task->id);

	if (row)
		return row;
	seat->progress = mem_grow(seat->progress, seat->progresses + 1, sizeof(*seat->progress));
	row = &seat->progress[seat->progresses++];
	*row = (struct progress_row){ .seat_id = seat->row.id,
				      .lab = str_copy(lab->id),
				      .task = str_copy(task->id),
				      .first_at = at };
	return row;
}

/* ---- the verdict ------------------------------------------------------------------------------ */

struct check {
	struct core *core;
	int64_t seat_id;
	unsigned life;
	const struct pack_lab *lab; /* packs stay in memory until the daemon ends */
	const struct pack_task *task;
	enum attempt_trigger trigger;
	char *answer;
	uint64_t started;
	grade_fn *done;
	void *context;
};

static const struct pack_feedback *find_feedback(const struct pack_task *task, int code)
{
	for (size_t i = 0; i < task->feedbacks; i++)
		if (task->feedback[i].code == code)
			return &task->feedback[i];
	return NULL;
}

static unsigned points_left(const struct pack_task *task, unsigned hints)
{
	unsigned cost = 0;

	for (size_t i = 0; i < hints && i < task->hints; i++)
		cost += task->hint[i].cost;
	return cost < task->points ? task->points - cost : 0;
}

/* When a lab was first opened in the seat; 0: not yet. */
static int64_t lab_opened_at(const struct seat *seat, const char *lab)
{
	int64_t at = 0;
	bool set_up;

	if (!str_is_empty(lab))
		labs_opened(seat->class->core->store, seat->row.id, lab, &at, &set_up, NULL);
	return at;
}

/* When the student could begin with the task: when its lab was first opened, or when the last task of the lab
 * that was done before it was done, whichever is later. Breaks count; nobody knows when one was made. */
static int64_t could_begin_at(const struct seat *seat, const char *lab, int64_t opened_at)
{
	int64_t at = opened_at;

	for (size_t i = 0; at && i < seat->progresses; i++)
		if (strcmp(seat->progress[i].lab, lab) == 0 && seat->progress[i].done_at > at)
			at = seat->progress[i].done_at;
	return at;
}

/* What the class stood still between the two. */
static int64_t idle_ms(const struct seat *seat, int64_t from, int64_t to)
{
	int64_t idle = 0;

	idle_between(seat->class->core->store, seat->row.class_id, from, to, &idle, NULL);
	return idle;
}

/* Of the open lab. Remembered, since every view of the seat asks, and it never changes. */
static int64_t open_lab_at(const struct seat *seat)
{
	struct seat *known = (struct seat *)seat;

	if (!seat->clock_at || !str_equal(seat->clock_lab, seat->row.lab)) {
		free(known->clock_lab);
		known->clock_lab = str_copy(seat->row.lab);
		known->clock_at = lab_opened_at(seat, seat->row.lab);
	}
	return seat->clock_at;
}

static int64_t class_clock(const struct seat *seat, int64_t at)
{
	const struct class *class = seat->class;

	return at && (class->idle_ms || class->idle_since) ? at - idle_ms(seat, 0, at) : at;
}

int64_t grade_lab_since(const struct seat *seat)
{
	return class_clock(seat, open_lab_at(seat));
}

int64_t grade_task_since(const struct seat *seat)
{
	return class_clock(seat, could_begin_at(seat, seat->row.lab, open_lab_at(seat)));
}

/* Without what the class stood still meanwhile. */
static int64_t took_ms(const struct seat *seat, const struct check *check, int64_t done_at)
{
	const char *lab = check->lab->id;
	int64_t from = could_begin_at(seat, lab, lab_opened_at(seat, lab)), idle;

	if (!from || from >= done_at)
		return 0;
	idle = idle_ms(seat, from, done_at);
	return idle < done_at - from ? done_at - from - idle : 0;
}

/* The row as it will be; the one in memory follows only when the database has it. */
static struct progress_row next_progress(const struct seat *seat, const struct progress_row *row,
					 const struct check *check, const struct grade_result *result)
{
	struct progress_row next = *row;

	next.last_code = result->code;
	if (check->trigger == TRIGGER_STUDENT)
		next.attempts++;
	if (result->verdict == VERDICT_PASS && !next.done) {
		next.done = true;
		next.done_at = clock_real_ms();
		next.caught_up = check->trigger == TRIGGER_CATCH_UP;
		next.points = next.caught_up ? 0 : points_left(check->task, next.hints);
		next.took_ms = next.caught_up ? 0 : took_ms(seat, check, next.done_at);
	}
	return next;
}

static int record(struct seat *seat, const struct check *check, struct grade_result *result,
		  struct err *err)
{
	struct progress_row *row = grade_progress(seat, check->lab, check->task, clock_real_ms());
	struct progress_row next = next_progress(seat, row, check, result);
	struct attempt_row attempt = { .seat_id = seat->row.id,
				       .at = clock_real_ms(),
				       .lab = check->lab->id,
				       .task = check->task->id,
				       .verdict = result->verdict,
				       .trigger = check->trigger,
				       .code = result->code,
				       .duration_ms = result->duration_ms,
				       .answer = check->answer };

	/* A pass that is known already, found once more by itself, is no news. */
	if (check->trigger == TRIGGER_AUTO && row->done)
		return 0;
	if (progress_record(seat->class->core->store, &attempt, &next, err) < 0)
		return -1;
	result->newly_done = next.done && !row->done;
	bool changed = result->newly_done || next.attempts != row->attempts ||
		       next.last_code != row->last_code;
	*row = next;
	result->points = row->points;
	if (changed && !class_is_private(seat->class))
		bus_publish(seat->class->core, "progress", seat->row.class_id, seat->row.id,
			    view_progress(seat, row));
	if (result->newly_done)
		seat_publish(seat);
	if (result->newly_done && !next.caught_up)
		activity_add(seat, ACTIVITY_DONE, row->lab, row->task, NULL);
	return 0;
}

static void check_end(struct check *check, const struct grade_result *result, const struct err *err)
{
	if (check->done)
		check->done(check->context, result, err);
	free(check->answer);
	free(check);
}

/* What the exit status of a check means. Everything that is not promised is our fault. */
static void judge(struct grade_result *result, const struct link_exec_result *run)
{
	result->code = run->status;
	if (run->timed_out) {
		result->verdict = VERDICT_ERROR;
		result->error = "the check did not end in time";
	} else if (run->status == 0) {
		result->verdict = VERDICT_PASS;
	} else if (run->status >= 10 && run->status <= 99) {
		result->verdict = VERDICT_NOT_YET;
	} else {
		result->verdict = VERDICT_ERROR;
		result->error = "the check itself failed";
	}
}

/* ---- guessing ---------------------------------------------------------------------------------- */

static char *guess_key(const struct seat *seat, const struct pack_lab *lab, const struct pack_task *task)
{
	return str_fmt("%lld/%s/%s", (long long)seat->row.id, lab->id, task->id);
}

/* A student's answers are followed by a growing wait, so that trying all of them is no way to pass. */
static int guess_allowed(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
			 struct err *err)
{
	struct core *core = seat->class->core;
	AUTO_FREE char *key = guess_key(seat, lab, task);

	if (!core->guesses)
		core->guesses = throttle_new(ANSWER_KEPT, ANSWER_FREE);
	unsigned seconds = throttle_wait(core->guesses, key, clock_mono_ms());
	if (!seconds) {
		throttle_charge(core->guesses, key, clock_mono_ms());
		return 0;
	}
	err_set(err, ERR_THROTTLED, "several answers were wrong: read the task once more; the next answer is "
		"taken in %u s", seconds);
	if (err)
		err->code = (int)seconds;
	return -1;
}

/* Only a wrong answer counts. */
static void guess_judged(const struct check *check, struct seat *seat, enum verdict verdict)
{
	struct core *core = seat->class->core;
	AUTO_FREE char *key = guess_key(seat, check->lab, check->task);

	if (!check->answer || check->trigger != TRIGGER_STUDENT || !core->guesses)
		return;
	if (verdict == VERDICT_PASS)
		throttle_clear(core->guesses, key);
	else if (verdict == VERDICT_ERROR)
		throttle_refund(core->guesses, key);
}

static void check_judged(struct check *check, struct seat *seat, struct grade_result *result)
{
	struct err err = ERR_INIT;

	result->seat_id = check->seat_id;
	result->lab = check->lab->id;
	result->task = check->task->id;
	result->feedback = find_feedback(check->task, result->code);
	result->duration_ms = (uint32_t)((clock_mono_us() - check->started) / 1000);
	seat_grade(seat)->busy--;
	guess_judged(check, seat, result->verdict);
	if (record(seat, check, result, &err) < 0) {
		log_error("an attempt was not saved: %s", err.message);
		check_end(check, NULL, &err);
		return;
	}
	if (result->verdict == VERDICT_ERROR)
		log_warning("check %s/%s: %s (status %d)", result->lab, result->task, result->error,
			    result->code);
	bool of_round = check->trigger == TRIGGER_AUTO;
	check_end(check, result, NULL);
	if (of_round)
		grade_next_of_round(seat);
}

/* A pause alone is waited out (pause.c); a machine that goes to disk answers nobody. */
static void check_interrupted(struct check *check, struct seat *seat)
{
	bool of_round = check->trigger == TRIGGER_AUTO;
	struct err why = ERR_INIT;

	err_set(&why, ERR_CONFLICT, "the class was stopped while it was being checked; check again when it goes on");
	seat_grade(seat)->busy--;
	guess_judged(check, seat, VERDICT_ERROR);
	check_end(check, NULL, &why);
	if (of_round)
		grade_next_of_round(seat);
}

static void check_ran(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct check *check = context;
	struct seat *seat = core_seat(check->core, check->seat_id);
	struct grade_result result = { 0 };
	struct err gone = ERR_INIT;

	if (!seat || check->core->stopping || seat_grade(seat)->life != check->life) {
		err_set(&gone, ERR_CONFLICT, "the machine was reset while it was being checked; check again");
		check_end(check, NULL, &gone);
		return;
	}
	if (err && seat->class->idle_since) {
		check_interrupted(check, seat);
		return;
	}
	if (run) {
		judge(&result, run);
	} else {
		result.verdict = VERDICT_ERROR;
		result.code = -1;
		result.error = err->message;
	}
	check_judged(check, seat, &result);
}

/* ---- quizzes ---------------------------------------------------------------------------------- */

/* chosen: in the order of lab.xml. Of several wrong options the first one counts. */
static int quiz_code(const struct pack_task *task, const bool *chosen)
{
	int code = 0;

	for (size_t i = task->options; i-- > 0;)
		if (chosen[i] && !task->option[i].correct)
			code = PACK_QUIZ_SOME + 1 + (int)i;
		else if (!chosen[i] && task->option[i].correct && !code)
			code = PACK_QUIZ_SOME;
	return code;
}

/* answer: the numbers of the options chosen, "0,2", each once, in any order, as the seat sees them. */
static int judge_quiz(const struct seat *seat, const struct check *check, int *code, struct err *err)
{
	const struct pack_task *task = check->task;
	AUTO_FREE size_t *order = mem_alloc((task->options + 1) * sizeof(*order));
	bool chosen[PACK_OPTIONS_MAX] = { false };

	pack_shuffle(check->lab, task, seat->class->row.secret, seat->row.number, order);
	for (const char *p = check->answer; *p; p += *p == ',') {
		char *end;
		unsigned long option = strtoul(p, &end, 10);
		if (end == p || option >= task->options || (*end && *end != ','))
			return err_set(err, ERR_INVALID, "an answer to a quiz lists its options' numbers: \"0,2\"");
		chosen[order[option]] = true;
		p = end;
	}
	*code = quiz_code(task, chosen);
	return 0;
}

/* ---- checking --------------------------------------------------------------------------------- */

static int check_allowed(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
			 enum attempt_trigger trigger, const char *answer, struct err *err)
{
	if (trigger != TRIGGER_CATCH_UP && pause_check(seat->class, err) < 0)
		return -1;
	if (!grade_lab_is_open(seat, lab))
		return err_set(err, ERR_CONFLICT, "the lab %s is not open in this seat; open it first", lab->id);
	if (seat_grade(seat)->catching && trigger != TRIGGER_CATCH_UP)
		return err_set(err, ERR_CONFLICT, "the seat is being caught up; wait until it is there");
	if (seat_grade(seat)->busy >= LINK_EXECS_MAX)
		return err_set(err, ERR_CONFLICT, "checks of this seat are under way; wait for them");
	if ((task->kind == PACK_TASK_STATE) != (answer == NULL))
		return err_set(err, ERR_INVALID, "the task %s %s", task->id,
			       answer ? "is checked in the machine and takes no answer" : "needs an answer");
	if (answer && (strlen(answer) > ANSWER_MAX || !str_is_clean_utf8(answer, strlen(answer))))
		return err_set(err, ERR_INVALID, "an answer is plain text of at most %d bytes", ANSWER_MAX);
	return 0;
}

static struct check *check_new(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
			       enum attempt_trigger trigger, const char *answer)
{
	struct check *check = mem_alloc(sizeof(*check));

	check->core = seat->class->core;
	check->seat_id = seat->row.id;
	check->life = seat_grade(seat)->life;
	check->lab = lab;
	check->task = task;
	check->trigger = trigger;
	check->answer = str_copy(answer);
	check->started = clock_mono_us();
	seat_grade(seat)->busy++;
	return check;
}

static int check_quiz(struct check *check, struct seat *seat, struct err *err)
{
	struct grade_result result = { 0 };

	if (judge_quiz(seat, check, &result.code, err) < 0)
		return -1;
	result.verdict = result.code ? VERDICT_NOT_YET : VERDICT_PASS;
	check_judged(check, seat, &result);
	return 0;
}

static struct machine *task_machine(struct seat *seat, const struct pack_lab *lab,
				    const struct pack_task *task, struct err *err)
{
	return grade_machine(seat, task->machine ? task->machine : lab->machine, err);
}

static int check_in_machine(struct check *check, struct seat *seat, struct err *err)
{
	const struct pack_task *task = check->task;
	const char *script = task->kind == PACK_TASK_ANSWER ? task->answer : task->check;
	struct machine *machine = task_machine(seat, check->lab, task, err);

	if (!machine)
		return -1;
	AUTO_FREE char *answer = check->answer ? answer_normalise(check->answer) : NULL;
	struct script run = { .lab = check->lab,
			      .path = script,
			      .number = seat->row.number,
			      .answer = answer,
			      .guarded = true,
			      .timeout_ms = GRADE_CHECK_TIMEOUT_MS };
	return script_run(machine, &run, check_ran, check, err);
}

int grade_check(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
		enum attempt_trigger trigger, const char *answer, grade_fn *done, void *context,
		struct err *err)
{
	if (check_allowed(seat, lab, task, trigger, answer, err) < 0)
		return -1;
	if (answer && trigger == TRIGGER_STUDENT && guess_allowed(seat, lab, task, err) < 0)
		return -1;
	struct check *check = check_new(seat, lab, task, trigger, answer);
	check->done = done;
	check->context = context;
	int result = task->kind == PACK_TASK_QUIZ ? check_quiz(check, seat, err) :
						    check_in_machine(check, seat, err);
	if (result < 0) {
		seat_grade(seat)->busy--;
		guess_judged(check, seat, VERDICT_ERROR);
		free(check->answer);
		free(check);
	}
	return result;
}

int grade_solve(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
		unsigned number, link_exec_fn *done, void *context, struct err *err)
{
	struct machine *machine = task_machine(seat, lab, task, err);

	if (!machine)
		return -1;
	struct script run = { .lab = lab,
			      .path = task->solve,
			      .number = number,
			      .timeout_ms = GRADE_SOLVE_TIMEOUT_MS };
	return script_run(machine, &run, done, context, err);
}

/* ---- hints ------------------------------------------------------------------------------------ */

int grade_hint(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task,
	       unsigned hint, const struct pack_hint **shown, struct err *err)
{
	struct core *core = seat->class->core;
	struct progress_row *row = progress_find(seat, lab->id, task->id);
	unsigned known = row ? row->hints : 0;
	int64_t now = clock_real_ms();

	if (hint >= task->hints)
		return err_set(err, ERR_NOT_FOUND, "the task %s has %zu hints", task->id, task->hints);
	if (!lab_opened_at(seat, lab->id))
		return err_set(err, ERR_CONFLICT, "the lab %s is not open in this seat; open it first", lab->id);
	if (hint > known)
		return err_set(err, ERR_CONFLICT, "hints come in order; the next one is number %u", known + 1);
	if (hint == known) {
		if (hints_add(core->store, seat->row.id, lab->id, task->id, hint,
			      row && row->done ? 0 : task->hint[hint].cost, now, err) < 0)
			return -1;
		row = grade_progress(seat, lab, task, now);
		row->hints++;
		bus_publish(core, "progress", seat->row.class_id, seat->row.id, view_progress(seat, row));
	}
	*shown = &task->hint[hint];
	return 0;
}
