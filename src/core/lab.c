/* Opening labs, and the checks that run by themselves.
 *
 * A lab's setup scripts run one after the other in the seat's machines, once per life of the machines: a
 * reset forgets that they ran, and they run again as soon as the machines are ready. A lab that asks for fresh
 * machines resets those in which another lab was set up; whoever opens it waits for the new ones, too.
 * A setup that is cut off by a freeze is begun anew when the machines are back: the agent has ended what was left of it.
 *
 * Automatic checks: when a terminal of the seat has been silent for GRADE_PAUSE_MS after some activity,
 * the unfinished state tasks of the open lab are checked one after the other, so that a seat costs its
 * host one process at a time; and at most every ROUND_EVERY_MS.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "lab"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/activity.h"

#define ROUND_EVERY_MS 2500

/* ---- opening ---------------------------------------------------------------------------------- */

struct lab_waiter {
	grade_open_fn *done;
	void *context;
	struct lab_waiter *next;
};

/* A setup script in flight. */
struct setting_up {
	struct core *core;
	int64_t seat_id;
	unsigned life;
};

bool grade_lab_is_open(const struct seat *seat, const struct pack_lab *lab)
{
	int64_t at;
	bool set_up;

	return labs_opened(seat->class->core->store, seat->row.id, lab->id, &at, &set_up, NULL) == 0 &&
	       at && set_up;
}

static void wait_for_lab(struct grade *grade, grade_open_fn *done, void *context)
{
	struct lab_waiter *waiter = mem_alloc(sizeof(*waiter));

	*waiter = (struct lab_waiter){ done, context, grade->waiters };
	grade->waiters = waiter;
}

static void tell_waiters(struct grade *grade, const struct err *err)
{
	struct lab_waiter *waiter = grade->waiters;

	grade->opening = NULL;
	grade->waiters = NULL;
	while (waiter) {
		struct lab_waiter *next = waiter->next;
		if (waiter->done)
			waiter->done(waiter->context, err);
		free(waiter);
		waiter = next;
	}
}

static void lab_is_open(struct grade *grade)
{
	struct seat *seat = grade->seat;
	struct err err = ERR_INIT;

	if (labs_open(seat->class->core->store, seat->row.id, grade->opening->id, true, &err) < 0) {
		tell_waiters(grade, &err);
		return;
	}
	seat_publish(seat);
	if (!everyone_is_busy(seat->class) && !seat->grade->catching)
		activity_add(seat, ACTIVITY_LAB, seat->row.lab, NULL, NULL);
	tell_waiters(grade, NULL);
}

/* Nobody is kept waiting for a class that sleeps: seat_ready() begins again. */
static void opening_interrupted(struct grade *grade)
{
	struct err why = ERR_INIT;

	err_set(&why, ERR_CONFLICT, "the class was stopped while the lab %s was being set up in seat %u; it is set up when "
		"the class goes on", grade->seat->row.lab, grade->seat->row.number);
	tell_waiters(grade, &why);
}

static void next_setup(struct grade *grade);

static void setup_ran(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct setting_up *token = context;
	struct seat *seat = core_seat(token->core, token->seat_id);
	bool stale = !seat || !seat->grade || seat->grade->life != token->life || !seat->grade->opening;
	struct err why = ERR_INIT;

	free(token);
	if (stale)
		return;
	struct grade *grade = seat->grade;
	if (run && run->status == 0 && !run->timed_out) {
		grade->opening_next++;
		next_setup(grade);
		return;
	}
	if (err && seat->class->idle_since) {
		opening_interrupted(grade);
		return;
	}
	if (err)
		why = *err;
	else
		err_set(&why, ERR_GUEST, "status %d: %.300s", run->status, (const char *)run->errors);
	err_wrap(&why, "the lab %s could not be set up in seat %u (reset the machine, or tell the author)",
		 grade->opening->id, seat->row.number);
	log_warning("%s", why.message);
	tell_waiters(grade, &why);
}

static void next_setup(struct grade *grade)
{
	const struct pack_lab *lab = grade->opening;
	struct seat *seat = grade->seat;
	struct err err = ERR_INIT;
	size_t i = grade->opening_next;

	if (i == lab->setups) {
		lab_is_open(grade);
		return;
	}
	const char *where = lab->setup_machine[i] ? lab->setup_machine[i] : lab->machine;
	struct machine *machine = grade_machine(seat, where, &err);
	struct setting_up *token = mem_alloc(sizeof(*token));
	*token = (struct setting_up){ seat->class->core, seat->row.id, grade->life };
	struct script script = { .lab = lab,
				 .path = lab->setup[i],
				 .number = seat->row.number,
				 .timeout_ms = GRADE_SETUP_TIMEOUT_MS,
				 .yields = true };
	if (!machine || script_run(machine, &script, setup_ran, token, &err) < 0) {
		free(token);
		if (seat->class->idle_since)
			opening_interrupted(grade);
		else
			tell_waiters(grade, &err);
	}
}

/* Answers later, never from inside the call that asked. */
static void begin_opening(void *context)
{
	struct setting_up *token = context;
	struct seat *seat = token->core->stopping ? NULL : core_seat(token->core, token->seat_id);

	if (seat && seat->grade && seat->grade->life == token->life && seat->grade->opening) {
		if (grade_lab_is_open(seat, seat->grade->opening))
			lab_is_open(seat->grade);
		else
			next_setup(seat->grade);
	}
	free(token);
}

void labs_end(struct core *core)
{
	loop_flush(core->loop, begin_opening);
}

static int remember_lab(struct seat *seat, const char *lab, struct err *err)
{
	if (str_equal(seat->row.lab, lab))
		return 0;
	free(seat->row.lab);
	seat->row.lab = str_copy(lab);
	return seats_update(seat->class->core->store, &seat->row, err);
}

int grade_leave_lab(struct seat *seat, struct err *err)
{
	return remember_lab(seat, "", err);
}

bool grade_needs_reset(const struct seat *seat, const struct pack_lab *lab)
{
	bool any = false;

	return lab->fresh && !grade_lab_is_open(seat, lab) &&
	       labs_set_up(seat->class->core->store, seat->row.id, &any, NULL) == 0 && any;
}

int grade_open_lab(struct seat *seat, const struct pack_lab *lab, grade_open_fn *done, void *context,
		   struct err *err)
{
	struct core *core = seat->class->core;
	struct grade *grade = seat_grade(seat);

	if (grade->opening && grade->opening != lab)
		return err_set(err, ERR_CONFLICT, "the lab %s is being opened; wait for it",
			       grade->opening->id);
	if (!grade_lab_is_open(seat, lab) && ((!grade->catching && pause_check(seat->class, err) < 0) ||
					      !grade_machine(seat, lab->machine, err)))
		return -1;
	bool renew = !grade->opening && grade_needs_reset(seat, lab);
	if (remember_lab(seat, lab->id, err) < 0 || (renew && seat_renew(seat, NULL, err) < 0))
		return -1;
	wait_for_lab(grade, done, context);
	if (grade->opening || renew)
		return 0;
	grade->opening = lab;
	grade->opening_next = 0;
	struct setting_up *token = mem_alloc(sizeof(*token));
	*token = (struct setting_up){ core, seat->row.id, grade->life };
	loop_post(core->loop, begin_opening, token);
	return 0;
}

/* Those who wait for a lab's fresh machines are told by the opening that begins here, or now. */
static void seat_ready(struct seat *seat)
{
	const struct pack_lab *lab = pack_lab(seat->class->pack, seat->row.lab);
	struct err err = ERR_INIT;

	if (seat->class->paused_at) {
		seat_grade(seat)->missed_ready = true;
		return;
	}
	if (seat->grade && seat->grade->catching) {
		catching_machines_ready(seat);
		return;
	}
	if (!lab || grade_lab_is_open(seat, lab) || grade_open_lab(seat, lab, NULL, NULL, &err) == 0)
		return;
	log_warning("seat %u: %s", seat->row.number, err.message);
	if (seat->grade)
		tell_waiters(seat->grade, &err);
}

static void seat_not_ready(struct seat *seat, const struct machine *machine)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_GUEST, "the machine %s is %s%s%s", machine->row.name,
		machine_state_names[machine->state], str_is_empty(machine->row.reason) ? "" : ": ",
		machine->row.reason ? machine->row.reason : "");
	catching_end(seat->grade, err.message);
	tell_waiters(seat->grade, &err);
}

void grade_machine_stepped(struct machine *machine)
{
	struct seat *seat = machine->seat;

	if (machine->state == MACHINE_READY && seat_is_ready(seat))
		seat_ready(seat);
	else if (seat->grade && (machine->state == MACHINE_FAILED || machine->state == MACHINE_OFF))
		seat_not_ready(seat, machine);
	else if (seat->grade && seat->grade->waiters && !seat->grade->opening && machine->state == MACHINE_FREEZING)
		opening_interrupted(seat->grade); /* the lab's fresh machines sleep before it was begun */
}

void grade_renew(struct seat *seat)
{
	struct err err = ERR_INIT;

	if (!seat->grade)
		return;
	seat->grade->life++;
	seat->grade->busy = 0;
	seat->grade->round_lab = NULL;
	catching_live_on(seat->grade);
	if (seat->grade->pause)
		sd_event_source_set_enabled(seat->grade->pause, SD_EVENT_OFF);
	err_set(&err, ERR_CONFLICT, "the machine was reset meanwhile");
	tell_waiters(seat->grade, &err);
}

void grade_free(struct seat *seat)
{
	struct err err = ERR_INIT;

	if (!seat->grade)
		return;
	err_set(&err, ERR_CONFLICT, "the seat is gone");
	catching_end(seat->grade, err.message);
	tell_waiters(seat->grade, &err);
	sd_event_source_disable_unref(seat->grade->pause);
	free(seat->grade->not_caught_up);
	free(seat->grade);
	seat->grade = NULL;
}

void grade_forget(struct seat *seat)
{
	if (seat->grade)
		catching_end(seat->grade, "the machine was reset meanwhile");
	grade_renew(seat);
}

/* ---- rounds of automatic checks ---------------------------------------------------------------- */

static bool task_is_due(struct seat *seat, const struct pack_lab *lab, const struct pack_task *task)
{
	const struct progress_row *progress = progress_find(seat, lab->id, task->id);

	return task->kind == PACK_TASK_STATE && !(progress && progress->done);
}

void grade_next_of_round(struct seat *seat)
{
	struct grade *grade = seat->grade;
	const struct pack_lab *lab = grade->round_lab;

	if (lab && seat->class->paused_at) {
		grade->missed_round = true;
		lab = NULL;
	}
	while (lab && grade->round_next < lab->tasks) {
		const struct pack_task *task = &lab->task[grade->round_next++];
		if (task_is_due(seat, lab, task) &&
		    grade_check(seat, lab, task, TRIGGER_AUTO, NULL, NULL, NULL, NULL) == 0)
			return;
	}
	grade->round_lab = NULL;
}

static int pause_came(sd_event_source *source, uint64_t now, void *context)
{
	struct grade *grade = context;
	struct seat *seat = grade->seat;
	const struct pack_lab *lab = pack_lab(seat->class->pack, seat->row.lab);

	(void)source, (void)now;
	if (grade->round_lab || !lab || !seat_is_ready(seat) || !grade_lab_is_open(seat, lab))
		return 0;
	grade->round_at = clock_mono_ms();
	grade->round_lab = lab;
	grade->round_next = 0;
	grade_next_of_round(seat);
	return 0;
}

void grade_activity(struct machine *machine)
{
	struct seat *seat = machine->seat;
	struct grade *grade = seat_grade(seat);
	uint64_t now = clock_mono_ms(), after = GRADE_PAUSE_MS;

	if (str_is_empty(seat->row.lab))
		return;
	if (grade->round_at && now + after < grade->round_at + ROUND_EVERY_MS)
		after = grade->round_at + ROUND_EVERY_MS - now;
	loop_timer(seat->class->core->loop, &grade->pause, after, pause_came, grade);
}

void grade_go_on(struct seat *seat)
{
	struct grade *grade = seat->grade;

	if (!grade)
		return;
	bool ready = grade->missed_ready && seat_is_ready(seat), round = grade->missed_round;
	grade->missed_ready = grade->missed_round = false;
	if (ready)
		seat_ready(seat);
	if (round && seat->machines)
		grade_activity(&seat->machine[0]);
}
