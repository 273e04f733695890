/* One machine's life.
 *
 *   absent -> waiting -> cloning -> personalising -> probing -> ready
 *                           |            ^                       |
 *                           +-> booting -+   <- reboot, start ---+-> off, lost
 *                                                                +-> freezing -> frozen -> resuming -> ready
 *
 * machine_step() is the only way from one state to another: it looks the event up in one table, changes
 * the state, enters it (enter_*), and tells everybody. An event that the table does not name for a state
 * is none of that state's business and is ignored; late answers are common, and none may do harm.
 *
 * `life` makes late answers harmless: every answer that is waited for carries the life in which it was
 * asked for, and each turn away from the straight road from cloning to ready begins a new one.
 *
 * On disk are only the states that a restart has to know: waiting (wanted; make it anew), ready, off,
 * frozen, resuming (it runs again), failed, removing. The states between are observed, and observed again after a
 * restart. Whether a machine that was to be frozen is, only its file knows (virt/freeze.c): one that still counts as
 * ready in a class that freezes is asked to freeze again, and one that counts as frozen to resume, until it has.
 *
 * A machine that fails before it was ever ready has nobody's work on it: it is replaced once by itself,
 * and shown as failed, with the reason, when the second one fails too.
 */
#include "core/internal.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "machine"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/activity.h"
#include "core/hostkey.h"

#define BOOT_MS        300000 /* a cold boot: 30 s alone, minutes when many boot at once */
#define PERSONALISE_MS 30000
#define PROBE_MS       30000
#define RESUME_MS      60000 /* from running again to ready: half a second alone, longer when many come back */

const char *const machine_state_names[] = {
	[MACHINE_ABSENT] = "absent",
	[MACHINE_WAITING] = "waiting",
	[MACHINE_CLONING] = "cloning",
	[MACHINE_BOOTING] = "booting",
	[MACHINE_PERSONALISING] = "personalising",
	[MACHINE_PROBING] = "probing",
	[MACHINE_READY] = "ready",
	[MACHINE_OFF] = "off",
	[MACHINE_LOST] = "lost",
	[MACHINE_FREEZING] = "freezing",
	[MACHINE_FROZEN] = "frozen",
	[MACHINE_RESUMING] = "resuming",
	[MACHINE_FAILED] = "failed",
	[MACHINE_REMOVING] = "removing",
};
static_assert(ARRAY_SIZE(machine_state_names) == MACHINE_STATES, "every machine state has a name");

static const char *const event_names[] = {
	[EVENT_WANT] = "want",		 [EVENT_TURN] = "turn",
	[EVENT_CLONED] = "cloned",	 [EVENT_BOOTED] = "booted",
	[EVENT_NOT_MADE] = "not made",	 [EVENT_UP] = "up",
	[EVENT_KNOWN] = "known",	 [EVENT_IDENTIFIED] = "identified",
	[EVENT_PROBED] = "probed",	 [EVENT_REFUSED] = "refused",
	[EVENT_TIMEOUT] = "timeout",	 [EVENT_STOPPED] = "stopped",
	[EVENT_REBOOTED] = "rebooted",	 [EVENT_SILENT] = "silent",
	[EVENT_START] = "start",	 [EVENT_REMOVE] = "remove",
	[EVENT_FOUND] = "found",	 [EVENT_MISSING] = "missing",
	[EVENT_FREEZE] = "freeze",	 [EVENT_SAVED] = "saved",
	[EVENT_NOT_SAVED] = "not saved", [EVENT_THAW] = "thaw",
	[EVENT_THAWED] = "thawed",
};
static_assert(ARRAY_SIZE(event_names) == MACHINE_EVENTS, "every machine event has a name");

#define TO(state) (MACHINE_##state + 1) /* 0 in the table: not this state's business */

static const unsigned char table[MACHINE_STATES][MACHINE_EVENTS] = {
	[MACHINE_ABSENT] = { [EVENT_WANT] = TO(WAITING), [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_WAITING] = { [EVENT_WANT] = TO(WAITING),
			      [EVENT_TURN] = TO(CLONING),
			      [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_CLONING] = { [EVENT_WANT] = TO(WAITING),
			      [EVENT_CLONED] = TO(PERSONALISING),
			      [EVENT_BOOTED] = TO(BOOTING),
			      [EVENT_NOT_MADE] = TO(FAILED),
			      [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_BOOTING] = { [EVENT_WANT] = TO(WAITING),
			      [EVENT_BOOTED] = TO(BOOTING),
			      [EVENT_NOT_MADE] = TO(OFF),
			      [EVENT_UP] = TO(PERSONALISING),
			      [EVENT_KNOWN] = TO(PROBING),
			      [EVENT_TIMEOUT] = TO(LOST),
			      [EVENT_STOPPED] = TO(OFF),
			      [EVENT_MISSING] = TO(OFF),
			      [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_PERSONALISING] = { [EVENT_WANT] = TO(WAITING),
				    [EVENT_UP] = TO(PERSONALISING),
				    [EVENT_KNOWN] = TO(PROBING),
				    [EVENT_IDENTIFIED] = TO(PROBING),
				    [EVENT_REFUSED] = TO(FAILED),
				    [EVENT_TIMEOUT] = TO(FAILED),
				    [EVENT_STOPPED] = TO(OFF),
				    [EVENT_REBOOTED] = TO(BOOTING),
				    [EVENT_MISSING] = TO(OFF),
				    [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_PROBING] = { [EVENT_WANT] = TO(WAITING),
			      [EVENT_UP] = TO(PERSONALISING),
			      [EVENT_KNOWN] = TO(PROBING),
			      [EVENT_PROBED] = TO(READY),
			      [EVENT_REFUSED] = TO(FAILED),
			      [EVENT_TIMEOUT] = TO(FAILED),
			      [EVENT_STOPPED] = TO(OFF),
			      [EVENT_REBOOTED] = TO(BOOTING),
			      [EVENT_MISSING] = TO(OFF),
			      [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_READY] = { [EVENT_WANT] = TO(WAITING),
			    [EVENT_UP] = TO(PERSONALISING),
			    [EVENT_STOPPED] = TO(OFF),
			    [EVENT_REBOOTED] = TO(BOOTING),
			    [EVENT_SILENT] = TO(LOST),
			    [EVENT_MISSING] = TO(OFF),
			    [EVENT_FREEZE] = TO(FREEZING),
			    [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_OFF] = { [EVENT_WANT] = TO(WAITING),
			  [EVENT_START] = TO(BOOTING),
			  [EVENT_FOUND] = TO(LOST),
			  [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_LOST] = { [EVENT_WANT] = TO(WAITING),
			   [EVENT_UP] = TO(PERSONALISING),
			   [EVENT_KNOWN] = TO(PROBING),
			   [EVENT_STOPPED] = TO(OFF),
			   [EVENT_REBOOTED] = TO(BOOTING),
			   [EVENT_FOUND] = TO(LOST),
			   [EVENT_MISSING] = TO(OFF),
			   [EVENT_FREEZE] = TO(FREEZING),
			   [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_FREEZING] = { [EVENT_SAVED] = TO(FROZEN),
			       [EVENT_NOT_SAVED] = TO(READY),
			       [EVENT_MISSING] = TO(OFF),
			       [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_FROZEN] = { [EVENT_WANT] = TO(WAITING),
			     [EVENT_THAW] = TO(RESUMING),
			     [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_RESUMING] = { [EVENT_WANT] = TO(WAITING),
			       [EVENT_THAWED] = TO(RESUMING),
			       [EVENT_NOT_MADE] = TO(FROZEN),
			       [EVENT_MISSING] = TO(OFF),
			       [EVENT_KNOWN] = TO(RESUMING),
			       [EVENT_UP] = TO(PERSONALISING),
			       [EVENT_IDENTIFIED] = TO(READY),
			       [EVENT_TIMEOUT] = TO(LOST),
			       [EVENT_REBOOTED] = TO(BOOTING),
			       [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_FAILED] = { [EVENT_WANT] = TO(WAITING), [EVENT_REMOVE] = TO(REMOVING) },
	[MACHINE_REMOVING] = { [EVENT_REMOVE] = TO(REMOVING) },
};

struct awaited *await(const struct machine *machine)
{
	struct awaited *awaited = mem_alloc(sizeof(*awaited));

	*awaited = (struct awaited){ machine->core, machine->row.id, machine->life, 0, clock_mono_ms() };
	return awaited;
}

struct machine *awaited_machine(struct awaited *awaited)
{
	struct machine *machine = core_machine(awaited->core, awaited->machine_id);
	bool fresh = machine && machine->life == awaited->life;

	free(awaited);
	return fresh ? machine : NULL;
}

void machine_domain(const struct machine *machine, char name[64])
{
	snprintf(name, 64, "c%lld-s%02u-%.24s-g%u", (long long)machine->seat->row.class_id,
		 machine->seat->row.number, machine->row.name, machine->row.generation);
}

static void machine_save(struct machine *machine)
{
	struct err err = ERR_INIT;

	free(machine->row.state);
	machine->row.state = str_copy(machine_state_names[machine->state]);
	machine->row.changed_at = clock_real_ms();
	if (machines_update(machine->core->store, &machine->row, &err) < 0)
		log_error("the state of %s was not saved: %s", machine->row.name, err.message);
}

static void machine_reason(struct machine *machine, const char *reason)
{
	free(machine->row.reason);
	machine->row.reason = str_copy(reason ? reason : "");
}

/* ---- entering states -------------------------------------------------------------------------- */

static int deadline_passed(sd_event_source *source, uint64_t now, void *context)
{
	(void)source, (void)now;
	machine_step(context, EVENT_TIMEOUT, NULL);
	return 0;
}

static void machine_deadline(struct machine *machine, uint64_t after_ms)
{
	loop_timer(machine->core->loop, &machine->timer, after_ms, deadline_passed, machine);
}

static void machine_no_deadline(struct machine *machine)
{
	if (machine->timer)
		sd_event_source_set_enabled(machine->timer, SD_EVENT_OFF);
}

static void discard_doomed(struct machine *machine)
{
	if (!machine->doomed[0])
		return;
	launch_discard(machine->core, machine->doomed);
	machine->doomed[0] = 0;
}

/* A new generation beside the old one, which goes only when the new one is settled: making comes first,
 * since somebody is waiting for it. */
static void enter_waiting(struct machine *machine, enum machine_event event)
{
	bool reset = machine->seat->class->state == CLASS_OPEN;

	(void)event;
	machine_disconnect(machine);
	machine_no_deadline(machine);
	discard_doomed(machine);
	if (machine->row.generation)
		machine_domain(machine, machine->doomed);
	machine->row.generation++;
	machine_new_uuid(machine->row.uuid);
	free(STEAL(machine->row.tools));
	machine->proven = false;
	machine->wanted_at = clock_mono_ms();
	machine->made_at = clock_real_ms();
	machine->measured_at = machine->own = machine->disk = 0;
	machine_save(machine);
	launch_enqueue(machine, reset);
	launch_next(machine->core);
}

static void enter_booting(struct machine *machine, enum machine_event event)
{
	machine_deadline(machine, BOOT_MS);
	if (event == EVENT_START)
		launch_start(machine);
	else if (event == EVENT_BOOTED)
		machine_connect(machine);
}

static void identified(void *context, const struct err *err)
{
	struct machine *machine = awaited_machine(context);

	if (!machine || (err && err->kind == ERR_UNAVAILABLE))
		return; /* the connection went: the agent answers anew, or the deadline comes */
	machine_step(machine, err ? EVENT_REFUSED : EVENT_IDENTIFIED, err ? err->message : NULL);
}

static void enter_personalising(struct machine *machine, enum machine_event event)
{
	machine_deadline(machine, PERSONALISE_MS);
	machine_connect(machine);
	if (event != EVENT_UP)
		return;
	struct link_identity *identity = mem_alloc(sizeof(*identity));
	struct host_key key = { 0 };
	machine_fill_identity(machine, identity);
	identity->instance = machine_instance(machine);
	host_key_make(&key, identity);
	link_identify(machine->link, identity, PERSONALISE_MS, identified, await(machine));
	sodium_memzero(identity->entropy, sizeof(identity->entropy));
	host_key_free(&key);
	free(identity);
}

static void enter_probing(struct machine *machine, enum machine_event event)
{
	(void)event;
	machine_deadline(machine, PROBE_MS);
	tools_note(machine);
}

static void enter_ready(struct machine *machine, enum machine_event event)
{
	machine_no_deadline(machine);
	machine->asked_at = 0;
	if (!machine->proven) { /* it has just answered: asking again can wait until the others are ready, too */
		machine->asked_at = clock_mono_ms();
		machine->ready_ms = (uint32_t)(machine->asked_at - machine->wanted_at);
	}
	machine->proven = true;
	machine->row.replaced = 0;
	machine_save(machine);
	discard_doomed(machine);
	if (event == EVENT_NOT_SAVED)
		machine_connect(machine);
	pause_machine(machine);
	class_settled(machine->seat->class);
}

static void enter_failed(struct machine *machine, enum machine_event event);

/* Without anybody's work on its disk there is nothing to start again: it is as good as failed. */
static void enter_off(struct machine *machine, enum machine_event event)
{
	if (!machine->proven) {
		machine->state = MACHINE_FAILED;
		enter_failed(machine, event);
		return;
	}
	machine_disconnect(machine);
	machine_no_deadline(machine);
	machine_save(machine);
}

static void enter_lost(struct machine *machine, enum machine_event event)
{
	machine_no_deadline(machine);
	if (event == EVENT_FOUND) {
		machine->proven = true;
		machine_connect(machine);
	}
}

/* Once, for its own failure; for libvirtd's as often as that goes away: it waits until it is back. */
static bool may_be_replaced(const struct machine *machine)
{
	return !machine->proven && (machine->row.replaced == 0 || !machine->core->virt_up);
}

/* A machine that was ready holds somebody's work and is never thrown away: it counts as lost, its
 * terminals stay, and it is probed again from time to time. */
static void enter_failed(struct machine *machine, enum machine_event event)
{
	char domain[64];

	(void)event;
	machine_no_deadline(machine);
	log_warning("%s of seat %u failed: %s", machine->row.name, machine->seat->row.number,
		    machine->row.reason);
	if (machine->proven && machine->link) {
		machine->state = MACHINE_LOST;
		return;
	}
	machine_disconnect(machine);
	if (may_be_replaced(machine)) {
		machine->row.replaced += machine->core->virt_up;
		machine_step(machine, EVENT_WANT, machine->row.reason);
		return;
	}
	machine_save(machine);
	discard_doomed(machine);
	machine_domain(machine, domain);
	launch_discard(machine->core, domain);
	class_settled(machine->seat->class);
}

static void enter_removing(struct machine *machine, enum machine_event event)
{
	(void)event;
	machine_disconnect(machine);
	machine_no_deadline(machine);
	machine_save(machine);
}

/* Its shells are saved with it: their terminals wait for it. The connection goes first: QEMU writes what it is
 * told into the memory of a machine that stands still, too, while that is being saved, and what it could not pass
 * on would be saved as well, and block the machine's first words when it is back. */
static void enter_freezing(struct machine *machine, enum machine_event event)
{
	(void)event;
	machine_no_deadline(machine);
	machine_unlink(machine, false);
	freeze_machine(machine);
}

static void enter_frozen(struct machine *machine, enum machine_event event)
{
	(void)event;
	machine_no_deadline(machine);
	machine_save(machine);
}

/* Twice: when it is asked for, and when it runs. Then its agent answers, and is told what time it is. */
static void enter_resuming(struct machine *machine, enum machine_event event)
{
	if (event == EVENT_THAW) {
		launch_thaw(machine);
		return;
	}
	machine_deadline(machine, RESUME_MS);
	if (event == EVENT_KNOWN) {
		freeze_wake(machine);
		return;
	}
	machine_save(machine);
	machine_connect(machine);
}

static void (*const enter[MACHINE_STATES])(struct machine *machine, enum machine_event event) = {
	[MACHINE_WAITING] = enter_waiting,
	[MACHINE_BOOTING] = enter_booting,
	[MACHINE_PERSONALISING] = enter_personalising,
	[MACHINE_PROBING] = enter_probing,
	[MACHINE_READY] = enter_ready,
	[MACHINE_OFF] = enter_off,
	[MACHINE_LOST] = enter_lost,
	[MACHINE_FREEZING] = enter_freezing,
	[MACHINE_FROZEN] = enter_frozen,
	[MACHINE_RESUMING] = enter_resuming,
	[MACHINE_FAILED] = enter_failed,
	[MACHINE_REMOVING] = enter_removing,
};

/* The events that stay on the straight road: what was asked for before them is still wanted. */
static bool event_keeps_life(enum machine_event event)
{
	return event == EVENT_TURN || event == EVENT_CLONED || event == EVENT_BOOTED ||
	       event == EVENT_IDENTIFIED || event == EVENT_PROBED || event == EVENT_SILENT ||
	       event == EVENT_THAWED;
}

static const char *default_reason(enum machine_event event, enum machine_state from)
{
	if (event == EVENT_TIMEOUT)
		return from == MACHINE_PROBING	? "its probe did not end in time" :
		       from == MACHINE_RESUMING ? "its agent did not answer in time: restart it, or reset the seat" :
						  "its agent did not answer in time";
	if (event == EVENT_SILENT)
		return "its agent does not answer";
	if (event == EVENT_MISSING)
		return "it was found stopped";
	return NULL;
}

/* What an instructor wants to hear of. */
static void machine_tell(struct machine *machine)
{
	enum activity_kind kind = machine->state == MACHINE_FAILED ? ACTIVITY_FAILED :
				  machine->state == MACHINE_LOST   ? ACTIVITY_LOST :
								     ACTIVITY_OFF;
	bool told = machine->state == MACHINE_OFF || kind != ACTIVITY_OFF;

	if (told && machine->seat->class->state == CLASS_OPEN)
		activity_add(machine->seat, kind, NULL, NULL, machine->row.name);
}

void machine_step(struct machine *machine, enum machine_event event, const char *reason)
{
	enum machine_state from = machine->state;
	unsigned char to = table[from][event];

	if (!to)
		return;
	AUTO_FREE char *why = str_copy(reason ? reason : default_reason(event, from));
	log_debug("seat %u %s: %s, %s -> %s%s%s", machine->seat->row.number, machine->row.name,
		  event_names[event], machine_state_names[from], machine_state_names[to - 1],
		  why ? ": " : "", why ? why : "");
	if (!event_keeps_life(event)) {
		machine->life++;
		machine->pinging = false;
	}
	machine->state = to - 1;
	machine->stage_at = clock_mono_ms();
	machine_reason(machine, why);
	if (enter[machine->state])
		enter[machine->state](machine, event);
	if (machine->state + 1 != to)
		return; /* it went on at once, and that was told */
	grade_machine_stepped(machine);
	seat_publish(machine->seat);
	freeze_stepped(machine);
	machine_tell(machine);
}

/* ---- loading, release ------------------------------------------------------------------------- */

static enum machine_state state_from_name(const char *name)
{
	for (int state = 0; state < MACHINE_STATES; state++)
		if (strcmp(machine_state_names[state], name) == 0)
			return state;
	return MACHINE_WAITING;
}

/* What was ready counts as lost until the reconciler has found it. */
void machine_load(struct machine *machine)
{
	enum machine_state state = state_from_name(machine->row.state);

	machine->stage_at = clock_mono_ms();
	machine->made_at = machine->row.generation == 1 ? machine->seat->class->row.launched_at : 0;
	machine->proven = state == MACHINE_READY || state == MACHINE_OFF || state == MACHINE_LOST ||
			  state == MACHINE_FROZEN || state == MACHINE_RESUMING;
	machine->state = state == MACHINE_READY || state == MACHINE_RESUMING ? MACHINE_LOST : state;
}

void machine_release(struct machine *machine)
{
	machine->life++;
	machine_disconnect(machine);
	machine->timer = sd_event_source_disable_unref(machine->timer);
}
