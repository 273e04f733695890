/* Freezing a class and bringing it back.
 *
 * A round goes over all machines of a class, a few at a time; whenever one ends the next begins. One that cannot
 * be saved runs on, one that does not come back stays saved; both are named, and hold up nobody. Machines that
 * are just being made are waited for. The class's state on disk says that a round is under way, and each machine
 * knows (or its file does) whether it is through, so that a restart at any moment begins the round again and
 * it does what is left of it.
 *
 * What is asked of a machine happens in machine_step(); here is only in which order. A machine's step may come
 * from the middle of anything, so the next one begins on a turn of the loop of its own.
 *
 * While a class is frozen its time stands still (store/plans.h).
 */
#include "core/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "freeze"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/capacity.h"
#include "core/figures.h"
#include "store/plans.h"

#define MIB            (1ull << 20)
#define DISK_RESERVE   (1024 * MIB)
#define WAKE_MS        20000
#define CLOCK_LOOKS    3
#define CLOCK_LOOK_MS  3000 /* between being told and a look, and between two */
#define NAMED_AT_ONCE  8            /* machines in a work's message */

struct frost {
	struct core *core;
	int64_t class_id, work_id;
	bool thaw;
	bool posted;       /* a turn of the loop is asked for */
	unsigned through, all;
	unsigned busy;
	unsigned failures;
	struct buf failed; /* "seat 3 desk: why; .." */
};

struct frost_token {
	struct core *core;
	int64_t class_id, work_id;
};

static struct class *token_class(const struct frost_token *token)
{
	struct class *class = token->core->stopping ? NULL : core_class(token->core, token->class_id);

	return class && class->frost && class->frost->work_id == token->work_id ? class : NULL;
}

/* The machine at a place, counted through all seats; NULL behind the last. */
static struct machine *machine_at(struct class *class, size_t place)
{
	for (size_t i = 0; i < class->seats; i++) {
		if (place < class->seat[i].machines)
			return &class->seat[i].machine[place];
		place -= class->seat[i].machines;
	}
	return NULL;
}

/* Where a machine stands in this round. */
enum stand { STAND_THROUGH, STAND_BUSY, STAND_NEXT, STAND_FAILED };

static enum stand stand_of(const struct frost *frost, const struct machine *machine)
{
	bool asked = machine->frost == frost->work_id;

	switch (machine->state) {
	case MACHINE_READY:
		return frost->thaw ? STAND_THROUGH : asked ? STAND_FAILED : STAND_NEXT;
	case MACHINE_LOST:
		return asked ? STAND_FAILED : frost->thaw ? STAND_THROUGH : STAND_NEXT;
	case MACHINE_FROZEN:
		return !frost->thaw ? STAND_THROUGH : asked ? STAND_FAILED : STAND_NEXT;
	case MACHINE_FREEZING:
	case MACHINE_RESUMING:
	case MACHINE_WAITING:
	case MACHINE_CLONING:
	case MACHINE_BOOTING:
	case MACHINE_PERSONALISING:
	case MACHINE_PROBING:
		return STAND_BUSY;
	default: /* has nothing that could be saved, or that was */
		return STAND_THROUGH;
	}
}

/* ---- one machine ------------------------------------------------------------------------------ */

struct freeze_job {
	struct virt_job base;
	int64_t machine_id;
	unsigned life;
	char domain[64];
	struct virt_machine machine;
	uint64_t bytes;
};

static void freeze_work(struct job *job)
{
	struct freeze_job *freeze = (struct freeze_job *)job;

	freeze->base.result = virt_machine_freeze(freeze->base.virt, &freeze->machine, &freeze->bytes,
						  &freeze->base.err);
}

static void freeze_done(struct job *job)
{
	struct freeze_job *freeze = (struct freeze_job *)job;
	struct core *core = freeze->base.core;
	struct machine *machine = core->stopping ? NULL : core_machine(core, freeze->machine_id);
	const struct err *err = &freeze->base.err;

	if (machine)
		machine->making = false;
	if (machine && machine->life != freeze->life) {
		class_continue_close(machine->seat->class);
	} else if (machine && freeze->base.result == 0) {
		figures_saved(machine, freeze->bytes);
		machine_step(machine, EVENT_SAVED, NULL);
	} else if (machine) {
		machine_step(machine, err->kind == ERR_NOT_FOUND ? EVENT_MISSING : EVENT_NOT_SAVED, err->message);
	}
	free(freeze);
}

void freeze_machine(struct machine *machine)
{
	struct freeze_job *freeze = mem_alloc(sizeof(*freeze));

	freeze->base.job.work = freeze_work;
	freeze->base.job.done = freeze_done;
	freeze->machine_id = machine->row.id;
	freeze->life = machine->life;
	machine_domain(machine, freeze->domain);
	freeze->machine = (struct virt_machine){ .name = freeze->domain,
						 .memory = (uint64_t)machine->spec->memory_mib << 20 };
	machine->making = true;
	core_submit(machine->core, &freeze->base);
}

/* pulse.c has a look at its clock: what a machine on a busy host is told has aged by the time that it takes it, and what a
 * connection of before had told a machine that stood still is read only when it goes on, beside what it is told then. */
static void clock_told(struct machine *machine)
{
	machine->clock_looks = CLOCK_LOOKS;
	machine->clock_look_at = clock_mono_ms() + CLOCK_LOOK_MS;
}

static void woken(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct awaited *awaited = context;
	size_t step = awaited->step;
	struct machine *machine = awaited_machine(awaited);

	if (!machine || (err && err->kind == ERR_UNAVAILABLE))
		return; /* the agent answers anew, or the deadline comes */
	if (err || result->status != 0)
		log_warning("%s of seat %u was not told %s", machine->row.name, machine->seat->row.number,
			    step ? "the time" : "random numbers");
	if (!step)
		return;
	clock_told(machine);
	machine_step(machine, EVENT_IDENTIFIED, NULL);
}

static void clock_set(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct machine *machine = awaited_machine(context);

	(void)result;
	if (machine && !(err && err->kind == ERR_UNAVAILABLE))
		clock_told(machine);
}

static void set_clock(struct machine *machine, link_exec_fn *done, void *context)
{
	int64_t now = clock_real_ms();
	AUTO_FREE char *at = str_fmt("@%lld.%03d", (long long)(now / 1000), (int)(now % 1000));
	const char *const set[] = { "date", "-u", "-s", at, NULL };
	struct link_exec exec = { .argv = set, .timeout_ms = WAKE_MS };

	link_exec(machine->link, &exec, done, context);
}

void freeze_set_clock(struct machine *machine)
{
	if (machine->link)
		set_clock(machine, clock_set, await(machine));
}

static void clock_moved(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct machine *machine = awaited_machine(context);

	(void)result, (void)err;
	if (machine)
		machine->clock_look_at = clock_mono_ms() + CLOCK_LOOK_MS;
}

/* Relative to the machine's own clock, so that it does not matter when it is done. */
static void move_clock(struct machine *machine, int64_t ms)
{
	AUTO_FREE char *by = str_fmt("%c%lld.%03d seconds", ms < 0 ? '-' : '+', llabs(ms) / 1000, (int)(llabs(ms) % 1000));
	const char *const set[] = { "date", "-u", "-s", by, NULL };
	struct link_exec exec = { .argv = set, .timeout_ms = WAKE_MS };

	machine->clock_look_at = UINT64_MAX;
	link_exec(machine->link, &exec, clock_moved, await(machine));
}

/* The machine's clock was read somewhere between question and answer: what is outside of that is certain. */
static void clock_seen(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct awaited *awaited = context;
	int64_t took = (int64_t)(clock_mono_ms() - awaited->since), now = clock_real_ms();
	struct machine *machine = awaited_machine(awaited);

	if (!machine || !machine->link)
		return;
	machine->clock_look_at = clock_mono_ms() + CLOCK_LOOK_MS;
	if (err || result->status != 0)
		return;
	double seconds = strtod((const char *)result->output, NULL);
	if (!(seconds > 0 && seconds < 1e11)) /* the guest's word */
		return;
	int64_t shown = (int64_t)(seconds * 1000);
	if (shown < now - took)
		move_clock(machine, now - took - shown);
	else if (shown > now)
		move_clock(machine, now - shown);
}

void freeze_check_clock(struct machine *machine)
{
	static const char *const look[] = { "date", "+%s.%N", NULL };
	struct link_exec exec = { .argv = look, .timeout_ms = WAKE_MS };

	machine->clock_looks--;
	machine->clock_look_at = UINT64_MAX; /* until it has answered */
	link_exec(machine->link, &exec, clock_seen, await(machine));
}

/* Its kernel has stirred its random numbers already where it knows of generation ids; this is for the others.
 * Programs of the machine's own: a student who has replaced them deceives nobody but that machine. */
void freeze_wake(struct machine *machine)
{
	static const char *const stir[] = { "tee", "/dev/urandom", NULL };
	uint8_t entropy[64];
	struct link_exec exec = { .argv = stir, .input = entropy, .input_length = sizeof(entropy),
				  .timeout_ms = WAKE_MS };

	randombytes_buf(entropy, sizeof(entropy));
	link_exec(machine->link, &exec, woken, await(machine));
	sodium_memzero(entropy, sizeof(entropy));
	struct awaited *told = await(machine);
	told->step = 1;
	set_clock(machine, woken, told);
}

/* ---- a round ---------------------------------------------------------------------------------- */

static void tell(struct class *class)
{
	struct frost *frost = class->frost;
	struct work *work = core_work(frost->core, frost->work_id);
	AUTO_FREE char *failed = frost->failures ? str_fmt(", %u failed", frost->failures) : str_copy("");
	AUTO_FREE char *step = str_fmt("%u of %u machines %s%s", frost->through, frost->all,
				       frost->thaw ? "are back" : "are frozen", failed);

	if (work)
		work_progress(frost->core, work, frost->all ? (double)frost->through / frost->all : 1, step);
	class_publish(class);
}

static json_t *view_frost(const struct class *class)
{
	const struct frost *frost = class->frost;
	struct work *work = frost ? core_work(frost->core, frost->work_id) : NULL;

	if (!frost)
		return json_null();
	return json_pack("{s:b, s:i, s:i, s:i, s:I}", "resuming", frost->thaw, "through", (int)frost->through, "machines",
			 (int)frost->all, "failed", (int)frost->failures, "left_ms",
			 (json_int_t)(work ? work->left_ms : 0));
}

void view_add_times(json_t *view, const struct class *class)
{
	json_object_set_new(view, "opened_at", json_integer(class->row.opened_at));
	json_object_set_new(view, "frost", view_frost(class));
	json_object_set_new(view, "paused_at", json_integer(class->paused_at));
	json_object_set_new(view, "idle_since", json_integer(class->idle_since));
	json_object_set_new(view, "idle_ms", json_integer(class->idle_ms));
	json_object_set_new(view, "schedule", view_schedule(class));
}

static void name_failure(struct frost *frost, const struct machine *machine)
{
	if (frost->failures++ < NAMED_AT_ONCE)
		buf_fmt(&frost->failed, "%sseat %u %s: %s", frost->failures > 1 ? "; " : "", machine->seat->row.number,
			machine->row.name, machine->row.reason);
}

static void frost_drop(struct class *class, const char *message)
{
	struct frost *frost = STEAL(class->frost);
	struct work *work = core_work(frost->core, frost->work_id);

	if (work)
		work_end(frost->core, work, message);
	buf_free(&frost->failed);
	free(frost);
}

/* Through with all of them: what could not be is told, and does not keep the class from its new state. */
static void finish(struct class *class)
{
	struct frost *frost = class->frost;
	struct err err = ERR_INIT;
	enum class_state state = frost->thaw ? class_ready_state(class) : CLASS_FROZEN;
	AUTO_FREE char *failed = frost->failures ? str_fmt("%u of %u machines could not be %s: %s", frost->failures,
							   frost->all, frost->thaw ? "brought back" : "saved",
							   (char *)frost->failed.data) : NULL;

	frost_drop(class, failed);
	if ((state != CLASS_FROZEN && pause_idle_end(class, &err) < 0) ||
	    class_set_state(class, state, &err) < 0)
		log_error("class %lld could not become %s: %s", (long long)class->row.id, class_state_names[state],
			  err.message);
}

/* Counts, and asks as many machines as may be at work together. */
static void survey(struct class *class, struct frost *frost, unsigned together)
{
	struct machine *machine;

	frost->through = frost->all = frost->failures = frost->busy = 0;
	buf_free(&frost->failed);
	for (size_t place = 0; (machine = machine_at(class, place)); place++) {
		enum stand stand = stand_of(frost, machine);
		if (stand == STAND_NEXT && frost->busy < together) {
			machine->frost = frost->work_id;
			machine_step(machine, frost->thaw ? EVENT_THAW : EVENT_FREEZE, NULL);
			stand = stand_of(frost, machine);
		}
		frost->all++;
		frost->through += stand == STAND_THROUGH;
		frost->busy += stand == STAND_BUSY || stand == STAND_NEXT;
		if (stand == STAND_FAILED)
			name_failure(frost, machine);
	}
}

static void go_on(struct class *class)
{
	struct frost *frost = class->frost;

	if (class->halting) { /* freeze_halted() is to come: until then a lane may still let one of them go on */
		frost->posted = false;
		return;
	}
	frost->posted = true; /* steps of machines that are asked now need no turn of their own */
	survey(class, frost, frost->core->config.clones);
	frost->posted = false;
	tell(class);
	if (!frost->busy)
		finish(class);
}

static void on_turn(void *context)
{
	struct frost_token *token = context;
	struct class *class = token_class(token);

	if (class)
		go_on(class);
	free(token);
}

void freeze_stop(struct core *core)
{
	loop_flush(core->loop, on_turn);
}

static void post_turn(struct class *class)
{
	struct frost *frost = class->frost;
	struct frost_token *token;

	if (frost->posted)
		return;
	frost->posted = true;
	token = mem_alloc(sizeof(*token));
	*token = (struct frost_token){ frost->core, class->row.id, frost->work_id };
	loop_post(frost->core->loop, on_turn, token);
}

void freeze_stepped(struct machine *machine)
{
	if (machine->seat->class->frost && !machine->core->stopping)
		post_turn(machine->seat->class);
}

void freeze_halted(struct class *class)
{
	if (class->frost && !class->core->stopping)
		post_turn(class);
}

static struct work *round_begin(struct class *class, bool thaw)
{
	AUTO_FREE char *object = str_fmt("class %lld", (long long)class->row.id);
	struct work *work = work_start(class->core, thaw ? "resume" : "freeze", object);
	struct frost *frost = class->frost = mem_alloc(sizeof(*frost));

	*frost = (struct frost){ .core = class->core, .class_id = class->row.id, .work_id = work->id, .thaw = thaw };
	post_turn(class);
	return work;
}

void freeze_continue(struct class *class)
{
	bool thaw = class->state == CLASS_RESUMING;

	if (class->frost || (!thaw && class->state != CLASS_FREEZING) || !core_virt_is_up(class->core))
		return;
	round_begin(class, thaw);
}

void freeze_end(struct class *class, const char *message)
{
	if (class->frost)
		frost_drop(class, message);
}

void freeze_free(struct class *class)
{
	if (!class->frost)
		return;
	buf_free(&class->frost->failed);
	free(STEAL(class->frost));
}

/* ---- beginning -------------------------------------------------------------------------------- */

static uint64_t saved_size(const struct machine *machine)
{
	if (machine->state != MACHINE_READY && machine->state != MACHINE_LOST)
		return 0;
	return machine_cost(machine->core, machine->seat->class->pack, machine->spec).saved;
}

static int check_disk(struct class *class, struct err *err)
{
	uint64_t there = class->core->host.disk_free, needed = 0;
	struct machine *machine;

	there = there > DISK_RESERVE ? there - DISK_RESERVE : 0;
	for (size_t place = 0; (machine = machine_at(class, place)); place++)
		needed += saved_size(machine);
	if (needed <= there)
		return 0;
	return err_set(err, ERR_CAPACITY,
		       "freezing class %lld needs about %.1f GB of disk, and %.1f GB are free: make room first, or "
		       "close a class that is over", (long long)class->row.id, (double)needed / (1024.0 * MIB),
		       (double)there / (1024.0 * MIB));
}

static int check_quiet(struct class *class, struct err *err)
{
	if (class->frost || everyone_is_busy(class))
		return err_set(err, ERR_CONFLICT, "something is under way in all seats of class %lld; wait for it",
			       (long long)class->row.id);
	if (!core_virt_is_up(class->core))
		return err_set(err, ERR_UNAVAILABLE,
			       "libvirtd is away, so no machine can be saved or brought back; try again shortly");
	return 0;
}

static int freeze_state(struct class *class, struct err *err)
{
	struct store *store = class->core->store;
	bool again = class->state == CLASS_FROZEN;

	if (store_begin(store, err) < 0)
		return -1;
	again |= class->paused_at != 0;
	class->paused_at = 0;
	pause_release(class);
	if ((!again && pause_idle_begin(class, err) < 0) || class_set_state(class, CLASS_FREEZING, err) < 0) {
		store_rollback(store);
		pause_load(class, NULL);
		return -1;
	}
	return store_commit(store, err);
}

int class_freeze(struct core *core, const struct actor *actor, struct class *class, struct work **work,
		 struct err *err)
{
	if (class->state != CLASS_OPEN && class->state != CLASS_PREPARED && class->state != CLASS_FROZEN)
		return err_set(err, ERR_CONFLICT, "class %lld is %s; only one that is open or prepared can be frozen",
			       (long long)class->row.id, class_state_names[class->state]);
	if (check_quiet(class, err) < 0 || check_disk(class, err) < 0 || freeze_state(class, err) < 0)
		return -1;
	note_class(core, actor, class, "class.freeze", "");
	*work = round_begin(class, false);
	return 0;
}

int class_resume(struct core *core, const struct actor *actor, struct class *class, struct work **work,
		 struct err *err)
{
	if (class->state != CLASS_FROZEN)
		return err_set(err, ERR_CONFLICT, "class %lld is %s; only one that is frozen can be resumed",
			       (long long)class->row.id, class_state_names[class->state]);
	if (check_quiet(class, err) < 0 || capacity_check(class, err) < 0 ||
	    class_set_state(class, CLASS_RESUMING, err) < 0)
		return -1;
	note_class(core, actor, class, "class.resume", "");
	*work = round_begin(class, true);
	return 0;
}
