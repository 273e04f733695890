/* "Catch me up": a seat is reset and brought to where a task begins, by the course's own solves.
 *
 *   reset -> for each lab up to the wanted one: open it, and for each of its tasks before the wanted one:
 *   solve, check -> the wanted lab is open
 *
 * What the checks find counts as caught up, without points; what the student passed before keeps its points.
 * A reset meanwhile ends it, but not the one that a lab on the way asks for (fresh machines). Nobody else's
 * checks run in the seat until it is over. A freeze ends it, too: what a solution was at is not begun twice in one machine.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

struct catching {
	struct core *core;
	int64_t seat_id;
	int64_t work_id;              /* 0: it is a part of something bigger */
	unsigned life;                /* of the seat's grade */
	grade_open_fn *done;          /* told the end; may be NULL */
	void *context;
	const struct pack_lab *until; /* the lab to arrive at */
	size_t tasks;                 /* so many of its tasks are solved */
	size_t lab, task;             /* where it is */
	size_t steps, steps_done;
	bool renewing;                /* new machines are on their way */
	bool opened;                  /* the present lab is */
	char *answer;                 /* of the present task, when its solve printed one */
};

static void catching_go(struct seat *seat);

/* What comes back finds the seat by its id, and its catching by the life that it began in. */
struct catch_token {
	struct core *core;
	int64_t seat_id;
	unsigned life;
};

static void tell_end(struct catching *catching, const char *message)
{
	struct err err = ERR_INIT;

	if (message)
		err_set(&err, ERR_GUEST, "%s", message);
	catching->done(catching->context, message ? &err : NULL);
}

void catching_end(struct grade *grade, const char *message)
{
	struct catching *catching = STEAL(grade->catching);
	struct work *work = catching ? core_work(catching->core, catching->work_id) : NULL;

	if (!catching)
		return;
	free(grade->not_caught_up);
	grade->not_caught_up = str_copy(message);
	if (work && !catching->core->stopping)
		work_end(catching->core, work, message);
	if (catching->done)
		tell_end(catching, message);
	if (!catching->core->stopping)
		seat_publish(grade->seat);
	free(catching->answer);
	free(catching);
}

void catching_live_on(struct grade *grade)
{
	if (grade->catching)
		grade->catching->life = grade->life;
}

json_t *view_catching(const struct seat *seat)
{
	const struct catching *catching = seat->grade ? seat->grade->catching : NULL;
	const char *message = seat->grade ? seat->grade->not_caught_up : NULL;

	if (catching)
		return json_pack("{s:s, s:s?, s:f, s:n}", "lab", catching->until->id, "task",
				 catching->tasks ? catching->until->task[catching->tasks].id : NULL, "fraction",
				 (double)catching->steps_done / (double)catching->steps, "message");
	return message ? json_pack("{s:n, s:n, s:f, s:s}", "lab", "task", "fraction", 0.0, "message", message) :
			 json_null();
}

static struct catch_token *token_new(const struct catching *catching)
{
	struct catch_token *token = mem_alloc(sizeof(*token));

	*token = (struct catch_token){ catching->core, catching->seat_id, catching->life };
	return token;
}

static struct seat *token_redeem(struct catch_token *token)
{
	struct seat *seat = token->core->stopping ? NULL : core_seat(token->core, token->seat_id);
	bool fresh = seat && seat->grade && seat->grade->catching && seat->grade->life == token->life;

	free(token);
	return fresh ? seat : NULL;
}

static const struct pack_lab *present_lab(const struct seat *seat)
{
	return &seat->class->pack->lab[seat->grade->catching->lab];
}

static const struct pack_task *present_task(const struct seat *seat)
{
	return &present_lab(seat)->task[seat->grade->catching->task];
}

static void step_done(struct catching *catching, const char *what)
{
	struct work *work = core_work(catching->core, catching->work_id);

	catching->steps_done++;
	if (work)
		work_progress(catching->core, work, (double)catching->steps_done / (double)catching->steps, what);
	seat_publish(core_seat(catching->core, catching->seat_id));
}

/* What failed because the class was stopped is nobody's fault. */
static void give_up(struct seat *seat, const char *why)
{
	catching_end(seat->grade, !seat->class->idle_since ? why :
		     "the class was stopped while the seat was being caught up; catch it up again when the class goes on");
}

/* ---- a task ----------------------------------------------------------------------------------- */

static void checked(void *context, const struct grade_result *result, const struct err *err)
{
	struct seat *seat = token_redeem(context);

	if (!seat)
		return;
	if (err || result->verdict != VERDICT_PASS) {
		AUTO_FREE char *why = str_fmt("the course's own solution of %s/%s did not pass: %s",
					      present_lab(seat)->id, present_task(seat)->id,
					      err ? err->message : "tell the course's author");
		give_up(seat, why);
		return;
	}
	step_done(seat->grade->catching, present_task(seat)->id);
	seat->grade->catching->task++;
	catching_go(seat);
}

/* The numbers of the right options, as the seat sees them. */
static char *right_options(const struct seat *seat, const struct pack_lab *lab, const struct pack_task *task)
{
	AUTO_FREE size_t *order = mem_alloc((task->options + 1) * sizeof(*order));
	AUTO(buf) struct buf answer = { 0 };

	pack_shuffle(lab, task, seat->class->row.secret, seat->row.number, order);
	for (size_t i = 0; i < task->options; i++)
		if (task->option[order[i]].correct)
			buf_fmt(&answer, "%s%zu", answer.length ? "," : "", i);
	return str_copy((char *)answer.data);
}

static void check_task(struct seat *seat)
{
	struct catching *catching = seat->grade->catching;
	struct catch_token *token = token_new(catching);
	AUTO_FREE char *answer = STEAL(catching->answer);
	struct err err = ERR_INIT;

	if (grade_check(seat, present_lab(seat), present_task(seat), TRIGGER_CATCH_UP, answer, checked, token,
			&err) == 0)
		return;
	free(token);
	give_up(seat, err.message);
}

static void solved(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct seat *seat = token_redeem(context);

	if (!seat)
		return;
	if (err) {
		give_up(seat, err->message);
		return;
	}
	if (present_task(seat)->kind == PACK_TASK_ANSWER) {
		const char *text = (const char *)run->output;
		seat->grade->catching->answer = str_copy_n(text, strcspn(text, "\r\n"));
	}
	check_task(seat);
}

static void do_task(struct seat *seat)
{
	const struct pack_lab *lab = present_lab(seat);
	const struct pack_task *task = present_task(seat);
	struct err err = ERR_INIT;

	if (task->kind == PACK_TASK_QUIZ) {
		seat->grade->catching->answer = right_options(seat, lab, task);
		check_task(seat);
		return;
	}
	struct catch_token *token = token_new(seat->grade->catching);
	if (grade_solve(seat, lab, task, seat->row.number, solved, token, &err) == 0)
		return;
	free(token);
	give_up(seat, err.message);
}

/* ---- a lab ------------------------------------------------------------------------------------ */

static void opened(void *context, const struct err *err)
{
	struct seat *seat = token_redeem(context);

	if (!seat)
		return;
	if (err) {
		give_up(seat, err->message);
		return;
	}
	seat->grade->catching->opened = true;
	step_done(seat->grade->catching, present_lab(seat)->id);
	catching_go(seat);
}

/* A lab that asks for fresh machines gets them first, and is opened when they are ready. */
static void open_lab(struct seat *seat)
{
	struct err err = ERR_INIT;

	if (grade_needs_reset(seat, present_lab(seat))) {
		seat->grade->catching->renewing = true;
		if (seat_renew(seat, NULL, &err) < 0)
			give_up(seat, err.message);
		return;
	}
	struct catch_token *token = token_new(seat->grade->catching);
	if (grade_open_lab(seat, present_lab(seat), opened, token, &err) == 0)
		return;
	free(token);
	give_up(seat, err.message);
}

/* The next thing to do. */
static void catching_go(struct seat *seat)
{
	struct catching *catching = seat->grade->catching;
	const struct pack_lab *lab = present_lab(seat);

	if (!catching->opened)
		open_lab(seat);
	else if (catching->task < (lab == catching->until ? catching->tasks : lab->tasks))
		do_task(seat);
	else if (lab == catching->until)
		catching_end(seat->grade, NULL);
	else {
		catching->lab++;
		catching->task = 0;
		catching->opened = false;
		open_lab(seat);
	}
}

/* A machine that rebooted in the middle is ready again, too: that does not begin a second walk. */
void catching_machines_ready(struct seat *seat)
{
	if (!seat->grade->catching->renewing)
		return;
	seat->grade->catching->renewing = false;
	catching_go(seat);
}

/* ---- beginning -------------------------------------------------------------------------------- */

static size_t count_steps(const struct pack *pack, const struct catching *catching)
{
	size_t steps = 0;

	for (size_t i = 0; i < pack->labs && &pack->lab[i] != catching->until; i++)
		steps += 1 + pack->lab[i].tasks;
	return steps + 1 + catching->tasks;
}

int catching_begin(struct core *core, const struct actor *actor, struct seat *seat, const struct pack_lab *lab,
		   const struct pack_task *task, grade_open_fn *done, void *context, struct err *err)
{
	struct grade *grade = seat_grade(seat);

	if (grade->catching)
		return err_set(err, ERR_CONFLICT, "seat %u is being caught up already; wait for it",
			       seat->row.number);
	if (grade_leave_lab(seat, err) < 0 || seat_reset(core, actor, seat, NULL, err) < 0)
		return -1;
	struct catching *catching = grade->catching = mem_alloc(sizeof(*catching));
	*catching = (struct catching){ .core = core, .seat_id = seat->row.id, .life = grade->life,
				       .renewing = true, .until = lab, .tasks = task ? (size_t)(task - lab->task) : 0,
				       .done = done, .context = context };
	catching->steps = count_steps(seat->class->pack, catching);
	return 0;
}

int seat_catch_up(struct core *core, const struct actor *actor, struct seat *seat, const struct pack_lab *lab,
		  const struct pack_task *task, struct work **work, struct err *err)
{
	AUTO_FREE char *object = str_fmt("seat %lld/%02u", (long long)seat->row.class_id, seat->row.number);

	if (catching_begin(core, actor, seat, lab, task, NULL, NULL, err) < 0)
		return -1;
	*work = work_start_in(core, seat->row.class_id, "catch-up", object);
	seat->grade->catching->work_id = (*work)->id;
	note(core, actor, "seat.catch-up", seat->row.class_id, seat->row.id, object, "");
	seat_publish(seat);
	return 0;
}
