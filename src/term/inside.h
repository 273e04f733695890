/* What terminal.c, viewer.c and hub.c share. A terminal is one shell in one machine, a viewer one
 * screen on it; the hub finds them and hears from core. How it all flows is told in hub.c.
 */
#ifndef TERM_INSIDE_H
#define TERM_INSIDE_H

#include "base/buf.h"
#include "term/hub.h"
#include "term/pace.h"
#include "term/ring.h"
#include "term/watch.h"

#define BUCKETS	  256
#define INPUT_MAX (64 * 1024) /* bytes of input that wait in a terminal */

struct terminal {
	LIST_ENTRY(terminal) entry;
	struct hub *hub;
	int64_t machine_id;
	uint16_t number; /* HUB_CONSOLE: most of what follows is the agent's, and not used */
	enum terminal_state state;
	bool exists;	 /* in the guest, or asked for */
	uint64_t serial; /* tells an answer for this one from one for a predecessor */
	char *why;	 /* of the state; NULL: none */
	struct ring ring;
	uint64_t promised; /* the agent has history up to here, on its way to us */
	uint64_t acked;
	struct buf input;
	uint16_t rows, columns;
	char language[3];
	char *command;	       /* what is opened; NULL: a login shell */
	uint32_t generation;   /* of its machine, when it is the console */
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
	bool fresh;	   /* was not called yet */
	bool blocked, short_of_room, read_only;
	int64_t refused; /* the pause in which it was told that nothing can be typed */
	struct watch *watch; /* NULL: not one of the staff */
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
	sd_event_source *greeter, *teller;
	struct buf changed; /* ids of machines whose terminals came or went: core is not told yet */
	uint64_t serial;
	LIST_HEAD(, terminal) bucket[BUCKETS]; /* by machine */
	TAILQ_HEAD(, viewer) fresh;
	LIST_HEAD(, asked) asked;
	LIST_HEAD(, watch) watches;
	sd_event_source *lingering;
	struct pace keys, output;
};

/* ---- terminal.c ----------------------------------------------------------------------------- */

struct terminal *terminal_find(struct hub *hub, int64_t machine_id, uint16_t number); /* or NULL */
struct terminal *terminal_new(struct hub *hub, int64_t machine_id, uint16_t number);
/* With its viewers, who are not told. */
void terminal_free(struct terminal *terminal);
/* Tells its viewers that it is over, and frees it with them. */
void terminal_end(struct terminal *terminal, const char *why);
/* The connection to its machine's agent; NULL while there is none. */
struct link *terminal_link(const struct terminal *terminal);

/* It came into being in the guest, or is gone from there: core is told soon, for everybody to see. */
void terminal_counted(struct terminal *terminal);

/* Brings what is in the ring to the viewers, and tells the guest what they took. */
void terminal_flow(struct terminal *terminal);
void terminal_ack(struct terminal *terminal);
/* Passes input on; how much of it was taken. */
size_t terminal_write(struct terminal *terminal, const uint8_t *data, size_t length);
/* Sends input that had to wait. */
void terminal_push(struct terminal *terminal);
/* The machine takes input again: that which waits, and that of viewers who wait. */
void terminal_room(struct terminal *terminal);

void terminal_state(struct terminal *terminal, enum terminal_state state, const char *why);
void terminal_size(struct terminal *terminal, uint16_t rows, uint16_t columns);

/* Opens the shell if that is possible now; else says what it waits for. */
void terminal_ask(struct terminal *terminal);
/* The agent has this one alive: goes on where it was, or takes all that the agent has. */
void terminal_resume(struct terminal *terminal, struct machine *machine,
		     const struct link_pty *pty);

/* ---- console.c ------------------------------------------------------------------------------ */

/* What core tells of a serial line. */
void console_up(void *context, struct machine *machine);
void console_data(void *context, struct machine *machine, const uint8_t *data, size_t length);
void console_room(void *context, struct machine *machine);
void console_down(void *context, struct machine *machine, bool gone);
/* Says what it waits for, if it does. machine: NULL when there is none. */
void console_wait(struct terminal *terminal, const struct machine *machine);

/* ---- viewer.c ------------------------------------------------------------------------------- */

/* It is called for the first time in a later turn of the loop. */
struct viewer *viewer_new(struct terminal *terminal, const struct hub_attach *attach,
			  const struct viewer_events *events, void *context);
void viewer_free(struct viewer *viewer);
/* Gives it what it needs, as much as it takes. */
void viewer_deliver(struct viewer *viewer);
/* Where it begins. An offset beyond everything this shell has said belongs to another one. */
void viewer_place(struct viewer *viewer);
/* Its hands are on the keyboard: the size becomes its own. */
void viewer_acts(struct viewer *viewer);

#endif
