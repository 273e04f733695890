#define LOG_MODULE "hub"

#include "term/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"

/* Acknowledged in steps: rarely enough to cost nothing, early enough that the guest never waits. */
#define ACK_STEP  (LINK_PTY_WINDOW / 4)
#define CELLS_MAX 1000

/* ---- life ----------------------------------------------------------------------------------- */

struct terminal *terminal_find(struct hub *hub, int64_t machine_id, uint16_t number)
{
	struct terminal *terminal;

	LIST_FOREACH(terminal, &hub->bucket[(uint64_t)machine_id % BUCKETS], entry)
		if (terminal->machine_id == machine_id && terminal->number == number)
			return terminal;
	return NULL;
}

struct terminal *terminal_new(struct hub *hub, int64_t machine_id, uint16_t number)
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

void terminal_free(struct terminal *terminal)
{
	while (!TAILQ_EMPTY(&terminal->viewers))
		viewer_free(TAILQ_FIRST(&terminal->viewers));
	terminal_counted(terminal);
	LIST_REMOVE(terminal, entry);
	ring_free(&terminal->ring);
	buf_free(&terminal->input);
	free(terminal->why);
	free(terminal->command);
	free(terminal);
}

void terminal_end(struct terminal *terminal, const char *why)
{
	struct viewer *viewer;

	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer->events->state(viewer->context, TERMINAL_ENDED, why);
	terminal_free(terminal);
}

struct link *terminal_link(const struct terminal *terminal)
{
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);

	if (terminal->number == HUB_CONSOLE)
		return NULL;
	return machine && machine->link && link_is_up(machine->link) ? machine->link : NULL;
}

/* ---- what flows ------------------------------------------------------------------------------ */

void terminal_ack(struct terminal *terminal)
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

void terminal_flow(struct terminal *terminal)
{
	struct viewer *viewer;

	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer_deliver(viewer);
	terminal_ack(terminal);
}

size_t terminal_write(struct terminal *terminal, const uint8_t *data, size_t length)
{
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);
	struct link *link = terminal_link(terminal);

	if (terminal->number == HUB_CONSOLE)
		return machine && machine->console ? console_write(machine->console, data, length)
						   : 0;
	return link ? link_pty_write(link, terminal->number, data, length) : 0;
}

void terminal_push(struct terminal *terminal)
{
	if (terminal->input.length)
		buf_consume(&terminal->input, terminal_write(terminal, terminal->input.data,
							     terminal->input.length));
	if (!terminal->input.length)
		buf_free(&terminal->input);
}

void terminal_room(struct terminal *terminal)
{
	struct viewer *viewer, *next;

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

/* ---- state and size -------------------------------------------------------------------------- */

void terminal_state(struct terminal *terminal, enum terminal_state state, const char *why)
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

void terminal_size(struct terminal *terminal, uint16_t rows, uint16_t columns)
{
	struct link *link = terminal_link(terminal);
	struct viewer *viewer;

	if (terminal->number == HUB_CONSOLE || rows < 1 || rows > CELLS_MAX || columns < 1 ||
	    columns > CELLS_MAX || (terminal->rows == rows && terminal->columns == columns))
		return;
	terminal->rows = rows;
	terminal->columns = columns;
	if (link && terminal->exists)
		link_pty_resize(link, terminal->number, rows, columns);
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		if (!viewer->fresh && viewer->events->resized)
			viewer->events->resized(viewer->context, rows, columns);
}

/* ---- asking the agent for a shell ------------------------------------------------------------ */

static void terminal_answered(struct terminal *terminal, const struct err *err)
{
	if (!err) {
		terminal_state(terminal, TERMINAL_LIVE, NULL);
		terminal_push(terminal);
	} else if (err->kind == ERR_UNAVAILABLE) {
		terminal->exists = false;
		terminal_counted(terminal);
		terminal_state(terminal, TERMINAL_AWAY, "the machine does not answer");
	} else {
		log_warning("no terminal: %s", err->message);
		terminal_end(terminal, err->message);
	}
}

static void on_asked(void *context, const struct err *err)
{
	struct asked *asked = context;
	struct terminal *terminal =
		asked->hub ? terminal_find(asked->hub, asked->machine_id, asked->number) : NULL;

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
	/* The agent takes programs; which shell the user has, the machine knows. */
	const char *const argv[] = {
		"/bin/sh", "-c", "exec \"$SHELL\" -c \"$1\"", "sh", terminal->command, NULL,
	};
	const struct link_pty_spec spec = {
		.channel = terminal->number,
		.user = machine->spec->user,
		.env = env,
		.argv = terminal->command ? argv : NULL,
		.rows = terminal->rows,
		.columns = terminal->columns,
	};
	struct viewer *viewer;

	terminal->exists = true;
	terminal_counted(terminal);
	terminal->acked = terminal->promised = 0;
	ring_restart(&terminal->ring, 0);
	TAILQ_FOREACH(viewer, &terminal->viewers, entry) {
		viewer->position = 0;
		viewer->has_offset = true;
	}
	terminal_state(terminal, TERMINAL_OPENING, NULL);
	link_pty_open(machine->link, &spec, on_asked, asked_new(terminal));
}

void terminal_ask(struct terminal *terminal)
{
	struct machine *machine = core_machine(terminal->hub->core, terminal->machine_id);

	if (terminal->number == HUB_CONSOLE) {
		console_wait(terminal, machine);
		return;
	}
	if (terminal->exists || !machine)
		return;
	if (machine->state == MACHINE_READY && machine->spec && machine->link && machine->announced &&
	    link_is_up(machine->link)) {
		terminal_open(terminal, machine);
		return;
	}
	AUTO_FREE char *why = str_fmt("the machine is %s", machine_state_names[machine->state]);
	terminal_state(terminal, TERMINAL_AWAY, why);
}

void terminal_resume(struct terminal *terminal, struct machine *machine, const struct link_pty *pty)
{
	struct viewer *viewer;

	if (!terminal->exists || terminal->ring.next < pty->first ||
	    terminal->ring.next > pty->next) {
		ring_restart(&terminal->ring, pty->first);
		terminal->acked = pty->first;
		terminal->rows = pty->rows;
		terminal->columns = pty->columns;
	}
	terminal->exists = true;
	terminal_counted(terminal);
	terminal->promised = pty->next;
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer_place(viewer);
	link_pty_attach(machine->link, terminal->number, terminal->ring.next);
	terminal_state(terminal, TERMINAL_LIVE, NULL);
	terminal_push(terminal);
	if (terminal->active)
		terminal_size(terminal, terminal->active->rows, terminal->active->columns);
}
