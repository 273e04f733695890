/* How a terminal flows.
 *
 * Output: the agent's bytes enter the ring and go to every viewer in the same turn of the loop. A
 * viewer whose socket is full is blocked until it says viewer_ready(); meanwhile the ring goes on
 * without it, and if it falls out of the ring's end it is moved forward. The guest is told what the
 * *fastest* viewer has taken, so that one slow viewer holds up nobody; without viewers everything
 * counts as taken, since a build that runs while nobody looks has to go on.
 *
 * Input: straight to the agent. What the agent's window does not take waits in a bounded queue of
 * the terminal, and what that does not take stays with the viewer.
 *
 * Size: several viewers may have windows of different sizes, a terminal has one. It follows the
 * viewer who typed last; who only watches never changes it.
 *
 * A terminal is in the guest or it is not (`exists`). It is asked for when its first viewer comes
 * and its machine is ready; if the machine is not, it waits (AWAY) and is asked for when the bus
 * says that the seat changed. When a connection comes back, the agent lists what is alive, and nothing
 * is asked for before that list is here, be the machine ready or not: what we know is gone on with, what we do not know (we are the ones who restarted) is taken up with all
 * the history the agent has, and what the agent does not know has ended.
 */
#include "term/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/grade.h"

/* ---- what core tells ------------------------------------------------------------------------ */

/* A seat changed: perhaps one of its machines is ready now. */
static void on_event(struct bus_listener *listener, const struct bus_event *event)
{
	struct hub *hub = (struct hub *)((char *)listener - offsetof(struct hub, listener));
	struct seat *seat = event->seat_id && strcmp(event->type, "seat") == 0
				    ? core_seat(hub->core, event->seat_id)
				    : NULL;

	for (size_t i = 0; seat && i < seat->machines; i++) {
		for (uint16_t number = HUB_CONSOLE; number <= LINK_PTYS_MAX; number++) {
			struct terminal *terminal =
				terminal_find(hub, seat->machine[i].row.id, number);
			if (terminal && !TAILQ_EMPTY(&terminal->viewers))
				terminal_ask(terminal);
		}
	}
}

static const struct link_pty *hello_pty(const struct link_hello *hello, uint16_t number)
{
	for (unsigned i = 0; i < hello->pty_count && i < LINK_PTYS_MAX; i++)
		if (hello->pty[i].channel == number)
			return &hello->pty[i];
	return NULL;
}

static void on_up(void *context, struct machine *machine, const struct link_hello *hello)
{
	struct hub *hub = context;

	for (uint16_t number = 1; number <= LINK_PTYS_MAX; number++) {
		const struct link_pty *pty = hello_pty(hello, number);
		struct terminal *terminal = terminal_find(hub, machine->row.id, number);
		if (pty && !terminal)
			terminal = terminal_new(hub, machine->row.id, number);
		if (pty)
			terminal_resume(terminal, machine, pty);
		else if (terminal && terminal->exists && terminal->state != TERMINAL_OPENING)
			terminal_end(terminal, "the machine was restarted");
		else if (terminal)
			terminal_ask(terminal);
	}
}

static void on_down(void *context, struct machine *machine, bool gone)
{
	struct hub *hub = context;

	for (uint16_t number = 1; number <= LINK_PTYS_MAX; number++) {
		struct terminal *terminal = terminal_find(hub, machine->row.id, number);
		if (terminal && terminal->exists && gone)
			terminal_end(terminal, "the machine is gone");
		else if (terminal)
			terminal_state(terminal, TERMINAL_AWAY, "the machine does not answer");
	}
}

static void on_data(void *context, struct machine *machine, uint16_t channel, uint64_t offset,
		    const uint8_t *data, size_t length)
{
	struct terminal *terminal = terminal_find(context, machine->row.id, channel);

	if (!terminal || !terminal->exists || offset + length <= terminal->ring.next)
		return;
	if (offset > terminal->ring.next) {
		ring_restart(&terminal->ring, offset);
		terminal->acked = offset;
	}
	size_t known = terminal->ring.next - offset;
	ring_append(&terminal->ring, data + known, length - known);
	terminal_flow(terminal);
	pace_add_turn(&terminal->hub->output, core_loop(terminal->hub->core));
	grade_activity(machine);
}

static void on_ended(void *context, struct machine *machine, uint16_t channel, int status)
{
	struct terminal *terminal = terminal_find(context, machine->row.id, channel);
	struct viewer *viewer;

	if (!terminal)
		return;
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		if (viewer->events->exited)
			viewer->events->exited(viewer->context, status);
	terminal_end(terminal, "the shell has ended");
}

static void on_writable(void *context, struct machine *machine, uint16_t channel)
{
	struct terminal *terminal = terminal_find(context, machine->row.id, channel);

	if (terminal)
		terminal_room(terminal);
}

static const struct core_terminals hooks = {
	.up = on_up,
	.down = on_down,
	.data = on_data,
	.exit = on_ended,
	.writable = on_writable,
	.console_up = console_up,
	.console_data = console_data,
	.console_room = console_room,
	.console_down = console_down,
};

/* ---- what core is told ----------------------------------------------------------------------- */

static uint32_t numbers_of(struct hub *hub, int64_t machine_id)
{
	uint32_t numbers = 0;

	for (uint16_t number = 1; number <= LINK_PTYS_MAX; number++) {
		struct terminal *terminal = terminal_find(hub, machine_id, number);
		if (terminal && terminal->exists)
			numbers |= 1u << number;
	}
	return numbers;
}

/* Not at once: what core tells may come while we hear from the bus, and would overtake that. */
static int on_tell(sd_event_source *source, void *context)
{
	struct hub *hub = context;
	AUTO(buf) struct buf changed = hub->changed;
	const int64_t *ids = (const int64_t *)changed.data;

	(void)source;
	hub->changed = (struct buf){ 0 };
	for (size_t i = 0; i < changed.length / sizeof(*ids); i++) {
		struct machine *machine = core_machine(hub->core, ids[i]);
		if (machine)
			machine_set_terminals(machine, numbers_of(hub, ids[i]));
	}
	return 0;
}

void terminal_counted(struct terminal *terminal)
{
	struct hub *hub = terminal->hub;

	buf_append(&hub->changed, &terminal->machine_id, sizeof(terminal->machine_id));
	if (!hub->teller)
		sd_event_add_defer(loop_event(core_loop(hub->core)), &hub->teller, on_tell, hub);
	sd_event_source_set_enabled(hub->teller, SD_EVENT_ONESHOT);
}

/* ---- for the layers above -------------------------------------------------------------------- */

int hub_attach(struct hub *hub, const struct hub_attach *attach, const struct viewer_events *events,
	       void *context, struct viewer **viewer, struct err *err)
{
	if (attach->number > LINK_PTYS_MAX)
		return err_set(err, ERR_INVALID,
			       "terminals have the numbers 1 to %d, the console is %d",
			       LINK_PTYS_MAX, HUB_CONSOLE);
	if (!core_machine(hub->core, attach->machine_id))
		return err_set(err, ERR_NOT_FOUND, "there is no machine %lld",
			       (long long)attach->machine_id);
	struct terminal *terminal = terminal_find(hub, attach->machine_id, attach->number);
	if (!terminal) {
		terminal = terminal_new(hub, attach->machine_id, attach->number);
		terminal->command = str_copy(attach->command);
	}
	struct viewer *made = viewer_new(terminal, attach, events, context);
	if (terminal->exists)
		viewer_place(made);
	else if (str_equal(attach->language, "ja"))
		strcpy(terminal->language, "ja");
	if (!attach->read_only && !terminal->active)
		viewer_acts(made);
	terminal_ask(terminal);
	*viewer = made;
	return 0;
}

uint16_t hub_free_number(struct hub *hub, int64_t machine_id)
{
	for (uint16_t number = 2; number <= LINK_PTYS_MAX; number++)
		if (!terminal_find(hub, machine_id, number))
			return number;
	return 0;
}

void hub_close_terminal(struct hub *hub, int64_t machine_id, uint16_t number)
{
	struct terminal *terminal = terminal_find(hub, machine_id, number);
	struct link *link = terminal ? terminal_link(terminal) : NULL;

	if (link && terminal->exists)
		link_pty_close(link, number);
}

struct hub *hub_new(struct core *core)
{
	struct hub *hub = mem_alloc(sizeof(*hub));

	hub->core = core;
	hub->listener.event = on_event;
	TAILQ_INIT(&hub->fresh);
	LIST_INIT(&hub->asked);
	LIST_INIT(&hub->watches);
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_INIT(&hub->bucket[i]);
	bus_listen(core, &hub->listener);
	core_set_terminals(core, &hooks, hub);
	return hub;
}

void hub_free(struct hub *hub)
{
	struct asked *asked;

	if (!hub)
		return;
	core_set_terminals(hub->core, NULL, NULL);
	bus_unlisten(hub->core, &hub->listener);
	LIST_FOREACH(asked, &hub->asked, entry)
		asked->hub = NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		while (!LIST_EMPTY(&hub->bucket[i]))
			terminal_free(LIST_FIRST(&hub->bucket[i]));
	watch_free_all(hub);
	sd_event_source_disable_unref(hub->greeter);
	sd_event_source_disable_unref(hub->teller);
	buf_free(&hub->changed);
	free(hub);
}

void hub_stats(const struct hub *hub, struct hub_stats *stats)
{
	const struct terminal *terminal;
	const struct viewer *viewer;

	*stats = (struct hub_stats){
		.keys = { pace_quantile(&hub->keys, 0.5), pace_quantile(&hub->keys, 0.99) },
		.output = { pace_quantile(&hub->output, 0.5), pace_quantile(&hub->output, 0.99) },
	};
	for (size_t i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(terminal, &hub->bucket[i], entry) {
			stats->terminals++;
			stats->ring_bytes += terminal->ring.room;
			TAILQ_FOREACH(viewer, &terminal->viewers, entry)
				stats->viewers++;
		}
	}
}
