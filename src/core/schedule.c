/* What a class is to do at which time, and doing it.
 *
 * Plans are rows; every few seconds those whose time has come are looked at, in order, one of each class at a time. An
 * action that cannot be done because something else is under way, or libvirtd is away, is tried again for a while;
 * what is refused otherwise is told, with the reason, and does not keep what follows from being tried.
 *
 * Times that passed while the daemon was down: of what is overdue only that counts which the class would be in now. A
 * freeze that a resume follows, both overdue, is a night that was missed: neither is done. A prepare before an
 * overdue open is part of that. Before an overdue close nothing else is done. Each one says so.
 */
#include "core/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "schedule"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/proof.h"
#include "store/plans.h"

#define TICK_MS  2000
#define PATIENCE (10 * 60 * 1000) /* how long an action is tried again */
#define KEPT     8                /* past ones that the view has */

const char *const plan_action_names[] = {
	[PLAN_PREPARE] = "prepare", [PLAN_OPEN] = "open", [PLAN_FREEZE] = "freeze",
	[PLAN_RESUME] = "resume",   [PLAN_CLOSE] = "close",
};
static_assert(ARRAY_SIZE(plan_action_names) == PLAN_ACTIONS, "every action has a name");

static const struct actor scheduler = { .role = ROLE_ADMIN, .name = "the schedule" };

struct plans {
	struct plan_row *row;
	size_t count;
};

static void plans_cleanup(struct plans *plans)
{
	for (size_t i = 0; i < plans->count; i++)
		plan_row_free(&plans->row[i]);
	free(plans->row);
}

static enum plan_action action_of(const struct plan_row *row)
{
	for (int action = 0; action < PLAN_ACTIONS; action++)
		if (str_equal(row->action, plan_action_names[action]))
			return action;
	return PLAN_CLOSE;
}

/* ---- what is possible ------------------------------------------------------------------------- */

/* The state that an action leads to from another; CLASS_STATES: it cannot be done there. */
static enum class_state leads_to(enum class_state from, enum plan_action action, bool opened)
{
	switch (action) {
	case PLAN_PREPARE:
		return from == CLASS_DRAFT ? CLASS_PREPARED : CLASS_STATES;
	case PLAN_OPEN:
		return from == CLASS_DRAFT || (from == CLASS_PREPARED && !opened) ? CLASS_OPEN : CLASS_STATES;
	case PLAN_FREEZE:
		return from == CLASS_OPEN || from == CLASS_PREPARED ? CLASS_FROZEN : CLASS_STATES;
	case PLAN_RESUME:
		return from != CLASS_FROZEN ? CLASS_STATES : opened ? CLASS_OPEN : CLASS_PREPARED;
	default:
		return from == CLASS_CLOSED ? CLASS_STATES : CLASS_CLOSED;
	}
}

/* Where the class will be when what is under way is done. */
static enum class_state settled_state(const struct class *class)
{
	switch (class->state) {
	case CLASS_PREPARING:
	case CLASS_RESUMING:
		return class_ready_state(class);
	case CLASS_FREEZING:
		return CLASS_FROZEN;
	case CLASS_CLOSING:
		return CLASS_CLOSED;
	default:
		return class->state;
	}
}

static int check_plans(const struct class *class, const struct plan *plans, size_t count, struct err *err)
{
	enum class_state state = settled_state(class);
	bool opened = class->row.opened_at != 0;
	int64_t last = clock_real_ms();

	if (count > PLANS_MAX)
		return err_set(err, ERR_INVALID, "at most %d things can be planned for a class", PLANS_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *name = plan_action_names[plans[i].action];
		enum class_state next = leads_to(state, plans[i].action, opened);
		if (plans[i].at <= last)
			return err_set(err, ERR_INVALID, "schedule[%zu]: the time of \"%s\" is %s", i, name,
				       i ? "not after the one before it" : "past already");
		if (next == CLASS_STATES)
			return err_set(err, ERR_INVALID, "schedule[%zu]: the class is %s then, so it cannot %s", i,
				       class_state_names[state], name);
		last = plans[i].at;
		state = next;
		opened |= plans[i].action == PLAN_OPEN;
	}
	return 0;
}

static int check_tested(struct class *class, const struct plan *plans, size_t count, bool untested,
			struct err *err)
{
	bool makes = count && (plans[0].action == PLAN_PREPARE || plans[0].action == PLAN_OPEN) &&
		     class->state == CLASS_DRAFT;

	return makes ? class_check_tested(class, untested, err) : 0;
}

/* ---- planning --------------------------------------------------------------------------------- */

int class_schedule(struct core *core, const struct actor *actor, struct class *class, const struct plan *plans,
		   size_t count, bool untested, struct err *err)
{
	AUTO_FREE struct plan_row *rows = mem_alloc((count + 1) * sizeof(*rows));

	if (class->state == CLASS_CLOSED || class->state == CLASS_CLOSING)
		return err_set(err, ERR_CONFLICT, "class %lld is %s: nothing is to come for it", (long long)class->row.id,
			       class_state_names[class->state]);
	if (check_plans(class, plans, count, err) < 0 || check_tested(class, plans, count, untested, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct plan_row){ .at = plans[i].at, .untested = untested,
					     .action = (char *)plan_action_names[plans[i].action] };
	if (plans_replace(core->store, class->row.id, rows, count, err) < 0)
		return -1;
	AUTO_FREE char *detail = str_fmt("{\"planned\": %zu}", count);
	note_class(core, actor, class, "class.schedule", detail);
	class_publish(class);
	return 0;
}

static struct plan_row *find_end(struct plans *plans, struct plan_row **after)
{
	*after = NULL;
	for (size_t i = 0; i < plans->count; i++) {
		enum plan_action action = action_of(&plans->row[i]);
		if (plans->row[i].outcome || (action != PLAN_FREEZE && action != PLAN_CLOSE))
			continue;
		*after = i + 1 < plans->count ? &plans->row[i + 1] : NULL;
		return &plans->row[i];
	}
	return NULL;
}

int class_extend(struct core *core, const struct actor *actor, struct class *class, unsigned minutes, struct err *err)
{
	AUTO(plans) struct plans plans = { 0 };
	struct plan_row *after, *end;

	if (plans_list(core->store, class->row.id, &plans.row, &plans.count, err) < 0)
		return -1;
	end = find_end(&plans, &after);
	if (!end)
		return err_set(err, ERR_CONFLICT, "nothing ends class %lld by itself, so there is nothing to put off",
			       (long long)class->row.id);
	int64_t at = end->at + (int64_t)minutes * 60000;
	if (after && at >= after->at)
		return err_set(err, ERR_CONFLICT, "%u minutes more would pass the time when the class is to %s; change the "
			       "schedule instead", minutes, after->action);
	if (plans_move(core->store, end->id, at, err) < 0)
		return -1;
	AUTO_FREE char *detail = str_fmt("{\"minutes\": %u, \"action\": \"%s\"}", minutes, end->action);
	note_class(core, actor, class, "class.extend", detail);
	class_publish(class);
	return 0;
}

/* ---- doing it --------------------------------------------------------------------------------- */

static int act(struct core *core, struct class *class, const struct plan_row *plan, struct err *err)
{
	struct work *work;

	switch (action_of(plan)) {
	case PLAN_PREPARE:
		return class_prepare(core, &scheduler, class, plan->untested, err);
	case PLAN_OPEN:
		return class->state == CLASS_DRAFT ? class_launch(core, &scheduler, class, plan->untested, err) :
						     class_open(core, &scheduler, class, err);
	case PLAN_FREEZE:
		return class_freeze(core, &scheduler, class, &work, err);
	case PLAN_RESUME:
		return class_resume(core, &scheduler, class, &work, err);
	default:
		return class_close(core, &scheduler, class, err);
	}
}

static void end_plan(struct class *class, const struct plan_row *plan, const char *outcome)
{
	struct core *core = class->core;
	struct err err = ERR_INIT;

	if (plans_end(core->store, plan->id, outcome, &err) < 0)
		log_error("%s", err.message);
	if (!*outcome)
		log_info("class %lld: %s, as planned", (long long)class->row.id, plan->action);
	else
		log_warning("class %lld: no %s as planned: %s", (long long)class->row.id, plan->action, outcome);
	if (*outcome) {
		json_t *detail = json_pack("{s:s, s:s}", "action", plan->action, "why", outcome);
		AUTO_FREE char *text = json_dumps(detail, JSON_COMPACT);
		json_decref(detail);
		note_class(core, &scheduler, class, "class.schedule-missed", text ? text : "");
	}
	class_publish(class);
}

/* Somebody was faster: the class is there, or on its way. */
static bool is_there(const struct class *class, enum plan_action action)
{
	enum class_state state = settled_state(class);

	switch (action) {
	case PLAN_PREPARE:
		return state != CLASS_DRAFT;
	case PLAN_OPEN:
	case PLAN_RESUME:
		return state == CLASS_OPEN || (action == PLAN_RESUME && state == CLASS_PREPARED);
	case PLAN_FREEZE:
		return state == CLASS_FROZEN;
	default:
		return state == CLASS_CLOSED;
	}
}

static void do_plan(struct core *core, struct class *class, const struct plan_row *plan, int64_t now)
{
	bool is_moving = settled_state(class) != class->state || everyone_is_busy(class);
	struct err err = ERR_INIT;

	if (is_there(class, action_of(plan))) {
		end_plan(class, plan, "");
		return;
	}
	if (act(core, class, plan, &err) == 0) {
		end_plan(class, plan, "");
		return;
	}
	bool may_change = err.kind == ERR_UNAVAILABLE || err.kind == ERR_CAPACITY || is_moving;
	if (!may_change || now - plan->at > PATIENCE)
		end_plan(class, plan, err.message);
}

/* Why an overdue plan is not to be done any more, seen from the overdue ones after it; NULL: do it. */
static const char *why_passed(const struct plans *plans, size_t i)
{
	enum plan_action action = action_of(&plans->row[i]);

	for (size_t k = i + 1; k < plans->count; k++) {
		enum plan_action later = action_of(&plans->row[k]);
		if (plans->row[k].class_id != plans->row[i].class_id)
			continue;
		if (later == PLAN_CLOSE)
			return "its time was missed, and the class was to be closed since";
		if (action == PLAN_FREEZE && later == PLAN_RESUME)
			return "the night was missed: the class was to be resumed since";
		if (action == PLAN_PREPARE && later == PLAN_OPEN)
			return "its time was missed; opening the class prepares it, too";
	}
	return NULL;
}

static void look_at(struct core *core, const struct plans *plans, int64_t now)
{
	int64_t busy = 0; /* the class whose turn it was: the next plan of it waits */

	for (size_t i = 0; i < plans->count; i++) {
		const struct plan_row *plan = &plans->row[i];
		struct class *class = core_class(core, plan->class_id);
		if (!class || plan->class_id == busy)
			continue;
		const char *passed = why_passed(plans, i);
		if (passed) {
			end_plan(class, plan, passed);
			continue;
		}
		busy = plan->class_id;
		do_plan(core, class, plan, now);
	}
}

static int schedule_tick(sd_event_source *source, uint64_t at, void *context)
{
	struct core *core = context;
	AUTO(plans) struct plans plans = { 0 };
	struct err err = ERR_INIT;

	(void)source, (void)at;
	int64_t now = clock_real_ms();

	if (plans_due(core->store, now, &plans.row, &plans.count, &err) < 0)
		log_error("what is planned cannot be read: %s", err.message);
	else
		look_at(core, &plans, now);
	return loop_timer(core->loop, &core->plan_timer, TICK_MS, schedule_tick, core);
}

int schedule_begin(struct core *core, struct err *err)
{
	if (loop_timer(core->loop, &core->plan_timer, TICK_MS, schedule_tick, core) < 0)
		return err_set(err, ERR_INTERNAL, "cannot arm the timer of what is planned");
	return 0;
}

void schedule_end(struct core *core)
{
	core->plan_timer = sd_event_source_disable_unref(core->plan_timer);
}

/* ---- the view --------------------------------------------------------------------------------- */

json_t *view_schedule(const struct class *class)
{
	AUTO(plans) struct plans plans = { 0 };
	json_t *list = json_array();

	plans_list(class->core->store, class->row.id, &plans.row, &plans.count, NULL);
	for (size_t i = plans.count > PLANS_MAX + KEPT ? plans.count - PLANS_MAX - KEPT : 0; i < plans.count; i++)
		json_array_append_new(list, json_pack("{s:I, s:s, s:s?}", "at", (json_int_t)plans.row[i].at, "action",
						      plans.row[i].action, "outcome", plans.row[i].outcome));
	return list;
}
