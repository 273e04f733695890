/* A machine's serial line, from the host's end: the pseudo terminal that its QEMU made. What the
 * kernel says while it boots comes out of it, and a login waits in it; it needs no agent, so it is
 * there when that is not.
 *
 * The machine is hostile and may talk without an end: CONSOLE_PIECE bytes are read every
 * CONSOLE_PAUSE_MS at most, and what it says beyond that waits in its own QEMU, which holds up
 * nobody but that machine. There is no thread, and no call blocks. All on T0.
 */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

#define CONSOLE_PIECE	 4096 /* what a pseudo terminal holds */
#define CONSOLE_PAUSE_MS 10

struct console;

struct console_events {
	void (*data)(void *context, const uint8_t *data, size_t length);
	/* There is room again after console_write() took less than all. */
	void (*room)(void *context);
	/* QEMU has closed its end, and nothing comes any more: free it, here or later. */
	void (*gone)(void *context);
};

/* path: as virt/ names it, "/dev/pts/7"; pid: of the process whose terminal that has to be. Paths
 * are used again, and behind one that was read a while ago may be anybody's terminal: then
 * ERR_NOT_FOUND. Calls back from later turns of the loop only. NULL with err on failure. */
struct console *console_open(struct loop *loop, const char *path, int pid,
			     const struct console_events *events, void *context, struct err *err);
/* The machine stays as it is. NULL-safe. */
void console_free(struct console *console);

/* How many bytes were taken: less than all while the machine does not read. */
size_t console_write(struct console *console, const uint8_t *data, size_t length);

#endif
