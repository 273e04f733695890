/* A child process that T0 watches: what it prints, line by line, and how it ends.
 *
 * The child leads a process group of its own, has /dev/null as its input, default signal handling, and no
 * file of ours but its output. Lines are bounded: one that is longer than CHILD_LINE_MAX is dropped
 * whole, so that a child gone mad costs no memory. A child that is not wanted any more is ended with
 * all its group.
 */
#ifndef LOOP_CHILD_H
#define LOOP_CHILD_H

#include "base/err.h"
#include "loop/loop.h"

#define CHILD_LINE_MAX 512 /* bytes, without the newline */

struct child;

struct child_events {
	/* One line of its standard output, without the newline, free of control characters. */
	void (*line)(void *context, const char *line);
	/* It has ended and its output is read to the end. status is as waitpid(2) gives it; complaint is
	 * the last line that it wrote to its standard error, "" when none. The child may be freed here. */
	void (*ended)(void *context, int status, const char *complaint);
};

/* Starts argv[0], an absolute path. NULL with err when it cannot be started. */
struct child *child_start(struct loop *loop, char *const argv[], const struct child_events *events,
			  void *context, struct err *err);

/* Ends its group when it still runs (SIGTERM, SIGKILL 3 s later; waits for it) and frees it. No event is
 * told any more. NULL-safe. */
void child_free(struct child *child);

#endif
