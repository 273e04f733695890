#include "term/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/class.h"
#include "core/note.h"
#include "term/inside.h"

#define LOOKERS_MAX 16 /* that a seat names at once */

/* One person at one seat, with as many screens as they have opened. */
struct watch {
	LIST_ENTRY(watch) entry;
	struct hub *hub;
	int64_t seat_id, machine_id;
	uint16_t number; /* the terminal that they came to last */
	struct actor actor;
	unsigned watching, assisting; /* screens */
	bool assists;		      /* as it is told: also for a while after the last screen */
	uint64_t gone_at;	      /* clock_mono_ms(); 0: there are screens */
};

/* ---- telling -------------------------------------------------------------------------------- */

static void seat_tell(struct hub *hub, int64_t seat_id)
{
	struct seat_watcher list[LOOKERS_MAX];
	struct seat *seat = core_seat(hub->core, seat_id);
	struct watch *watch;
	size_t count = 0;

	LIST_FOREACH(watch, &hub->watches, entry) {
		if (watch->seat_id != seat_id || count == LOOKERS_MAX)
			continue;
		list[count] = (struct seat_watcher){ .machine_id = watch->machine_id,
						     .terminal = watch->number,
						     .assists = watch->assists };
		str_cut(list[count++].name, sizeof(list->name), watch->actor.name);
	}
	if (seat)
		seat_set_watchers(seat, list, count);
}

static void watch_note(const struct watch *watch)
{
	struct seat *seat = core_seat(watch->hub->core, watch->seat_id);
	struct machine *machine = core_machine(watch->hub->core, watch->machine_id);

	if (!seat || !machine)
		return;
	AUTO_FREE char *object = str_fmt("seat %lld/%02u %s", (long long)seat->row.class_id,
					 seat->row.number, machine->row.name);
	note(watch->hub->core, &watch->actor, watch->assists ? "seat.assist" : "seat.watch",
	     seat->row.class_id, seat->row.id, object, "");
}

/* Whoever sits at this terminal without a page, by ssh, gets a line. */
static void terminal_tell(struct terminal *terminal, const struct watch *watch)
{
	struct viewer *viewer;

	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		if (viewer->events->watched)
			viewer->events->watched(viewer->context, watch->actor.name, watch->assists);
}

/* ---- going ---------------------------------------------------------------------------------- */

static void watch_free(struct watch *watch)
{
	LIST_REMOVE(watch, entry);
	free(watch);
}

static int on_linger(sd_event_source *source, uint64_t usec, void *context);

/* At the time when the first of those who went is forgotten. */
static void linger_arm(struct hub *hub)
{
	struct watch *watch;
	uint64_t first = 0;

	LIST_FOREACH(watch, &hub->watches, entry)
		if (watch->gone_at && (!first || watch->gone_at < first))
			first = watch->gone_at;
	if (!first)
		return;
	uint64_t at = (first + WATCH_LINGER_MS) * 1000;
	if (!hub->lingering)
		sd_event_add_time(loop_event(core_loop(hub->core)), &hub->lingering, CLOCK_MONOTONIC, at,
				  50000, on_linger, hub);
	sd_event_source_set_time(hub->lingering, at);
	sd_event_source_set_enabled(hub->lingering, SD_EVENT_ONESHOT);
}

static int on_linger(sd_event_source *source, uint64_t usec, void *context)
{
	struct hub *hub = context;
	struct watch *watch, *next;
	uint64_t now = clock_mono_ms();

	(void)source, (void)usec;
	for (watch = LIST_FIRST(&hub->watches); watch; watch = next) {
		next = LIST_NEXT(watch, entry);
		if (!watch->gone_at || now < watch->gone_at + WATCH_LINGER_MS)
			continue;
		int64_t seat_id = watch->seat_id;
		watch_free(watch);
		seat_tell(hub, seat_id);
	}
	linger_arm(hub);
	return 0;
}

void watch_end(struct watch *watch, bool assists)
{
	if (!watch)
		return;
	if (assists)
		watch->assisting--;
	else
		watch->watching--;
	if (!watch->watching && !watch->assisting) {
		watch->gone_at = clock_mono_ms();
		linger_arm(watch->hub);
	} else if (watch->assists != (watch->assisting > 0)) {
		watch->assists = watch->assisting > 0;
		seat_tell(watch->hub, watch->seat_id);
	}
}

void watch_free_all(struct hub *hub)
{
	while (!LIST_EMPTY(&hub->watches))
		watch_free(LIST_FIRST(&hub->watches));
	sd_event_source_disable_unref(hub->lingering);
}

/* ---- coming --------------------------------------------------------------------------------- */

static struct watch *watch_find(struct hub *hub, int64_t seat_id, const struct actor *actor)
{
	struct watch *watch;

	LIST_FOREACH(watch, &hub->watches, entry)
		if (watch->seat_id == seat_id && watch->actor.person == actor->person &&
		    strcmp(watch->actor.name, actor->name) == 0)
			return watch;
	return NULL;
}

static struct watch *watch_new(struct hub *hub, int64_t seat_id, const struct actor *actor)
{
	struct watch *watch = mem_alloc(sizeof(*watch));

	watch->hub = hub;
	watch->seat_id = seat_id;
	watch->actor = *actor;
	LIST_INSERT_HEAD(&hub->watches, watch, entry);
	return watch;
}

struct watch *watch_begin(struct terminal *terminal, const struct actor *actor, bool assists)
{
	struct hub *hub = terminal->hub;
	struct machine *machine = core_machine(hub->core, terminal->machine_id);
	struct seat *seat = machine ? machine->seat : NULL;

	if (!seat || class_is_private(seat->class))
		return NULL;
	struct watch *watch = watch_find(hub, seat->row.id, actor);
	struct watch before = watch ? *watch : (struct watch){ 0 };
	if (!watch)
		watch = watch_new(hub, seat->row.id, actor);
	watch->machine_id = terminal->machine_id;
	watch->number = terminal->number;
	watch->watching += !assists;
	watch->assisting += assists;
	watch->assists = watch->assisting > 0;
	watch->gone_at = 0;
	bool rose = !before.hub || (watch->assists && !before.assists);
	bool moved = before.machine_id != watch->machine_id || before.number != watch->number;
	if (rose)
		watch_note(watch);
	if (rose || moved)
		terminal_tell(terminal, watch);
	if (rose || moved || watch->assists != before.assists)
		seat_tell(hub, seat->row.id);
	return watch;
}
