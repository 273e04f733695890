/* How the parts fit: loop_post() appends to a queue under a lock and wakes T0 through an eventfd.
 * A worker that has finished a job posts its completion the same way, so completions and posts run
 * on T0 in the order in which they were made, and nothing else needs a lock.
 *
 * The hard part is the end. lanes_free() must run the dones of its own jobs, in order, and nothing
 * else: another module's post may be for something that is half taken down already. So it picks
 * its own completions out of the queue. It may itself be called from a post, when the rest of the
 * queue has been taken by run_posts() already: that is why the batch in hand hangs in struct loop.
 */
#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"

struct post {
	void (*function)(void *argument);
	void *argument;
	struct post *next;
};

struct loop {
	sd_event *event;
	sd_event_source *wake;
	int wake_fd;
	struct post *batch; /* T0 only: taken from the queue, to be run in this turn */
	pthread_mutex_t lock; /* guards the queue of posts */
	struct post *first, **last;
};

struct lanes {
	struct loop *loop;
	unsigned threads;
	pthread_t *thread;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t more, posted;
	struct job *first, **last;
	unsigned long completions; /* posted so far */
	bool stopping;
	unsigned load;          /* T0 only, as the next: jobs whose done is to come */
	unsigned long finished; /* completions that have run */
};

/* ---- posts ----------------------------------------------------------------------------------- */

/* Takes the whole queue at once: posts made while these run wait for the next turn, so that T0 is
 * never held by a poster that posts again. */
static int run_posts(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct loop *loop = data;
	uint64_t count;

	(void)source, (void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	pthread_mutex_lock(&loop->lock);
	loop->batch = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);
	while (loop->batch) {
		struct post post = *loop->batch;
		free(loop->batch);
		loop->batch = post.next;
		post.function(post.argument);
	}
	return 0;
}

struct loop *loop_new(struct err *err)
{
	struct loop *loop = mem_alloc(sizeof(*loop));
	int result;

	loop->last = &loop->first;
	pthread_mutex_init(&loop->lock, NULL);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	result = loop->wake_fd < 0 ? -errno : sd_event_new(&loop->event);
	if (result >= 0)
		result = sd_event_add_io(loop->event, &loop->wake, loop->wake_fd, EPOLLIN,
					 run_posts, loop);
	if (result < 0) {
		errno = -result;
		err_errno(err, "cannot make the event loop");
		loop_free(loop);
		return NULL;
	}
	return loop;
}

static void posts_drop(struct post *post)
{
	while (post) {
		struct post *next = post->next;
		free(post);
		post = next;
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	posts_drop(loop->batch);
	posts_drop(loop->first);
	sd_event_source_disable_unref(loop->wake);
	sd_event_unref(loop->event);
	close_fd_cleanup(&loop->wake_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

sd_event *loop_event(struct loop *loop)
{
	return loop->event;
}

int loop_run(struct loop *loop)
{
	return sd_event_loop(loop->event);
}

void loop_stop(struct loop *loop, int code)
{
	sd_event_exit(loop->event, code);
}

void loop_post(struct loop *loop, void (*function)(void *argument), void *argument)
{
	static const uint64_t one = 1;
	struct post *post = mem_alloc(sizeof(*post));

	post->function = function;
	post->argument = argument;
	pthread_mutex_lock(&loop->lock);
	*loop->last = post;
	loop->last = &post->next;
	pthread_mutex_unlock(&loop->lock);
	/* A full counter means that T0 is awake already. */
	(void)!write(loop->wake_fd, &one, sizeof(one));
}

/* Takes the first post of a function out of a list; of its posts with this lanes only, unless NULL. */
static struct post *post_unlink(struct post **list, void (*function)(void *argument),
				const struct lanes *lanes)
{
	for (; *list; list = &(*list)->next) {
		struct post *post = *list;
		if (post->function == function &&
		    (!lanes || ((struct job *)post->argument)->next == (const struct job *)lanes)) {
			*list = post->next;
			return post;
		}
	}
	return NULL;
}

static struct post *post_take(struct loop *loop, void (*function)(void *argument),
			      const struct lanes *lanes)
{
	struct post *post = post_unlink(&loop->batch, function, lanes);

	if (post)
		return post;
	pthread_mutex_lock(&loop->lock);
	post = post_unlink(&loop->first, function, lanes);
	for (loop->last = &loop->first; *loop->last;)
		loop->last = &(*loop->last)->next;
	pthread_mutex_unlock(&loop->lock);
	return post;
}

void loop_flush(struct loop *loop, void (*function)(void *argument))
{
	struct post *post;

	while ((post = post_take(loop, function, NULL))) {
		function(post->argument);
		free(post);
	}
}

int loop_timer(struct loop *loop, sd_event_source **timer, uint64_t after_ms,
	       sd_event_time_handler_t handler, void *argument)
{
	/* Not sd_event_now(): that is when this turn began, and what ran since would be taken off.
	 */
	uint64_t at = clock_mono_us() + after_ms * 1000;

	if (!*timer)
		return sd_event_add_time(loop->event, timer, CLOCK_MONOTONIC, at, 1000, handler,
					 argument);
	int result = sd_event_source_set_time(*timer, at);
	return result < 0 ? result : sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}

/* ---- lanes ----------------------------------------------------------------------------------- */

/* After work() the job's `next` carries the pool back to T0, so that its load is counted there. */
static void job_completed(void *argument)
{
	struct job *job = argument;
	struct lanes *lanes = (struct lanes *)job->next;

	lanes->load--;
	lanes->finished++;
	job->done(job);
}

static struct job *next_job(struct lanes *lanes)
{
	pthread_mutex_lock(&lanes->lock);
	while (!lanes->first && !lanes->stopping)
		pthread_cond_wait(&lanes->more, &lanes->lock);
	struct job *job = lanes->first;
	if (job) {
		lanes->first = job->next;
		if (!lanes->first)
			lanes->last = &lanes->first;
	}
	pthread_mutex_unlock(&lanes->lock);
	return job;
}

static void *worker(void *data)
{
	struct lanes *lanes = data;

	for (struct job *job; (job = next_job(lanes));) {
		job->work(job);
		job->next = (struct job *)lanes;
		loop_post(lanes->loop, job_completed, job);
		pthread_mutex_lock(&lanes->lock);
		lanes->completions++;
		pthread_cond_signal(&lanes->posted);
		pthread_mutex_unlock(&lanes->lock);
	}
	return NULL;
}

/* Signals are for T0, also those that it has not blocked. */
static int worker_start(struct lanes *lanes, pthread_t *thread, const char *name)
{
	char shown[16];
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = pthread_create(thread, NULL, worker, lanes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result == 0) {
		snprintf(shown, sizeof(shown), "%s", name);
		pthread_setname_np(*thread, shown);
	}
	return result;
}

struct lanes *lanes_new(struct loop *loop, const char *name, unsigned threads, struct err *err)
{
	struct lanes *lanes = mem_alloc(sizeof(*lanes));

	lanes->loop = loop;
	lanes->thread = mem_alloc(threads * sizeof(pthread_t));
	lanes->last = &lanes->first;
	pthread_mutex_init(&lanes->lock, NULL);
	pthread_cond_init(&lanes->more, NULL);
	pthread_cond_init(&lanes->posted, NULL);
	for (; lanes->threads < threads; lanes->threads++) {
		if (worker_start(lanes, &lanes->thread[lanes->threads], name)) {
			err_set(err, ERR_INTERNAL, "cannot start the worker threads of %s", name);
			lanes_free(lanes);
			return NULL;
		}
	}
	return lanes;
}

/* Waits until a completion is in one of the two lists. */
static void completion_await(struct lanes *lanes)
{
	pthread_mutex_lock(&lanes->lock);
	while (lanes->completions <= lanes->finished)
		pthread_cond_wait(&lanes->posted, &lanes->lock);
	pthread_mutex_unlock(&lanes->lock);
}

static void lanes_finish(struct lanes *lanes)
{
	while (lanes->load) {
		completion_await(lanes);
		struct post *post = post_take(lanes->loop, job_completed, lanes);
		if (post)
			job_completed(post->argument);
		free(post);
	}
}

void lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return;
	lanes_finish(lanes);
	pthread_mutex_lock(&lanes->lock);
	lanes->stopping = true;
	pthread_cond_broadcast(&lanes->more);
	pthread_mutex_unlock(&lanes->lock);
	for (unsigned i = 0; i < lanes->threads; i++)
		pthread_join(lanes->thread[i], NULL);
	pthread_cond_destroy(&lanes->more);
	pthread_cond_destroy(&lanes->posted);
	pthread_mutex_destroy(&lanes->lock);
	free(lanes->thread);
	free(lanes);
}

void lanes_submit(struct lanes *lanes, struct job *job)
{
	lanes->load++;
	job->next = NULL;
	pthread_mutex_lock(&lanes->lock);
	*lanes->last = job;
	lanes->last = &job->next;
	pthread_cond_signal(&lanes->more);
	pthread_mutex_unlock(&lanes->lock);
}

unsigned lanes_load(const struct lanes *lanes)
{
	return lanes->load;
}
