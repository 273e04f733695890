/* Terminals: one ring of scroll-back per terminal, any number of viewers on it (the student, the
 * instructor, the command line), each at its own pace.
 *
 * A terminal is a shell in a machine, known by its number 1..LINK_PTYS_MAX, which is also its channel in
 * the agent protocol. It is opened when somebody first attaches, and lives until the shell ends or the
 * machine is gone: losing every viewer, the daemon or libvirtd does not end it.
 *
 * Number 0 is the machine's console, its serial line: there while the machine runs, with or without its agent.
 * It has one size, 24 rows of 80 columns, and its scroll-back is the daemon's alone.
 *
 * Offsets count the terminal's output bytes from its start. A viewer that comes back says what it had
 * and gets exactly the rest; if that is gone from the ring, it gets the ring from a line's start, told
 * by offset. The guest may run ahead of the fastest viewer by LINK_PTY_WINDOW; a viewer that falls
 * behind by more than the ring is moved forward, never waited for.
 */
#ifndef TERM_HUB_H
#define TERM_HUB_H

#include "core/core.h"

#define HUB_CONSOLE  0
#define HUB_RING_MAX (128 * 1024) /* bytes per terminal; grows from 4 KiB */

struct hub;
struct viewer;

struct hub *hub_new(struct core *core);
void hub_free(struct hub *hub);

enum terminal_state { TERMINAL_OPENING, TERMINAL_LIVE, TERMINAL_AWAY, TERMINAL_ENDED };

struct viewer_events {
	/* There are bytes from `offset`; returns how many were taken (a full socket takes 0, and calls
	 * viewer_ready() later). */
	size_t (*data)(void *context, uint64_t offset, const uint8_t *data, size_t length);
	/* AWAY: the machine or its agent is away for now. ENDED: why says so; the viewer is detached
	 * after this call and must not be used any more. */
	void (*state)(void *context, enum terminal_state state, const char *why);
	/* The terminal's size changed (another viewer, or this one). */
	void (*resized)(void *context, uint16_t rows, uint16_t columns);
	/* There is room for input again after viewer_input() took less than all. NULL: not wanted. */
	void (*room)(void *context);
	/* The shell ended by itself, with this status as waitpid() gives it; ENDED follows. NULL: not wanted. */
	void (*exited)(void *context, int status);
	/* One of the staff looks at the terminal from now on, or types in it. NULL: not wanted. */
	void (*watched)(void *context, const char *name, bool assists);
	/* The class is paused, so what was typed is dropped; once for each pause. NULL: not wanted. */
	void (*refused)(void *context);
};

struct hub_attach {
	int64_t machine_id;
	uint16_t number;     /* HUB_CONSOLE, 1..LINK_PTYS_MAX */
	bool has_offset;     /* the viewer had everything before offset */
	uint64_t offset;
	bool read_only;      /* watching: no input, no resize */
	const struct actor *staff; /* who comes to somebody else's terminal, which is told; NULL: its student */
	uint16_t rows, columns;
	const char *language; /* "en" or "ja": the locale of a shell that has to be opened */
	const char *command;  /* for a terminal that is new: run by the user's shell; NULL: a login shell */
};

/* Attaches a viewer; opens the shell if there is none. Callbacks come later, never inside. */
int hub_attach(struct hub *hub, const struct hub_attach *attach, const struct viewer_events *events,
	       void *context, struct viewer **viewer, struct err *err);
void viewer_detach(struct viewer *viewer);
/* Detaches, and ends the shell (SIGHUP) unless somebody else looks at it. */
void viewer_hangup(struct viewer *viewer);
void viewer_ready(struct viewer *viewer); /* it can take data again */
/* At most 64 KiB at once; returns how many bytes were taken: 0 means wait for room (hub keeps up to
 * 64 KiB per terminal). While the class is paused all is taken and dropped: nobody wants keys to be struck
 * blindly, and to go off together later. */
size_t viewer_input(struct viewer *viewer, const uint8_t *data, size_t length);
void viewer_resize(struct viewer *viewer, uint16_t rows, uint16_t columns);

/* The lowest number of which the machine has no terminal, but not 1: that is where the page begins. 0: it
 * has all of them. */
uint16_t hub_free_number(struct hub *hub, int64_t machine_id);

/* Ends the shell itself (SIGHUP). */
void hub_close_terminal(struct hub *hub, int64_t machine_id, uint16_t number);

/* Microseconds from the turn of the loop in which bytes came to their being passed on. */
struct hub_pace {
	uint32_t p50_us, p99_us;
};

struct hub_stats {
	unsigned terminals, viewers;
	uint64_t ring_bytes;
	struct hub_pace keys, output; /* of the last few thousand, to the guest and from it */
};
void hub_stats(const struct hub *hub, struct hub_stats *stats);

#endif
