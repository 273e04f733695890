/* The terminal with the number 0: the machine's serial line.
 *
 * No agent counts its bytes or keeps them, so both is done here: what is in the ring is all there
 * is, and after a restart of the daemon the line begins anew. Its offsets then must not be taken
 * for those of the line before, so they begin at the present time: a line says less than
 * CONSOLE_PER_MS bytes in a millisecond (console.h), so the offsets of a later one are always
 * beyond, and whoever names an older one gets all there is.
 *
 * Nobody holds it up: a kernel that cannot speak stands still, and with it the machine. So it is
 * read at its own pace, bounded below (console.c of guest/), and a viewer that is too slow is moved
 * forward.
 *
 * A line has no size. Ours is what every login on it assumes, and whoever looks follows.
 */
#include "term/inside.h"

#include <assert.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/grade.h"

#define CONSOLE_PER_MS 1024

static_assert(CONSOLE_PIECE / CONSOLE_PAUSE_MS < CONSOLE_PER_MS,
	      "no line catches up with the clock");

static struct terminal *console_of(struct hub *hub, const struct machine *machine)
{
	return terminal_find(hub, machine->row.id, HUB_CONSOLE);
}

/* The scroll-back is one generation's: what a reset brings is another machine. */
static void console_begin(struct terminal *terminal, const struct machine *machine)
{
	uint64_t start = (uint64_t)clock_real_ms() * CONSOLE_PER_MS;
	struct viewer *viewer;

	if (terminal->ring.next && terminal->generation == machine->row.generation)
		return;
	ring_begin(&terminal->ring, terminal->ring.next > start ? terminal->ring.next : start);
	terminal->generation = machine->row.generation;
	TAILQ_FOREACH(viewer, &terminal->viewers, entry)
		viewer_place(viewer);
}

void console_up(void *context, struct machine *machine)
{
	struct hub *hub = context;
	struct terminal *terminal = console_of(hub, machine);

	if (!terminal)
		terminal = terminal_new(hub, machine->row.id, HUB_CONSOLE);
	console_begin(terminal, machine);
	terminal->exists = true;
	terminal_state(terminal, TERMINAL_LIVE, NULL);
	terminal_push(terminal);
}

void console_data(void *context, struct machine *machine, const uint8_t *data, size_t length)
{
	struct terminal *terminal = console_of(context, machine);

	if (!terminal)
		return;
	ring_append(&terminal->ring, data, length);
	terminal_flow(terminal);
	grade_activity(machine);
}

void console_room(void *context, struct machine *machine)
{
	struct terminal *terminal = console_of(context, machine);

	if (terminal)
		terminal_room(terminal);
}

void console_wait(struct terminal *terminal, const struct machine *machine)
{
	if (!machine || machine->console)
		return;
	AUTO_FREE char *why = str_fmt("the machine is %s", machine_state_names[machine->state]);
	terminal_state(terminal, TERMINAL_AWAY, why);
}

void console_down(void *context, struct machine *machine, bool gone)
{
	struct terminal *terminal = console_of(context, machine);

	if (!terminal)
		return;
	if (gone) {
		terminal->exists = false;
		buf_free(&terminal->input);
	}
	if (gone && TAILQ_EMPTY(&terminal->viewers))
		terminal_free(terminal);
	else
		console_wait(terminal, machine);
}
