/* The event bus: everybody who watches is told what changed, in order, by one stream of numbered
 * events. The last BUS_KEPT are kept, so that a page that lost its connection gets what it missed.
 *
 * Ids go on rising over restarts, because they start at the clock's milliseconds times 1000: a page
 * that comes back after a restart asks for an id below the first one kept, and loads anew.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define BUS_KEPT 2048

struct kept {
	struct bus_event event;
	char type[20];
};

struct bus {
	TAILQ_HEAD(, bus_listener) listeners;
	struct kept *kept; /* a ring, indexed by id */
	uint64_t first, next;
	struct bus_listener *following; /* whom a running publish visits next */
};

struct bus *bus_new(void)
{
	struct bus *bus = mem_alloc(sizeof(*bus));

	TAILQ_INIT(&bus->listeners);
	bus->kept = mem_alloc(BUS_KEPT * sizeof(*bus->kept));
	bus->first = bus->next = (uint64_t)clock_real_ms() * 1000;
	return bus;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	for (uint64_t id = bus->first; id < bus->next; id++)
		free((char *)bus->kept[id % BUS_KEPT].event.data);
	free(bus->kept);
	free(bus);
}

void bus_listen(struct core *core, struct bus_listener *listener)
{
	TAILQ_INSERT_TAIL(&core->bus->listeners, listener, entry);
}

/* A listener may leave, or make another leave, while it is being told. */
void bus_unlisten(struct core *core, struct bus_listener *listener)
{
	if (core->bus->following == listener)
		core->bus->following = TAILQ_NEXT(listener, entry);
	TAILQ_REMOVE(&core->bus->listeners, listener, entry);
}

uint64_t bus_last_id(const struct core *core)
{
	return core->bus->next - 1;
}

bool bus_replay(struct core *core, uint64_t id, struct bus_listener *listener)
{
	struct bus *bus = core->bus;

	if (id + 1 < bus->first || id >= bus->next)
		return false;
	for (uint64_t next = id + 1; next < bus->next; next++)
		listener->event(listener, &bus->kept[next % BUS_KEPT].event);
	return true;
}

static struct bus_event *keep(struct bus *bus, const char *type, char *text)
{
	struct kept *kept = &bus->kept[bus->next % BUS_KEPT];

	if (bus->next - bus->first == BUS_KEPT) {
		free((char *)kept->event.data);
		bus->first++;
	}
	snprintf(kept->type, sizeof(kept->type), "%s", type);
	kept->event = (struct bus_event){ .id = bus->next++,
					  .type = kept->type,
					  .data = text,
					  .length = strlen(text) };
	return &kept->event;
}

void bus_publish(struct core *core, const char *type, int64_t class_id, int64_t seat_id, json_t *data)
{
	struct bus *bus = core->bus;
	char *text = json_dumps(data, JSON_COMPACT);

	json_decref(data);
	if (!text)
		return;
	struct bus_event *event = keep(bus, type, text);
	event->class_id = class_id;
	event->seat_id = seat_id;
	for (struct bus_listener *one = TAILQ_FIRST(&bus->listeners); one; one = bus->following) {
		bus->following = TAILQ_NEXT(one, entry);
		one->event(one, event);
	}
	bus->following = NULL;
}
