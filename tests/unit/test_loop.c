#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "loop/loop.h"

static struct loop *loop;
static struct err err;

static int setup(void **state)
{
	(void)state;
	loop = loop_new(&err);
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void stop(void *argument)
{
	(void)argument;
	loop_stop(loop, 0);
}

/* ---- posts ---------------------------------------------------------------------------------- */

#define POSTERS 4
#define POSTS   5000

static int last_seen[POSTERS], seen;
static pthread_t owner;

/* Argument: poster * POSTS + n. */
static void post_arrived(void *argument)
{
	int number = (int)(intptr_t)argument, poster = number / POSTS;

	assert_true(pthread_equal(pthread_self(), owner));
	assert_int_equal(number % POSTS, last_seen[poster]++);
	if (++seen == POSTERS * POSTS)
		loop_stop(loop, 7);
}

static void *poster_run(void *argument)
{
	for (intptr_t i = 0; i < POSTS; i++)
		loop_post(loop, post_arrived, (void *)((intptr_t)argument * POSTS + i));
	return NULL;
}

static void posts_of_many_threads_arrive_on_the_owner_in_order(void **state)
{
	pthread_t thread[POSTERS];

	(void)state;
	owner = pthread_self();
	for (intptr_t i = 0; i < POSTERS; i++)
		pthread_create(&thread[i], NULL, poster_run, (void *)i);
	assert_int_equal(loop_run(loop), 7);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(seen, POSTERS * POSTS);
}

static void post_again(void *argument)
{
	++*(int *)argument;
	loop_post(loop, post_again, argument);
}

static int timer_stops(sd_event_source *timer, uint64_t at, void *argument)
{
	(void)timer, (void)at, (void)argument;
	loop_stop(loop, 3);
	return 0;
}

static void a_poster_that_posts_again_does_not_hold_the_loop(void **state)
{
	sd_event_source *timer = NULL;
	int turns = 0;

	(void)state;
	loop_post(loop, post_again, &turns);
	assert_true(loop_timer(loop, &timer, 20, timer_stops, NULL) >= 0);
	assert_int_equal(loop_run(loop), 3);
	assert_true(turns > 1);
	sd_event_source_disable_unref(timer); /* the post that is left is dropped with the loop */
}

/* ---- timers --------------------------------------------------------------------------------- */

static sd_event_source *late;
static uint64_t armed_at;

static void arm_after_slow_work(void *argument)
{
	(void)argument;
	usleep(60000);
	armed_at = clock_mono_ms();
	loop_timer(loop, &late, 40, timer_stops, NULL);
}

static void a_timer_counts_from_the_call(void **state)
{
	(void)state;
	loop_post(loop, arm_after_slow_work, NULL);
	loop_run(loop);
	assert_true(clock_mono_ms() - armed_at >= 40);
	late = sd_event_source_disable_unref(late);
}

static int count_up(sd_event_source *timer, uint64_t at, void *argument)
{
	(void)timer, (void)at;
	++*(int *)argument;
	return 0;
}

static void a_timer_armed_again_fires_once_at_the_new_time(void **state)
{
	sd_event_source *timer = NULL, *end = NULL;
	int fired = 0;

	(void)state;
	loop_timer(loop, &timer, 5, count_up, &fired);
	loop_timer(loop, &timer, 40, count_up, &fired);
	loop_timer(loop, &end, 25, timer_stops, NULL);
	loop_run(loop);
	assert_int_equal(fired, 0);
	sd_event_source_disable_unref(timer);
	sd_event_source_disable_unref(end);
}

/* ---- lanes ---------------------------------------------------------------------------------- */

struct noted {
	struct job job;
	struct lanes *lanes;
	int number, again; /* how many more are submitted from done */
	useconds_t sleep;
};

static int order[64], noted;

static void noted_work(struct job *job)
{
	usleep(((struct noted *)job)->sleep);
}

static void noted_submit(struct lanes *lanes, int number, int again, useconds_t sleep);

static void noted_done(struct job *job)
{
	struct noted *mine = (struct noted *)job;

	order[noted++] = mine->number;
	if (mine->again)
		noted_submit(mine->lanes, mine->number + 1, mine->again - 1, mine->sleep);
	free(mine);
}

static void noted_submit(struct lanes *lanes, int number, int again, useconds_t sleep)
{
	struct noted *mine = mem_alloc(sizeof(*mine));

	mine->job.work = noted_work;
	mine->job.done = noted_done;
	mine->lanes = lanes;
	mine->number = number;
	mine->again = again;
	mine->sleep = sleep;
	lanes_submit(lanes, &mine->job);
}

static void freeing_lanes_finishes_what_was_submitted_in_order(void **state)
{
	struct lanes *lanes = lanes_new(loop, "one", 1, &err);

	(void)state;
	noted = 0;
	for (int i = 0; i < 20; i++)
		noted_submit(lanes, i, 0, 500);
	assert_int_equal(lanes_load(lanes), 20);
	lanes_free(lanes);
	assert_int_equal(noted, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal(order[i], i);
	lanes_free(NULL);
}

static void freeing_lanes_finishes_jobs_that_jobs_submit(void **state)
{
	struct lanes *lanes = lanes_new(loop, "chain", 2, &err);

	(void)state;
	noted = 0;
	noted_submit(lanes, 0, 9, 300);
	lanes_free(lanes);
	assert_int_equal(noted, 10);
	assert_int_equal(order[9], 9);
}

static int strangers;

static void stranger(void *argument)
{
	(void)argument;
	strangers++;
}

static void freeing_lanes_leaves_other_posts_for_the_loop(void **state)
{
	struct lanes *lanes = lanes_new(loop, "mixed", 2, &err);

	(void)state;
	noted = strangers = 0;
	loop_post(loop, stranger, NULL);
	for (int i = 0; i < 8; i++) {
		noted_submit(lanes, i, 0, 200);
		loop_post(loop, stranger, NULL);
	}
	lanes_free(lanes);
	assert_int_equal(noted, 8);
	assert_int_equal(strangers, 0);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	assert_int_equal(strangers, 9);
}

static void a_module_that_ends_runs_its_own_posts_and_no_other(void **state)
{
	(void)state;
	strangers = 0;
	loop_post(loop, stranger, NULL);
	loop_post(loop, stop, NULL);
	loop_post(loop, stranger, NULL);
	loop_flush(loop, stranger);
	assert_int_equal(strangers, 2);
	loop_post(loop, stranger, NULL);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(strangers, 3);
}

static void free_the_lanes(void *argument)
{
	lanes_free(argument);
	loop_stop(loop, 0);
}

/* The completions are behind the post that frees, in the batch that T0 has in hand. */
static void lanes_may_be_freed_from_a_post(void **state)
{
	struct lanes *lanes = lanes_new(loop, "inside", 2, &err);

	(void)state;
	noted = strangers = 0;
	loop_post(loop, free_the_lanes, lanes);
	for (int i = 0; i < 6; i++)
		noted_submit(lanes, i, 0, 0);
	usleep(20000);
	noted_submit(lanes, 6, 0, 5000);
	loop_post(loop, stranger, NULL);
	loop_run(loop);
	assert_int_equal(noted, 7);
	assert_int_equal(strangers, 1);
}

static void signals_work(struct job *job)
{
	sigset_t mask;

	(void)job;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	strangers = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGCHLD);
}

static void nothing_done(struct job *job)
{
	(void)job;
}

static void workers_take_no_signals(void **state)
{
	struct lanes *lanes = lanes_new(loop, "a name longer than the kernel's", 1, &err);
	struct job job = { signals_work, nothing_done, NULL };

	(void)state;
	strangers = 0;
	lanes_submit(lanes, &job);
	lanes_free(lanes);
	assert_int_equal(strangers, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(posts_of_many_threads_arrive_on_the_owner_in_order),
		test(a_poster_that_posts_again_does_not_hold_the_loop),
		test(a_timer_counts_from_the_call),
		test(a_timer_armed_again_fires_once_at_the_new_time),
		test(freeing_lanes_finishes_what_was_submitted_in_order),
		test(freeing_lanes_finishes_jobs_that_jobs_submit),
		test(freeing_lanes_leaves_other_posts_for_the_loop),
		test(a_module_that_ends_runs_its_own_posts_and_no_other),
		test(lanes_may_be_freed_from_a_post),
		test(workers_take_no_signals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
