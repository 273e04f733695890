#include "term/inside.h"

#include <stdlib.h>

#include "base/str.h"
#include "core/grade.h"

/* ---- coming and going ------------------------------------------------------------------------ */

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

struct viewer *viewer_new(struct terminal *terminal, const struct hub_attach *attach,
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
	if (attach->staff)
		viewer->watch = watch_begin(terminal, attach->staff, !attach->read_only);
	TAILQ_INSERT_TAIL(&terminal->viewers, viewer, entry);
	greet_later(terminal->hub, viewer);
	return viewer;
}

void viewer_free(struct viewer *viewer)
{
	struct terminal *terminal = viewer->terminal;

	if (viewer->fresh)
		TAILQ_REMOVE(&terminal->hub->fresh, viewer, fresh_entry);
	if (terminal->active == viewer)
		terminal->active = NULL;
	TAILQ_REMOVE(&terminal->viewers, viewer, entry);
	watch_end(viewer->watch, !viewer->read_only);
	free(viewer);
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

void viewer_hangup(struct viewer *viewer)
{
	struct terminal *terminal = viewer->terminal;
	struct hub *hub = terminal->hub;
	int64_t machine_id = terminal->machine_id;
	uint16_t number = terminal->number;

	viewer_detach(viewer);
	terminal = terminal_find(hub, machine_id, number);
	if (terminal && TAILQ_EMPTY(&terminal->viewers))
		hub_close_terminal(hub, machine_id, number);
}

/* ---- output ---------------------------------------------------------------------------------- */

void viewer_place(struct viewer *viewer)
{
	const struct terminal *terminal = viewer->terminal;
	uint64_t known =
		terminal->promised > terminal->ring.next ? terminal->promised : terminal->ring.next;

	if (!viewer->has_offset || viewer->position > known)
		viewer->position = ring_safe_start(&terminal->ring);
	viewer->has_offset = true;
}

void viewer_deliver(struct viewer *viewer)
{
	struct ring *ring = &viewer->terminal->ring;
	const uint8_t *data;

	while (!viewer->blocked && !viewer->fresh && viewer->position < ring->next) {
		if (viewer->position < ring->first)
			viewer->position = ring_safe_start(ring);
		size_t length = ring_peek(ring, viewer->position, &data);
		if (!length)
			return;
		size_t taken =
			viewer->events->data(viewer->context, viewer->position, data, length);
		viewer->position += taken;
		viewer->blocked = !taken;
	}
}

void viewer_ready(struct viewer *viewer)
{
	viewer->blocked = false;
	viewer_deliver(viewer);
	terminal_ack(viewer->terminal);
}

/* ---- input and size -------------------------------------------------------------------------- */

void viewer_acts(struct viewer *viewer)
{
	struct terminal *terminal = viewer->terminal;

	if (terminal->active == viewer)
		return;
	terminal->active = viewer;
	terminal_size(terminal, viewer->rows, viewer->columns);
}

static size_t keep_input(struct terminal *terminal, const uint8_t *data, size_t length)
{
	size_t room = INPUT_MAX - terminal->input.length, kept = length < room ? length : room;

	if (kept)
		buf_append(&terminal->input, data, kept);
	return kept;
}

static void refuse(struct viewer *viewer, int64_t pause)
{
	if (viewer->refused == pause)
		return;
	viewer->refused = pause;
	if (viewer->events->refused)
		viewer->events->refused(viewer->context);
}

size_t viewer_input(struct viewer *viewer, const uint8_t *data, size_t length)
{
	struct terminal *terminal = viewer->terminal;
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);
	size_t taken = 0;

	if (viewer->read_only || !length)
		return length;
	if (machine && machine->seat->class->paused_at) {
		refuse(viewer, machine->seat->class->paused_at);
		return length;
	}
	viewer_acts(viewer);
	if (terminal->state == TERMINAL_LIVE && !terminal->input.length)
		taken = terminal_write(terminal, data, length);
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
