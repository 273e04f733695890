/* How a terminal flows.
 *
 * Output: the agent's bytes enter the ring and go to every viewer in the same turn of the loop. A viewer
 * whose socket is full is blocked until it says viewer_ready(); meanwhile the ring goes on without it,
 * and if it falls out of the ring's end it is moved forward. The guest is told what the *fastest* viewer
 * has taken, so that one slow viewer holds up nobody; without viewers everything counts as taken, since
 * a build that runs while nobody looks has to go on.
 *
 * Input: straight to the agent. What the agent's window does not take waits in a bounded queue of the
 * terminal, and what that does not take stays with the viewer.
 *
 * Size: several viewers may have windows of different sizes, a terminal has one. It follows the viewer
 * who typed last; who only watches never changes it.
 *
 * A terminal is in the guest or it is not (`exists`). It is asked for when its first viewer comes and its
 * machine is ready; if the machine is not, it waits (AWAY) and is asked for when the bus says that the
 * seat changed. When a connection comes back, the agent lists what is alive: what we know is gone on
 * with, what we do not know (we are the ones who restarted) is taken up with all the history the agent
 * has, and what the agent does not know has ended.
 */
#define LOG_MODULE "hub"

#include "term/hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "core/grade.h"
#include "term/pace.h"
#include "term/ring.h"

#define BUCKETS   256
#define INPUT_MAX (64 * 1024)
/* Acknowledged in steps: rarely enough to cost nothing, early enough that the guest never waits. */
#define ACK_STEP  (LINK_PTY_WINDOW / 4)
#define CELLS_MAX 1000

struct terminal {
	LIST_ENTRY(terminal) entry;
	struct hub *hub;
	int64_t machine_id;
	uint16_t number;
	enum terminal_state state;
	bool exists;       /* in the guest, or asked for */
	uint64_t serial;   /* tells an answer for this one from one for a predecessor */
	char *why;         /* of the state; NULL: none */
	struct ring ring;
	uint64_t promised; /* the agent has history up to here, on its way to us */
	uint64_t acked;
	struct buf input;
	uint16_t rows, columns;
	char language[3];
	struct viewer *active; /* who typed last; may be NULL */
	TAILQ_HEAD(, viewer) viewers;
};

struct viewer {
	TAILQ_ENTRY(viewer) entry, fresh_entry;
	struct terminal *terminal;
	const struct viewer_events *events;
	void *context;
	uint64_t position; /* of the next byte that it needs */
	bool has_offset;   /* position is one of this shell's */
	bool fresh;        /* was not called yet */
	bool blocked, short_of_room, read_only;
	uint16_t rows, columns;
};

/* A terminal that was asked for. Outlives both terminal and hub. */
struct asked {
	LIST_ENTRY(asked) entry;
	struct hub *hub; /* NULL: it has gone */
	int64_t machine_id;
	uint16_t number;
	uint64_t serial;
};

struct hub {
	struct core *core;
	struct bus_listener listener;
	sd_event_source *greeter;
	uint64_t serial;
	LIST_HEAD(, terminal) bucket[BUCKETS]; /* by machine */
	TAILQ_HEAD(, viewer) fresh;
	LIST_HEAD(, asked) asked;
	struct pace keys, output;
};

/* ---- looking up ----------------------------------------------------------------------------- */

static struct terminal *terminal_find(struct hub *hub, int64_t machine_id, uint16_t number)
{
	struct terminal *terminal;

	LIST_FOREACH(terminal, &hub->bucket[(uint64_t)machine_id % BUCKETS], entry)
		if (terminal->machine_id == machine_id && terminal->number == number)
			return terminal;
	return NULL;
}

static struct terminal *terminal_new(struct hub *hub, int64_t machine_id, uint16_t number)
{
	struct terminal *terminal = mem_alloc(sizeof(*terminal));

	terminal->hub = hub;
	terminal->machine_id = machine_id;
	terminal->number = number;
	terminal->state = TERMINAL_AWAY;
	terminal->serial = ++hub->serial;
	terminal->ring.most = HUB_RING_MAX;
	terminal->rows = 24;
	terminal->columns = 80;
	strcpy(terminal->language, "en");
	TAILQ_INIT(&terminal->viewers);
	LIST_INSERT_HEAD(&hub->bucket[(uint64_t)machine_id % BUCKETS], terminal, entry);
	return terminal;
}

/* The connection to the machine's agent; NULL while there is none. */
static struct link *terminal_link(const struct terminal *terminal)
{
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);

	return machine && machine->link && link_is_up(machine->link) ? machine->link : NULL;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void viewer_free(struct viewer *viewer)
{
	struct terminal *terminal = viewer->terminal;

	if (viewer->fresh)
		TAILQ_REMOVE(&terminal->hub->fresh, viewer, fresh_entry);
	if (terminal->active == viewer)
		terminal->active = NULL;
	TAILQ_REMOVE(&terminal->viewers, viewer, entry);
	free(viewer);
}

static void terminal_free(struct terminal *terminal)
{
	while (!TAILQ_EMPTY(&terminal->viewers))
		viewer_free(TAILQ_FIRST(&terminal->viewers));
	LIST_REMOVE(terminal, entry);
	ring_free(&terminal->ring);
	buf_free(&terminal->input);
	free(terminal->why);
	free(terminal);
}

static void terminal_end(struct terminal *terminal, const char *why)
{
	struct viewer *viewer;

	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer->events->state(viewer->context, TERMINAL_ENDED, why);
	terminal_free(terminal);
}

/* ---- output --------------------------------------------------------------------------------- */

static void viewer_deliver(struct viewer *viewer)
{
	struct ring *ring = &viewer->terminal->ring;
	const uint8_t *data;

	while (!viewer->blocked && !viewer->fresh && viewer->position < ring->next) {
		if (viewer->position < ring->first)
			viewer->position = ring_safe_start(ring);
		size_t length = ring_peek(ring, viewer->position, &data);
		if (!length)
			return;
		size_t taken = viewer->events->data(viewer->context, viewer->position, data, length);
		viewer->position += taken;
		viewer->blocked = !taken;
	}
}

static void terminal_ack(struct terminal *terminal)
{
	struct link *link = terminal_link(terminal);
	uint64_t taken = TAILQ_EMPTY(&terminal->viewers) ? terminal->ring.next : terminal->acked;
	struct viewer *viewer;

	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		if (viewer->position > taken && viewer->position <= terminal->ring.next)
			taken = viewer->position;
	if (!link || !terminal->exists || taken - terminal->acked < ACK_STEP)
		return;
	terminal->acked = taken;
	link_pty_ack(link, terminal->number, taken);
}

/* Where a viewer begins. An offset beyond everything this shell has said belongs to another one. */
static void viewer_place(struct viewer *viewer)
{
	const struct terminal *terminal = viewer->terminal;
	uint64_t known = terminal->promised > terminal->ring.next ? terminal->promised :
								     terminal->ring.next;

	if (!viewer->has_offset || viewer->position > known)
		viewer->position = ring_safe_start(&terminal->ring);
	viewer->has_offset = true;
}

static void terminal_flow(struct terminal *terminal)
{
	struct viewer *viewer;

	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer_deliver(viewer);
	terminal_ack(terminal);
}

/* ---- state and size ------------------------------------------------------------------------- */

static void terminal_state(struct terminal *terminal, enum terminal_state state, const char *why)
{
	struct viewer *viewer;

	if (terminal->state == state && str_equal(terminal->why, why))
		return;
	terminal->state = state;
	free(terminal->why);
	terminal->why = str_copy(why);
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		if (!viewer->fresh)
			viewer->events->state(viewer->context, state, why);
}

static void terminal_size(struct terminal *terminal, uint16_t rows, uint16_t columns)
{
	struct link *link = terminal_link(terminal);
	struct viewer *viewer;

	if (rows < 1 || rows > CELLS_MAX || columns < 1 || columns > CELLS_MAX ||
	    (terminal->rows == rows && terminal->columns == columns))
		return;
	terminal->rows = rows;
	terminal->columns = columns;
	if (link && terminal->exists)
		link_pty_resize(link, terminal->number, rows, columns);
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		if (!viewer->fresh && viewer->events->resized)
			viewer->events->resized(viewer->context, rows, columns);
}

static void viewer_acts(struct viewer *viewer)
{
	struct terminal *terminal = viewer->terminal;

	if (terminal->active == viewer)
		return;
	terminal->active = viewer;
	terminal_size(terminal, viewer->rows, viewer->columns);
}

/* Input that had to wait. */
static void terminal_push(struct terminal *terminal)
{
	struct link *link = terminal_link(terminal);

	if (link && terminal->input.length)
		buf_consume(&terminal->input,
			    link_pty_write(link, terminal->number, terminal->input.data,
					   terminal->input.length));
	if (!terminal->input.length)
		buf_free(&terminal->input);
}

/* ---- asking the agent for a shell ----------------------------------------------------------- */

static void terminal_ask(struct terminal *terminal);

static void terminal_answered(struct terminal *terminal, const struct err *err)
{
	if (!err) {
		terminal_state(terminal, TERMINAL_LIVE, NULL);
		terminal_push(terminal);
	} else if (err->kind == ERR_UNAVAILABLE) {
		terminal->exists = false;
		terminal_state(terminal, TERMINAL_AWAY, "the machine does not answer");
	} else {
		log_warning("no terminal: %s", err->message);
		terminal_end(terminal, err->message);
	}
}

static void on_asked(void *context, const struct err *err)
{
	struct asked *asked = context;
	struct terminal *terminal = asked->hub ? terminal_find(asked->hub, asked->machine_id,
							       asked->number) :
						 NULL;

	if (asked->hub)
		LIST_REMOVE(asked, entry);
	if (terminal && terminal->serial == asked->serial && terminal->state != TERMINAL_LIVE)
		terminal_answered(terminal, err);
	free(asked);
}

static struct asked *asked_new(struct terminal *terminal)
{
	struct asked *asked = mem_alloc(sizeof(*asked));

	asked->hub = terminal->hub;
	asked->machine_id = terminal->machine_id;
	asked->number = terminal->number;
	asked->serial = terminal->serial;
	LIST_INSERT_HEAD(&terminal->hub->asked, asked, entry);
	return asked;
}

static void terminal_open(struct terminal *terminal, struct machine *machine)
{
	bool japanese = strcmp(terminal->language, "ja") == 0;
	const char *const env[] = {
		japanese ? "LANG=ja_JP.UTF-8" : "LANG=en_US.UTF-8",
		"TERM=xterm-256color",
		"COLORTERM=truecolor",
		NULL,
	};
	const struct link_pty_spec spec = {
		.channel = terminal->number,
		.user = machine->spec->user,
		.env = env,
		.rows = terminal->rows,
		.columns = terminal->columns,
	};
	struct viewer *viewer;

	terminal->exists = true;
	terminal->acked = terminal->promised = 0;
	ring_restart(&terminal->ring, 0);
	TAILQ_FOREACH(viewer, &terminal->viewers, entry) {
		viewer->position = 0;
		viewer->has_offset = true;
	}
	terminal_state(terminal, TERMINAL_OPENING, NULL);
	link_pty_open(machine->link, &spec, on_asked, asked_new(terminal));
}

/* Opens the shell if that is possible now; else says what it waits for. */
static void terminal_ask(struct terminal *terminal)
{
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);

	if (terminal->exists || !machine)
		return;
	if (machine->state == MACHINE_READY && machine->spec && machine->link &&
	    link_is_up(machine->link)) {
		terminal_open(terminal, machine);
		return;
	}
	AUTO_FREE char *why = str_fmt("the machine is %s", machine_state_names[machine->state]);
	terminal_state(terminal, TERMINAL_AWAY, why);
}

/* A seat changed: perhaps one of its machines is ready now. */
static void on_event(struct bus_listener *listener, const struct bus_event *event)
{
	struct hub *hub = (struct hub *)((char *)listener - offsetof(struct hub, listener));
	struct seat *seat = event->seat_id && strcmp(event->type, "seat") == 0 ?
				    core_seat(hub->core, event->seat_id) :
				    NULL;

	for (size_t i = 0; seat && i < seat->machines; i++) {
		for (uint16_t number = 1; number <= LINK_PTYS_MAX; number++) {
			struct terminal *terminal = terminal_find(hub, seat->machine[i].row.id, number);
			if (terminal && !TAILQ_EMPTY(&terminal->viewers))
				terminal_ask(terminal);
		}
	}
}

/* ---- what core tells ------------------------------------------------------------------------ */

static const struct link_pty *hello_pty(const struct link_hello *hello, uint16_t number)
{
	for (unsigned i = 0; i < hello->pty_count && i < LINK_PTYS_MAX; i++)
		if (hello->pty[i].channel == number)
			return &hello->pty[i];
	return NULL;
}

/* The agent has this one alive: we go on where we were, or take all that it has. */
static void terminal_resume(struct terminal *terminal, struct machine *machine,
			    const struct link_pty *pty)
{
	struct viewer *viewer;

	if (!terminal->exists || terminal->ring.next < pty->first || terminal->ring.next > pty->next) {
		ring_restart(&terminal->ring, pty->first);
		terminal->acked = pty->first;
		terminal->rows = pty->rows;
		terminal->columns = pty->columns;
	}
	terminal->exists = true;
	terminal->promised = pty->next;
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer_place(viewer);
	link_pty_attach(machine->link, terminal->number, terminal->ring.next);
	terminal_state(terminal, TERMINAL_LIVE, NULL);
	terminal_push(terminal);
	if (terminal->active)
		terminal_size(terminal, terminal->active->rows, terminal->active->columns);
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

	(void)status;
	if (terminal)
		terminal_end(terminal, "the shell has ended");
}

static void on_writable(void *context, struct machine *machine, uint16_t channel)
{
	struct terminal *terminal = terminal_find(context, machine->row.id, channel);
	struct viewer *viewer, *next;

	if (!terminal)
		return;
	terminal_push(terminal);
	for (viewer = TAILQ_FIRST(&terminal->viewers); viewer; viewer = next) {
		next = TAILQ_NEXT(viewer, entry);
		if (!viewer->short_of_room || terminal->input.length >= INPUT_MAX)
			continue;
		viewer->short_of_room = false;
		if (viewer->events->room)
			viewer->events->room(viewer->context);
	}
}

/* ---- viewers -------------------------------------------------------------------------------- */

/* The first calls to a viewer, a turn after it came. */
static int on_greet(sd_event_source *source, void *context)
{
	struct hub *hub = context;

	(void)source;
	while (!TAILQ_EMPTY(&hub->fresh)) {
		struct viewer *viewer = TAILQ_FIRST(&hub->fresh);
		struct terminal *terminal = viewer->terminal;
		TAILQ_REMOVE(&hub->fresh, viewer, fresh_entry);
		viewer->fresh = false;
		viewer->events->state(viewer->context, terminal->state, terminal->why);
		if (viewer->events->resized)
			viewer->events->resized(viewer->context, terminal->rows, terminal->columns);
		viewer_deliver(viewer);
		terminal_ack(terminal);
	}
	return 0;
}

static void greet_later(struct hub *hub, struct viewer *viewer)
{
	viewer->fresh = true;
	TAILQ_INSERT_TAIL(&hub->fresh, viewer, fresh_entry);
	if (!hub->greeter)
		sd_event_add_defer(loop_event(core_loop(hub->core)), &hub->greeter, on_greet, hub);
	sd_event_source_set_enabled(hub->greeter, SD_EVENT_ONESHOT);
}

static struct viewer *viewer_new(struct terminal *terminal, const struct hub_attach *attach,
				 const struct viewer_events *events, void *context)
{
	struct viewer *viewer = mem_alloc(sizeof(*viewer));

	viewer->terminal = terminal;
	viewer->events = events;
	viewer->context = context;
	viewer->has_offset = attach->has_offset;
	viewer->position = attach->offset;
	viewer->read_only = attach->read_only;
	viewer->rows = attach->rows;
	viewer->columns = attach->columns;
	TAILQ_INSERT_TAIL(&terminal->viewers, viewer, entry);
	return viewer;
}

int hub_attach(struct hub *hub, const struct hub_attach *attach, const struct viewer_events *events,
	       void *context, struct viewer **viewer, struct err *err)
{
	if (attach->number < 1 || attach->number > LINK_PTYS_MAX)
		return err_set(err, ERR_INVALID, "terminals have the numbers 1 to %d", LINK_PTYS_MAX);
	if (!core_machine(hub->core, attach->machine_id))
		return err_set(err, ERR_NOT_FOUND, "there is no machine %lld",
			       (long long)attach->machine_id);
	struct terminal *terminal = terminal_find(hub, attach->machine_id, attach->number);
	if (!terminal)
		terminal = terminal_new(hub, attach->machine_id, attach->number);
	struct viewer *made = viewer_new(terminal, attach, events, context);
	greet_later(hub, made);
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

void viewer_detach(struct viewer *viewer)
{
	struct terminal *terminal = viewer->terminal;

	viewer_free(viewer);
	if (!terminal->exists && TAILQ_EMPTY(&terminal->viewers))
		terminal_free(terminal);
	else
		terminal_ack(terminal);
}

void viewer_ready(struct viewer *viewer)
{
	viewer->blocked = false;
	viewer_deliver(viewer);
	terminal_ack(viewer->terminal);
}

static size_t keep_input(struct terminal *terminal, const uint8_t *data, size_t length)
{
	size_t room = INPUT_MAX - terminal->input.length, kept = length < room ? length : room;

	if (kept)
		buf_append(&terminal->input, data, kept);
	return kept;
}

size_t viewer_input(struct viewer *viewer, const uint8_t *data, size_t length)
{
	struct terminal *terminal = viewer->terminal;
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);
	struct link *link = terminal_link(terminal);
	size_t taken = 0;

	if (viewer->read_only || !length)
		return length;
	viewer_acts(viewer);
	if (link && terminal->state == TERMINAL_LIVE && !terminal->input.length)
		taken = link_pty_write(link, terminal->number, data, length);
	taken += keep_input(terminal, data + taken, length - taken);
	viewer->short_of_room = taken < length;
	pace_add_turn(&terminal->hub->keys, core_loop(terminal->hub->core));
	if (machine)
		grade_activity(machine);
	return taken;
}

void viewer_resize(struct viewer *viewer, uint16_t rows, uint16_t columns)
{
	struct terminal *terminal = viewer->terminal;

	if (viewer->read_only)
		return;
	viewer->rows = rows;
	viewer->columns = columns;
	if (!terminal->active)
		terminal->active = viewer;
	if (terminal->active == viewer)
		terminal_size(terminal, rows, columns);
}

void hub_close_terminal(struct hub *hub, int64_t machine_id, uint16_t number)
{
	struct terminal *terminal = terminal_find(hub, machine_id, number);
	struct link *link = terminal ? terminal_link(terminal) : NULL;

	if (link && terminal->exists)
		link_pty_close(link, number);
}

/* ---- the hub -------------------------------------------------------------------------------- */

static const struct core_terminals hooks = {
	.up = on_up,
	.down = on_down,
	.data = on_data,
	.exit = on_ended,
	.writable = on_writable,
};

struct hub *hub_new(struct core *core)
{
	struct hub *hub = mem_alloc(sizeof(*hub));

	hub->core = core;
	hub->listener.event = on_event;
	TAILQ_INIT(&hub->fresh);
	LIST_INIT(&hub->asked);
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
	sd_event_source_disable_unref(hub->greeter);
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
