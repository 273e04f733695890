#include "loop/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/auto.h"
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
	pthread_mutex_t lock; /* guards the queue of posts */
	struct post *first, **last;
};

struct lanes {
	struct loop *loop;
	unsigned threads;
	pthread_t *thread;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t more;
	struct job *first, **last;
	bool stopping;
	unsigned load; /* T0 only */
};

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
	struct post *post = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);
	while (post) {
		struct post *next = post->next;
		post->function(post->argument);
		free(post);
		post = next;
	}
	return 0;
}

struct loop *loop_new(struct err *err)
{
	struct loop *loop = mem_alloc(sizeof(*loop));

	loop->last = &loop->first;
	pthread_mutex_init(&loop->lock, NULL);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0 || sd_event_new(&loop->event) < 0 ||
	    sd_event_add_io(loop->event, &loop->wake, loop->wake_fd, EPOLLIN, run_posts, loop) < 0) {
		err_errno(err, "cannot make the event loop");
		loop_free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->first) {
		struct post *post = loop->first;
		loop->first = post->next;
		free(post);
	}
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

int loop_timer(struct loop *loop, sd_event_source **timer, uint64_t after_ms,
	       sd_event_time_handler_t handler, void *argument)
{
	uint64_t now;

	sd_event_now(loop->event, CLOCK_MONOTONIC, &now);
	if (!*timer)
		return sd_event_add_time(loop->event, timer, CLOCK_MONOTONIC, now + after_ms * 1000,
					 1000, handler, argument);
	sd_event_source_set_time(*timer, now + after_ms * 1000);
	return sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}

static void job_completed(void *argument)
{
	struct job *job = argument;
	struct lanes *lanes = (struct lanes *)job->next;

	lanes->load--;
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

/* After work() the job's `next` carries the pool back to T0, so that its load is counted there. */
static void *worker(void *data)
{
	struct lanes *lanes = data;

	for (struct job *job; (job = next_job(lanes));) {
		job->work(job);
		job->next = (struct job *)lanes;
		loop_post(lanes->loop, job_completed, job);
	}
	return NULL;
}

struct lanes *lanes_new(struct loop *loop, const char *name, unsigned threads, struct err *err)
{
	struct lanes *lanes = mem_alloc(sizeof(*lanes));

	lanes->loop = loop;
	lanes->thread = mem_alloc(threads * sizeof(pthread_t));
	lanes->last = &lanes->first;
	pthread_mutex_init(&lanes->lock, NULL);
	pthread_cond_init(&lanes->more, NULL);
	for (; lanes->threads < threads; lanes->threads++) {
		if (pthread_create(&lanes->thread[lanes->threads], NULL, worker, lanes)) {
			err_set(err, ERR_INTERNAL, "cannot start the worker threads of %s", name);
			lanes_free(lanes);
			return NULL;
		}
		pthread_setname_np(lanes->thread[lanes->threads], name);
	}
	return lanes;
}

void lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return;
	pthread_mutex_lock(&lanes->lock);
	lanes->stopping = true;
	pthread_cond_broadcast(&lanes->more);
	pthread_mutex_unlock(&lanes->lock);
	for (unsigned i = 0; i < lanes->threads; i++)
		pthread_join(lanes->thread[i], NULL);
	while (lanes->load)
		run_posts(NULL, lanes->loop->wake_fd, 0, lanes->loop);
	pthread_cond_destroy(&lanes->more);
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
