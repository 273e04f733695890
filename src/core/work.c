/* Long work that is watched. A work is a row that people look at, not the thing that does it: the code
 * that builds or bakes tells it how far it is, and it tells the bus.
 *
 * How long it still takes is the last successful run's time, kept in the database, times what is left
 * of it; a first run is judged by its own pace. The last KEPT works stay to be looked at.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "work"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define KEPT           32
#define PACE_AFTER_MS  1000 /* before that, its pace says nothing */
#define TELL_FRACTION  0.01 /* smaller steps forward are not told */

struct timed_work {
	struct work base;
	uint64_t expected_ms; /* the last run's; 0: there was none */
	double told;
};

static const char *const work_state_names[] = { "running", "done", "failed" };

static char *setting_key(const struct work *work)
{
	return str_fmt("took-ms:%s:%s", work->kind, work->object);
}

static uint64_t expected_ms(struct core *core, const struct work *work)
{
	AUTO_FREE char *key = setting_key(work);
	AUTO_FREE char *value = store_setting(core->store, key);
	long ms = 0;

	if (value)
		str_to_number(value, 0, 86400000, &ms);
	return (uint64_t)ms;
}

static void remember(struct core *core, const struct work *work)
{
	AUTO_FREE char *key = setting_key(work);
	AUTO_FREE char *value = str_fmt("%llu", (unsigned long long)work->took_ms);
	struct err err = ERR_INIT;

	if (store_set_setting(core->store, key, value, &err) < 0)
		log_warning("%s", err.message);
}

static uint64_t left_ms(const struct timed_work *timed, uint64_t elapsed)
{
	double fraction = timed->base.fraction;

	if (timed->expected_ms)
		return (uint64_t)((double)timed->expected_ms * (1 - fraction));
	if (fraction <= 0 || elapsed < PACE_AFTER_MS)
		return 0;
	return (uint64_t)((double)elapsed / fraction * (1 - fraction));
}

json_t *view_work(const struct work *work)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:f, s:I, s:s, s:I}", "id", (json_int_t)work->id,
			 "kind", work->kind, "object", work->object, "state",
			 work_state_names[work->state], "step", work->step, "fraction", work->fraction,
			 "left_ms", (json_int_t)work->left_ms, "message", work->message, "took_ms",
			 (json_int_t)work->took_ms);
}

static void tell(struct core *core, struct work *work)
{
	((struct timed_work *)work)->told = work->fraction;
	if (!core->stopping)
		bus_publish(core, "job", work->class_id, 0, view_work(work));
}

static void forget_old(struct core *core)
{
	struct work *work, *next;
	unsigned kept = 0;

	for (work = LIST_FIRST(&core->works); work; work = next) {
		next = LIST_NEXT(work, entry);
		if (work->state == WORK_RUNNING || ++kept < KEPT)
			continue;
		LIST_REMOVE(work, entry);
		free(work);
	}
}

struct work *work_start(struct core *core, const char *kind, const char *object)
{
	return work_start_in(core, 0, kind, object);
}

struct work *work_start_in(struct core *core, int64_t class_id, const char *kind, const char *object)
{
	struct timed_work *timed = mem_alloc(sizeof(*timed));
	struct work *work = &timed->base;

	forget_old(core);
	work->id = ++core->next_work;
	work->class_id = class_id;
	snprintf(work->kind, sizeof(work->kind), "%s", kind);
	str_cut(work->object, sizeof(work->object), object);
	snprintf(work->step, sizeof(work->step), "starting");
	work->started_mono = clock_mono_ms();
	timed->expected_ms = work->left_ms = expected_ms(core, work);
	LIST_INSERT_HEAD(&core->works, work, entry);
	log_info("%s %s: begun", kind, object);
	tell(core, work);
	return work;
}

void work_progress(struct core *core, struct work *work, double fraction, const char *step)
{
	struct timed_work *timed = (struct timed_work *)work;
	bool news = strcmp(work->step, step) != 0;

	if (fraction > work->fraction) /* never backwards, whatever the child says */
		work->fraction = fraction > 1 ? 1 : fraction;
	str_cut(work->step, sizeof(work->step), step);
	work->left_ms = left_ms(timed, clock_mono_ms() - work->started_mono);
	if (news || work->fraction - timed->told >= TELL_FRACTION)
		tell(core, work);
}

void work_end(struct core *core, struct work *work, const char *message)
{
	work->state = message ? WORK_FAILED : WORK_DONE;
	work->took_ms = clock_mono_ms() - work->started_mono;
	work->left_ms = 0;
	if (message) {
		str_cut(work->message, sizeof(work->message), message);
		log_error("%s %s: %s", work->kind, work->object, message);
	} else {
		work->fraction = 1;
		remember(core, work);
		log_info("%s %s: done in %.1f s", work->kind, work->object, (double)work->took_ms / 1000);
	}
	tell(core, work);
}

struct work *core_work(struct core *core, int64_t id)
{
	struct work *work;

	LIST_FOREACH(work, &core->works, entry)
		if (work->id == id)
			return work;
	return NULL;
}

struct work *work_running(struct core *core, const char *kind, const char *object)
{
	struct work *work;

	LIST_FOREACH(work, &core->works, entry)
		if (work->state == WORK_RUNNING && strcmp(work->kind, kind) == 0 &&
		    (!object || strcmp(work->object, object) == 0))
			return work;
	return NULL;
}

struct work *work_newest(struct core *core, const char *kind, const char *object)
{
	struct work *work;

	LIST_FOREACH(work, &core->works, entry)
		if (strcmp(work->kind, kind) == 0 && (!object || strcmp(work->object, object) == 0))
			return work;
	return NULL;
}

void works_free(struct core *core)
{
	struct work *work;

	while ((work = LIST_FIRST(&core->works))) {
		LIST_REMOVE(work, entry);
		free(work);
	}
}
