#include "core/retention.h"

#include <stdlib.h>

#define LOG_MODULE "retention"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"
#include "core/setting.h"
#include "store/retention.h"

#define DAY_MS	 (24 * 3600 * 1000ll)
#define LOOK_MS	 (3600 * 1000ll)
#define GRACE_MS (30 * DAY_MS) /* for classes that were closed before there were dates */

static const struct actor nobody = { .name = "system" };

/* ---- removing ------------------------------------------------------------------------------- */

static void replace(char **text)
{
	free(*text);
	*text = str_copy("");
}

/* Memory follows the database. */
static void seat_forget(struct seat *seat)
{
	for (size_t i = 0; i < seat->progresses; i++)
		progress_row_free(&seat->progress[i]);
	free(seat->progress);
	seat->progress = NULL;
	seat->progresses = 0;
	replace(&seat->row.name);
	replace(&seat->row.mail);
	replace(&seat->row.language);
	replace(&seat->row.lab);
	replace(&seat->row.code);
	free(seat->row.password);
	seat->row.password = NULL;
	seat->row.person = seat->row.organisation = seat->row.joined_at = seat->row.hand_at = 0;
	seat->row.hand = false;
	seat_publish(seat);
}

static void remove_results(struct class *class, const struct actor *actor)
{
	struct core *core = class->core;
	int64_t now = clock_real_ms();
	struct err err = ERR_INIT;

	if (retention_remove(core->store, class->row.id, now, &err) < 0) {
		log_error("the results of class %lld were not removed: %s", (long long)class->row.id, err.message);
		return;
	}
	class->results_removed_at = now;
	for (size_t i = 0; i < class->seats; i++)
		seat_forget(&class->seat[i]);
	note_class(core, actor, class, "class.results-removed", "");
	class_publish(class);
	log_info("the results of class %lld were kept long enough, and are removed", (long long)class->row.id);
}

/* ---- dates ---------------------------------------------------------------------------------- */

static bool is_waiting(const struct class *class)
{
	return class->state == CLASS_CLOSED && class->results_until && !class->results_removed_at;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source, (void)usec;
	retention_look(context);
	return 0;
}

void retention_look(struct core *core)
{
	int64_t now = clock_real_ms(), wait = LOOK_MS;
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry) {
		if (is_waiting(class) && class->results_until <= now)
			remove_results(class, &nobody);
		else if (is_waiting(class) && class->results_until - now < wait)
			wait = class->results_until - now;
	}
	if (!core->stopping)
		loop_timer(core->loop, &core->retention_timer, (uint64_t)wait, on_timer, core);
}

static int set_date(struct class *class, int64_t until, struct err *err)
{
	if (retention_set(class->core->store, class->row.id, until, err) < 0)
		return -1;
	class->results_until = until;
	return 0;
}

static int64_t default_date(const struct class *class)
{
	return class->row.closed_at + setting_number(class->core, SETTING_RESULTS_DAYS) * DAY_MS;
}

void retention_closed(struct class *class)
{
	struct err err = ERR_INIT;

	if (!class->row.hidden && set_date(class, default_date(class), &err) < 0)
		log_error("class %lld: %s", (long long)class->row.id, err.message);
}

int retention_load(struct class *class, struct err *err)
{
	struct retention_row row;
	int64_t least = clock_real_ms() + GRACE_MS;

	if (retention_get(class->core->store, class->row.id, &row, err) < 0)
		return -1;
	class->results_until = row.until;
	class->results_removed_at = row.removed_at;
	if (class->state != CLASS_CLOSED || row.until || class->row.hidden)
		return 0;
	return set_date(class, default_date(class) > least ? default_date(class) : least, err);
}

int class_keep_results(struct core *core, const struct actor *actor, struct class *class, int64_t until,
		       struct err *err)
{
	AUTO_FREE char *detail = str_fmt("{\"until\":%lld}", (long long)until);

	if (class->state != CLASS_CLOSED)
		return err_set(err, ERR_CONFLICT, "class %lld is %s: its results are kept until some time after its close",
			       (long long)class->row.id, class_state_names[class->state]);
	if (class->results_removed_at)
		return err_set(err, ERR_CONFLICT, "the results of class %lld are gone", (long long)class->row.id);
	if (until > clock_real_ms() + RETENTION_YEARS * 366 * DAY_MS)
		return err_set(err, ERR_INVALID, "results are kept for at most %d years", RETENTION_YEARS);
	if (set_date(class, until > 0 ? until : 1, err) < 0) /* 0 is no date */
		return -1;
	note_class(core, actor, class, "class.keep-results", detail);
	class_publish(class);
	retention_look(core);
	return 0;
}
