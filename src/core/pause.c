/* A class that is paused: its machines stand still, so nothing can be typed and nothing goes on in them, and its
 * time does not count. That it is paused is an interval on disk that has not ended (store/plans.h); machines are
 * stopped and let go on by one job each way, over all that are there; one that is only being made becomes ready
 * first.
 *
 * What was asked of a machine before it stopped (a check, a lab's setup, a solution of a catching up) is answered when it
 * goes on: the guest's timers have stood still with it, and so have the daemon's (link_hold()). Nothing new is begun
 * meanwhile; what would have begun by itself begins then (grade_go_on()).
 *
 * A machine that stands still does not answer, which is not held against it (pulse.c), and its clock stands still, too:
 * it is told the time when it goes on. After a restart of the daemon it stands still as before, counts as lost, and is
 * back with its class; then it is told when its agent answers (machine_link.c).
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "pause"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "store/plans.h"

struct halt_job {
	struct virt_job base;
	int64_t class_id;
	bool halt;
	size_t count;
	char (*domain)[64];
};

int pause_load(struct class *class, struct err *err)
{
	struct store *store = class->core->store;
	int64_t since, before;

	if (idle_since(store, class->row.id, &since, err) < 0 ||
	    idle_between(store, class->row.id, 0, since ? since : INT64_MAX, &before, err) < 0)
		return -1;
	class->idle_since = since;
	class->idle_ms = before;
	class->paused_at = class->state == CLASS_OPEN ? since : 0;
	class->halt_due = class->state == CLASS_OPEN && (since || before);
	return 0;
}

int pause_idle_begin(struct class *class, struct err *err)
{
	int64_t now = clock_real_ms();

	if (idle_begin(class->core->store, class->row.id, now, err) < 0)
		return -1;
	class->idle_since = now;
	return 0;
}

int pause_idle_end(struct class *class, struct err *err)
{
	int64_t now = clock_real_ms();

	if (idle_end(class->core->store, class->row.id, now, err) < 0)
		return -1;
	if (class->idle_since && now > class->idle_since)
		class->idle_ms += now - class->idle_since;
	class->idle_since = 0;
	return 0;
}

/* ---- stopping machines, and letting them go on ----------------------------------------------------
 * One job of a class at a time, over all its machines; when it is done it is looked again whether that is what the
 * class wants by now. */

static void settle(struct class *class);

/* One that cannot be stopped goes on: its student is lucky. */
static void halt_work(struct job *job)
{
	struct halt_job *halt = (struct halt_job *)job;

	for (size_t i = 0; i < halt->count; i++) {
		struct err err = ERR_INIT;
		if (virt_machine_halt(halt->base.virt, halt->domain[i], halt->halt, &err) == 0)
			continue;
		log_warning("%s", err.message);
		halt->base.result = -1;
	}
}

/* Only now has what is asked of a machine its time again. */
static void go_on(struct class *class)
{
	for (size_t i = 0; i < class->seats; i++) {
		struct seat *seat = &class->seat[i];
		for (size_t k = 0; k < seat->machines; k++) {
			if (seat->machine[k].link)
				link_hold(seat->machine[k].link, false);
			freeze_set_clock(&seat->machine[k]);
		}
		grade_go_on(seat);
	}
}

static void halt_done(struct job *job)
{
	struct halt_job *halt = (struct halt_job *)job;
	struct core *core = halt->base.core;
	struct class *class = core->stopping ? NULL : core_class(core, halt->class_id);
	bool stopped = halt->halt, failed = halt->base.result < 0;

	free(halt->domain);
	free(halt);
	if (!class)
		return;
	class->halting = false;
	if (class->state != CLASS_OPEN) {
		freeze_halted(class);
		return;
	}
	if (class->halt_due || stopped != (class->paused_at != 0)) {
		settle(class);
		return;
	}
	class->halt_due = failed; /* core/reconcile.c comes by */
	if (!stopped)
		go_on(class);
}

static void halt_add(struct halt_job *halt, const struct machine *machine)
{
	halt->domain = mem_grow(halt->domain, halt->count + 1, sizeof(*halt->domain));
	machine_domain(machine, halt->domain[halt->count++]);
}

/* Those that are only being made become ready first: pause_machine(). */
static bool is_there(const struct machine *machine)
{
	return machine->state == MACHINE_READY || machine->state == MACHINE_LOST;
}

static void settle(struct class *class)
{
	struct halt_job *halt;

	class->halt_due = class->halting;
	if (class->halting)
		return;
	class->halting = true;
	halt = mem_alloc(sizeof(*halt));
	halt->base.job.work = halt_work;
	halt->base.job.done = halt_done;
	halt->class_id = class->row.id;
	halt->halt = class->paused_at != 0;
	for (size_t i = 0; i < class->seats; i++)
		for (size_t k = 0; k < class->seat[i].machines; k++) {
			struct machine *machine = &class->seat[i].machine[k];
			if (is_there(machine))
				halt_add(halt, machine);
			if (is_there(machine) && machine->link && halt->halt)
				link_hold(machine->link, true);
		}
	core_submit(class->core, &halt->base);
}

void pause_machine(struct machine *machine)
{
	if (machine->seat->class->paused_at)
		settle(machine->seat->class);
}

void pause_release(struct class *class)
{
	for (size_t i = 0; i < class->seats; i++)
		for (size_t k = 0; k < class->seat[i].machines; k++)
			if (class->seat[i].machine[k].link)
				link_hold(class->seat[i].machine[k].link, false);
}

void pause_reconcile(struct class *class)
{
	if (class->state == CLASS_OPEN && class->halt_due && !class->halting)
		settle(class);
}

/* ---- the class ----------------------------------------------------------------------------------- */

int pause_check(const struct class *class, struct err *err)
{
	return !class->paused_at ? 0 :
	       err_set(err, ERR_CONFLICT, "class %lld is paused: its machines stand still until it goes on",
		       (long long)class->row.id);
}

static int check(const struct class *class, bool paused, struct err *err)
{
	if (class->state != CLASS_OPEN || (class->paused_at != 0) != paused)
		return err_set(err, ERR_CONFLICT, "class %lld is %s%s", (long long)class->row.id,
			       class_state_names[class->state],
			       class->state != CLASS_OPEN ? "" : paused ? ", not paused" : " and paused already");
	if (!paused && everyone_is_busy(class))
		return err_set(err, ERR_CONFLICT, "something is under way in all seats of class %lld; wait for it",
			       (long long)class->row.id);
	if (!core_virt_is_up(class->core))
		return err_set(err, ERR_UNAVAILABLE, "libvirtd is away, so no machine can be stopped or go on now; try "
			       "again shortly");
	return 0;
}

static void tell(struct core *core, const struct actor *actor, struct class *class, const char *action)
{
	note_class(core, actor, class, action, "");
	class_publish(class);
	log_info("class %lld: %s", (long long)class->row.id, action);
}

int class_pause(struct core *core, const struct actor *actor, struct class *class, struct err *err)
{
	if (check(class, false, err) < 0 || pause_idle_begin(class, err) < 0)
		return -1;
	class->paused_at = class->idle_since;
	settle(class);
	tell(core, actor, class, "class.pause");
	return 0;
}

int class_continue(struct core *core, const struct actor *actor, struct class *class, struct err *err)
{
	if (check(class, true, err) < 0 || pause_idle_end(class, err) < 0)
		return -1;
	class->paused_at = 0;
	settle(class);
	tell(core, actor, class, "class.continue");
	return 0;
}
