/* T0, the owner thread: one sd-event loop that owns every piece of state, and the two ways in which
 * other threads may reach it. No object of the daemon is touched by any other thread, so nothing
 * above this folder has a lock.
 *
 *   loop_post()    any thread -> T0: run a function there, soon, in the order of the calls
 *   lane_submit()  T0 -> a worker -> T0: run a call that blocks, then its completion on T0
 *
 * A job carries ids, generations and plain values, never pointers to objects of T0: the object may
 * be gone when the job returns, and `done` has to look it up again.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/err.h"

struct loop;

/* Makes the loop of this thread. Signals must have been blocked by the caller where it wants them
 * as events. NULL with err on failure. */
struct loop *loop_new(struct err *err);
/* NULL-safe. Lanes, and threads that post, must have ended. Posts that have not run are dropped:
 * what their arguments own is the poster's to free. */
void loop_free(struct loop *loop);
sd_event *loop_event(struct loop *loop);

/* Runs until loop_stop(); returns its code. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);

/* Thread-safe. Runs function(argument) on T0. */
void loop_post(struct loop *loop, void (*function)(void *argument), void *argument);
/* T0 only: runs the posts of this function that still wait. For a module that ends: loop_free() drops
 * what is left with all that it owns. */
void loop_flush(struct loop *loop, void (*function)(void *argument));

/* One-shot timer on T0, milliseconds from now (from the call, not from the beginning of this turn
 * of the loop). 0, or a negative errno. The caller owns *timer (NULL makes a new one, a timer that
 * is there is re-armed) and ends it with sd_event_source_disable_unref(). */
int loop_timer(struct loop *loop, sd_event_source **timer, uint64_t after_ms,
	       sd_event_time_handler_t handler, void *argument);

struct lanes; /* a pool of worker threads */

struct job {
	void (*work)(struct job *job); /* on a worker: may block; touches only the job itself */
	void (*done)(struct job *job); /* on T0, exactly once; frees the job */
	struct job *next;              /* the pool's */
};

/* `threads` workers, 1 to 64. They take no signals. The name is what ps shows, 15 characters of
 * it. */
struct lanes *lanes_new(struct loop *loop, const char *name, unsigned threads, struct err *err);

/* Works off what was submitted, also what the dones of these jobs submit, with every done on this
 * thread; then ends the workers. Other posts stay for the loop. May be called from a done or a
 * post. NULL-safe. Whoever submits from a done must stop doing so some time, or this never
 * returns. */
void lanes_free(struct lanes *lanes);

/* T0 only. Jobs start in order of submission. */
void lanes_submit(struct lanes *lanes, struct job *job);

/* Jobs waiting or at work. */
unsigned lanes_load(const struct lanes *lanes);

#endif
