/* One seat on its way through its plan. A step ends in its callback, which wakes the proof; the proof lets
 * every seat go on as far as it gets. Nothing here is called from deep inside something else, and whatever
 * comes back after the proof ended finds nobody.
 */
#include "core/proof_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/figures.h"

#define MACHINES_MS 480000 /* a reset or a reboot on a host that does much else */
#define SETTLE_MS   180000
#define CHECK_TRIES 3
#define WHY_MAX     2000
#define WRONG       "?"    /* an answer that no task takes */

/* What an answer has to know to find its walker again. */
struct walk_token {
	struct core *core;
	int64_t serial;
	unsigned walker;
	unsigned machine; /* of a measurement */
	char domain[64];
};

static struct walk_token *token_new(struct proof_walker *walker)
{
	struct walk_token *token = mem_alloc(sizeof(*token));

	*token = (struct walk_token){ walker->proof->core, walker->proof->serial, walker->number - 1, 0, "" };
	return token;
}

static struct proof_walker *token_redeem(struct walk_token *token)
{
	struct proof *proof = proof_find(token->core, token->serial);
	unsigned index = token->walker;

	free(token);
	return proof && index < proof->walkers ? &proof->walker[index] : NULL;
}

static const struct proof_step *present(const struct proof_walker *walker)
{
	return &walker->plan.step[walker->next];
}

static struct seat *walker_seat(const struct proof_walker *walker)
{
	return core_seat(walker->proof->core, walker->seat_id);
}

/* ---- what comes of a step --------------------------------------------------------------------- */

static void complain(struct proof_walker *walker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct proof_walker *walker, const char *format, ...)
{
	char line[600];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	str_scrub(line);
	if (walker->why.length < WHY_MAX)
		buf_fmt(&walker->why, "%s%s", walker->why.length ? "; " : "", line);
}

static void settle_promise(struct proof_walker *walker)
{
	if (walker->promise)
		report_result(walker->proof, walker->number, walker->promise,
			      walker->why.length ? (char *)walker->why.data : NULL);
	walker->promise = NULL;
	buf_free(&walker->why);
}

static void step_over(struct proof_walker *walker)
{
	walker->next++;
	walker->proof->steps_done++;
	walker->state = WALK_NEXT;
	proof_wake(walker->proof->core);
}

/* Without this step nothing behind it makes sense: the seat ends here. */
static void give_up(struct proof_walker *walker, const char *why)
{
	if (!walker->promise)
		walker->promise = "the seat gets its machines";
	complain(walker, "%s; the seat went no further", why);
	walker->proof->steps_done += walker->plan.count - walker->next;
	walker->next = walker->plan.count;
	walker->state = WALK_NEXT;
	proof_wake(walker->proof->core);
}

/* ---- opening, solving ------------------------------------------------------------------------- */

static void opened(void *context, const struct err *err)
{
	struct proof_walker *walker = token_redeem(context);

	if (walker && err)
		give_up(walker, err->message);
	else if (walker)
		step_over(walker);
}

static void open_lab(struct proof_walker *walker, struct seat *seat)
{
	struct walk_token *token = token_new(walker);
	struct err err = ERR_INIT;

	walker->state = WALK_BUSY;
	if (grade_open_lab(seat, present(walker)->lab, opened, token, &err) == 0)
		return;
	free(token);
	give_up(walker, err.message);
}

static void keep_answer(struct proof_walker *walker, const struct link_exec_result *run)
{
	struct proof *proof = walker->proof;
	AUTO_FREE char *text = str_copy_n((const char *)run->output, run->output_length);
	size_t length = strlen(text);

	while (length && strchr(" \t\r\n", text[length - 1]))
		text[--length] = 0;
	proof->answer = mem_grow(proof->answer, proof->answers + 1, sizeof(*proof->answer));
	proof->answer[proof->answers++] = (struct proof_answer){
		present(walker)->task, proof->seed, walker->number, STEAL(text)
	};
}

static void solved(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct proof_walker *walker = token_redeem(context);

	if (!walker)
		return;
	const struct proof_step *step = present(walker);
	bool own = step->kind == PROOF_SOLVE;
	if (err)
		complain(walker, "the solve was not run: %s", err->message);
	else if (own && run->timed_out)
		complain(walker, "the solve did not end within %d s", GRADE_SOLVE_TIMEOUT_MS / 1000);
	else if (own && run->status)
		complain(walker, "the solve ended with status %d: %.300s", run->status,
			 (const char *)run->errors);
	else if (own && step->task->kind == PACK_TASK_ANSWER)
		keep_answer(walker, run);
	step_over(walker);
}

static void solve(struct proof_walker *walker, struct seat *seat)
{
	const struct proof_step *step = present(walker);
	unsigned number = step->kind == PROOF_SOLVE ? walker->number : step->other;
	struct walk_token *token = token_new(walker);
	struct err err = ERR_INIT;

	walker->state = WALK_BUSY;
	if (grade_solve(seat, step->lab, step->task, number, solved, token, &err) == 0)
		return;
	free(token);
	give_up(walker, err.message);
}

/* ---- checking --------------------------------------------------------------------------------- */

static void keep_time(struct proof *proof, const struct proof_step *step, uint32_t ms)
{
	if (step->task->kind == PACK_TASK_QUIZ)
		return;
	proof->time = mem_grow(proof->time, proof->times + 1, sizeof(*proof->time));
	proof->time[proof->times++] = (struct proof_time){ step->lab, step->task, ms };
}

static void judge(struct proof_walker *walker, const struct grade_result *result)
{
	const struct proof_step *step = present(walker);
	const char *task = step->task->id;

	if (result->verdict == VERDICT_ERROR)
		complain(walker, "the check of %s erred: %s (status %d)", task, result->error, result->code);
	else if (step->expect == EXPECT_PASS && result->verdict != VERDICT_PASS)
		complain(walker, "%s does not pass (code %d)", task, result->code);
	else if (step->expect != EXPECT_PASS && result->verdict == VERDICT_PASS)
		complain(walker, "%s passes, but must not", task);
	else if (step->expect == EXPECT_NOT_YET && !result->feedback && step->task->kind != PACK_TASK_QUIZ)
		complain(walker, "%s fails with code %d, for which the lab has no feedback", task,
			 result->code);
}

/* A check that errs may have met a host that does too much else: it is run again before it is blamed. */
static bool again(struct proof_walker *walker, const struct grade_result *result)
{
	if (result->verdict != VERDICT_ERROR || walker->tries == CHECK_TRIES - 1) {
		walker->tries = 0;
		return false;
	}
	walker->tries++;
	walker->state = WALK_NEXT;
	proof_wake(walker->proof->core);
	return true;
}

static void checked(void *context, const struct grade_result *result, const struct err *err)
{
	struct proof_walker *walker = token_redeem(context);

	if (!walker || (!err && again(walker, result)))
		return;
	if (err) {
		complain(walker, "%s was not checked: %s", present(walker)->task->id, err->message);
	} else {
		keep_time(walker->proof, present(walker), result->duration_ms);
		judge(walker, result);
	}
	step_over(walker);
}

/* The numbers of a quiz's right options, as this seat sees them: "0,2". */
static void right_options(const struct proof_walker *walker, struct buf *answer)
{
	const struct proof_step *step = present(walker);
	const struct pack_task *task = step->task;
	AUTO_FREE size_t *order = mem_alloc((task->options + 1) * sizeof(*order));

	pack_shuffle(step->lab, task, walker->proof->secret, walker->number, order);
	for (size_t i = 0; i < task->options; i++)
		if (task->option[order[i]].correct)
			buf_fmt(answer, "%s%zu", answer->length ? "," : "", i);
}

static void fill_answer(const struct proof_walker *walker, struct buf *answer)
{
	const struct proof_step *step = present(walker);
	const struct proof_answer *own =
		report_answer(walker->proof, step->task, walker->proof->seed, walker->number);

	if (step->task->kind == PACK_TASK_QUIZ && step->expect == EXPECT_PASS)
		right_options(walker, answer);
	else if (step->task->kind == PACK_TASK_ANSWER)
		buf_text(answer, step->expect == EXPECT_PASS && own ? own->text : WRONG);
}

static void check(struct proof_walker *walker, struct seat *seat, const char *answer)
{
	const struct proof_step *step = present(walker);
	struct walk_token *token = token_new(walker);
	struct err err = ERR_INIT;

	walker->state = WALK_BUSY;
	if (step->task->kind == PACK_TASK_STATE)
		answer = NULL;
	if (grade_check(seat, step->lab, step->task, TRIGGER_INSTRUCTOR, answer, checked, token, &err) == 0)
		return;
	free(token);
	complain(walker, "%s was not checked: %s", step->task->id, err.message);
	step_over(walker);
}

static void check_own(struct proof_walker *walker, struct seat *seat)
{
	AUTO(buf) struct buf answer = { 0 };

	fill_answer(walker, &answer);
	check(walker, seat, answer.data ? (char *)answer.data : "");
}

/* Two seats may have the same answer by chance; that all have it is found out at the end. */
static void check_others_answer(struct proof_walker *walker, struct seat *seat)
{
	struct proof *proof = walker->proof;
	const struct pack_task *task = present(walker)->task;
	const struct proof_answer *other = report_answer(proof, task, proof->seed, 1);
	const struct proof_answer *own = report_answer(proof, task, proof->seed, walker->number);

	if (!other && proof->walker[0].state != WALK_OVER) {
		walker->state = WALK_NEIGHBOUR;
	} else if (!other || !own) {
		complain(walker, "there is no answer to compare with");
		step_over(walker);
	} else if (strcmp(other->text, own->text) == 0) {
		step_over(walker);
	} else {
		check(walker, seat, other->text);
	}
}

/* ---- machines --------------------------------------------------------------------------------- */

static void remember_lives(struct proof_walker *walker, const struct seat *seat)
{
	for (size_t i = 0; i < seat->machines && i < PROOF_MACHINES_MAX; i++)
		walker->life[i] = seat->machine[i].life;
	walker->since = clock_mono_ms();
	walker->state = WALK_MACHINES;
}

static void reset(struct proof_walker *walker, struct seat *seat)
{
	const struct actor root = { .role = ROLE_ADMIN, .name = "lab test" };
	struct err err = ERR_INIT;

	remember_lives(walker, seat);
	if (grade_leave_lab(seat, &err) < 0 || seat_reset(seat->class->core, &root, seat, NULL, &err) < 0)
		give_up(walker, err.message);
}

static void press_reset(struct proof_walker *walker, struct seat *seat)
{
	struct err err = ERR_INIT;

	remember_lives(walker, seat);
	for (size_t i = 0; i < seat->machines; i++)
		if (machine_power(&seat->machine[i], VIRT_POWER_RESET, &err) < 0) {
			give_up(walker, err.message);
			return;
		}
}

/* One answer of all machines that run_everywhere() asked; true when it was the last. */
static bool came_from_all(struct proof_walker *walker, const struct err *err)
{
	if (walker->state != WALK_BUSY)
		return false;
	if (err)
		give_up(walker, err->message);
	return !err && --walker->pending == 0;
}

static void synced(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct proof_walker *walker = token_redeem(context);
	struct seat *seat = walker ? walker_seat(walker) : NULL;

	(void)run;
	if (seat && came_from_all(walker, err))
		press_reset(walker, seat);
}

static void settled(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct proof_walker *walker = token_redeem(context);

	(void)run; /* a service that fails is the checks' affair */
	if (walker && came_from_all(walker, err))
		step_over(walker);
}

static void run_everywhere(struct proof_walker *walker, struct seat *seat, const char *const *argv,
			   link_exec_fn *done)
{
	const struct link_exec exec = { .argv = argv, .timeout_ms = SETTLE_MS };
	struct err err = ERR_INIT;

	walker->state = WALK_BUSY;
	walker->pending = (unsigned)seat->machines;
	for (size_t i = 0; i < seat->machines && walker->state == WALK_BUSY; i++) {
		struct machine *machine = grade_machine(seat, seat->machine[i].row.name, &err);
		if (machine)
			link_exec(machine->link, &exec, done, token_new(walker));
		else
			give_up(walker, err.message);
	}
}

/* What a student saved is on the disk before the button is pressed: the course is tried, not ext4. */
static void reboot(struct proof_walker *walker, struct seat *seat)
{
	run_everywhere(walker, seat, (const char *const[]){ "sync", NULL }, synced);
}

/* The agent answers before the machine's services run: whoever checks at once would call them lost. */
static void settle(struct proof_walker *walker, struct seat *seat)
{
	run_everywhere(walker, seat,
		       (const char *const[]){ "systemctl", "start", "default.target", NULL }, settled);
}

/* 1: all are ready, and not what they were; 0: not yet; -1: they will not be. */
static int machines_came(struct proof_walker *walker, const struct seat *seat)
{
	int ready = 1;

	for (size_t i = 0; i < seat->machines && i < PROOF_MACHINES_MAX; i++) {
		const struct machine *machine = &seat->machine[i];
		if (machine->state == MACHINE_FAILED || machine->state == MACHINE_OFF) {
			complain(walker, "%s is %s: %s", machine->row.name,
				 machine_state_names[machine->state], machine->row.reason);
			return -1;
		}
		if (machine->state != MACHINE_READY || machine->life == walker->life[i])
			ready = 0;
	}
	if (!ready && clock_mono_ms() - walker->since > MACHINES_MS) {
		complain(walker, "the machines were not ready within %d minutes", MACHINES_MS / 60000);
		return -1;
	}
	return ready;
}

static void begin_step(struct proof_walker *walker, struct seat *seat);

static void wait_for_machines(struct proof_walker *walker, struct seat *seat)
{
	int came = machines_came(walker, seat);

	if (came < 0)
		give_up(walker, "its machines are not usable");
	else if (came > 0 && walker->next > 0)
		step_over(walker);
	else if (came > 0)
		begin_step(walker, seat); /* the class's launch gave them: no step did */
}

/* ---- memory and disk -------------------------------------------------------------------------- */

/* The whole course is behind a machine when its last lab is. */
static bool has_worked(const struct proof_walker *walker)
{
	const struct proof *proof = walker->proof;

	return proof->labs == proof->pack->labs && walker->next < walker->plan.count &&
	       present(walker)->lab == proof->lab[proof->labs - 1];
}

static void keep_usage(struct proof *proof, const struct pack_machine *machine, const struct virt_usage *seen,
		       uint64_t disk)
{
	struct proof_usage *usage = proof->usage;

	while (usage < proof->usage + proof->usages && strcmp(usage->machine, machine->name) != 0)
		usage++;
	if (usage == proof->usage + PROOF_MACHINES_MAX)
		return;
	if (usage == proof->usage + proof->usages)
		proof->usage[proof->usages++] = (struct proof_usage){ .machine = machine->name };
	if (seen->pss > usage->pss)
		usage->pss = seen->pss;
	if (disk > usage->disk)
		usage->disk = disk;
}

static void measured(void *context, const struct virt_usage *usage, uint64_t disk)
{
	struct walk_token *token = context;
	struct proof *proof = proof_find(token->core, token->serial);

	if (proof && token->walker < proof->walkers) {
		struct proof_walker *walker = &proof->walker[token->walker];
		const struct pack_machine *machine = &proof->pack->machine[token->machine];
		keep_usage(proof, machine, usage, disk);
		const struct figure_machine took = { (int64_t)usage->own, (int64_t)disk, has_worked(walker) };
		figures_seen(proof->core, proof->pack, machine, token->domain, &took);
		if (walker->state == WALK_BUSY && --walker->pending == 0)
			step_over(walker);
	}
	free(token);
}

static void measure(struct proof_walker *walker, struct seat *seat)
{
	walker->state = WALK_BUSY;
	walker->pending = (unsigned)seat->machines;
	for (size_t i = 0; i < seat->machines; i++) {
		struct walk_token *token = mem_alloc(sizeof(*token));
		*token = (struct walk_token){ walker->proof->core, walker->proof->serial, walker->number - 1,
					      (unsigned)(seat->machine[i].spec - walker->proof->pack->machine), "" };
		machine_domain(&seat->machine[i], token->domain);
		machine_measure(&seat->machine[i], measured, token);
	}
}

/* ---- going on --------------------------------------------------------------------------------- */

static void begin_step(struct proof_walker *walker, struct seat *seat)
{
	static void (*const begin[PROOF_KINDS])(struct proof_walker *walker, struct seat *seat) = {
		[PROOF_RESET] = reset,
		[PROOF_OPEN] = open_lab,
		[PROOF_SOLVE] = solve,
		[PROOF_SOLVE_AS_OTHER] = solve,
		[PROOF_CHECK] = check_own,
		[PROOF_ANSWER_OF_OTHER] = check_others_answer,
		[PROOF_MEASURE] = measure,
		[PROOF_REBOOT] = reboot,
		[PROOF_SETTLE] = settle,
	};
	const struct proof_step *step = present(walker);

	if (step->promise) {
		settle_promise(walker);
		walker->promise = step->promise;
	}
	if (begin[step->kind])
		begin[step->kind](walker, seat);
	else
		step_over(walker);
}

void walker_go(struct proof_walker *walker)
{
	struct seat *seat = walker_seat(walker);

	if (walker->state == WALK_OVER || walker->state == WALK_BUSY)
		return;
	if (seat && walker->state == WALK_MACHINES) {
		wait_for_machines(walker, seat);
		return;
	}
	if (seat && walker->next < walker->plan.count) {
		begin_step(walker, seat);
		return;
	}
	settle_promise(walker);
	walker->state = WALK_OVER;
	proof_wake(walker->proof->core);
}

void walker_free(struct proof_walker *walker)
{
	proof_plan_free(&walker->plan);
	buf_free(&walker->why);
	*walker = (struct proof_walker){ 0 };
}
