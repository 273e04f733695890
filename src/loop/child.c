#include "loop/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/str.h"

#define PATIENCE_MS 3000    /* between SIGTERM and SIGKILL */
#define TURN_READS  16      /* of 4 KiB in one turn: a child that prints without end must not hold T0 */

extern char **environ;

/* One of the child's two outputs. */
struct stream {
	struct child *child;
	sd_event_source *source; /* NULL once it is at its end */
	void (*take)(struct child *child, const char *line);
	char line[CHILD_LINE_MAX + 1];
	size_t length;
	bool dropping; /* the rest of a line that was too long */
};

struct child {
	const struct child_events *events;
	void *context;
	pid_t pid; /* 0 once it was waited for */
	int status;
	sd_event_source *exit;
	struct stream out, complaints;
	char complaint[CHILD_LINE_MAX + 1];
};

static void take_line(struct child *child, const char *line)
{
	child->events->line(child->context, line);
}

static void take_complaint(struct child *child, const char *line)
{
	if (*line)
		snprintf(child->complaint, sizeof(child->complaint), "%s", line);
}

static void stream_line(struct stream *stream)
{
	stream->line[stream->length] = 0;
	stream->length = 0;
	if (!stream->dropping)
		stream->take(stream->child, stream->line);
	stream->dropping = false;
}

static void stream_byte(struct stream *stream, char byte)
{
	if (byte == '\n')
		stream_line(stream);
	else if (stream->length == CHILD_LINE_MAX)
		stream->dropping = true;
	else
		stream->line[stream->length++] = (unsigned char)byte < ' ' || byte == 127 ? ' ' : byte;
}

static void stream_close(struct stream *stream)
{
	stream->source = sd_event_source_disable_unref(stream->source);
}

/* Tells the end, once there is nothing more to come. */
static void child_settle(struct child *child)
{
	if (child->pid || child->out.source || child->complaints.source)
		return;
	child->events->ended(child->context, child->status, child->complaint);
}

/* Reads what is there, at most a pipe full (64 KiB); epoll tells again of what is left. A half line at the
 * end counts as a line. */
static void stream_drain(struct stream *stream, int fd)
{
	char bytes[4096];
	ssize_t got = 0;

	for (int reads = 0; reads < TURN_READS; reads++) {
		got = read(fd, bytes, sizeof(bytes));
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			stream_byte(stream, bytes[i]);
	}
	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (stream->length || stream->dropping)
		stream_line(stream);
	stream_close(stream);
}

static int stream_ready(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct stream *stream = context;

	(void)source, (void)events;
	stream_drain(stream, fd);
	child_settle(stream->child);
	return 0;
}

/* A grandchild may hold the outputs open for ever: they end with the child, after what is in them. */
static int child_exited(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct child *child = context;
	struct stream *streams[] = { &child->out, &child->complaints };

	(void)source, (void)fd, (void)events;
	if (waitpid(child->pid, &child->status, WNOHANG) != child->pid)
		return 0;
	child->pid = 0;
	child->exit = sd_event_source_disable_unref(child->exit);
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		if (!streams[i]->source)
			continue;
		stream_drain(streams[i], sd_event_source_get_io_fd(streams[i]->source));
		stream_close(streams[i]);
	}
	child_settle(child);
	return 0;
}

static int watch(struct loop *loop, sd_event_source **source, int *fd, sd_event_io_handler_t handler,
		 void *context)
{
	int r = sd_event_add_io(loop_event(loop), source, *fd, EPOLLIN, handler, context);

	if (r < 0)
		return r;
	sd_event_source_set_io_fd_own(*source, true);
	*fd = -1;
	return 0;
}

static int spawn(pid_t *pid, char *const argv[], int out, int complaints)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, complaints, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int child_watch(struct child *child, struct loop *loop, int *out, int *complaints)
{
	AUTO_CLOSE int pidfd = pidfd_open(child->pid, 0);
	int r;

	if (pidfd < 0)
		return -errno;
	r = watch(loop, &child->out.source, out, stream_ready, &child->out);
	if (r == 0)
		r = watch(loop, &child->complaints.source, complaints, stream_ready, &child->complaints);
	if (r == 0)
		r = watch(loop, &child->exit, &pidfd, child_exited, child);
	return r;
}

struct child *child_start(struct loop *loop, char *const argv[], const struct child_events *events,
			  void *context, struct err *err)
{
	int out[2] = { -1, -1 }, complaints[2] = { -1, -1 }, r;
	struct child *child = mem_alloc(sizeof(*child));

	child->events = events;
	child->context = context;
	child->out.child = child->complaints.child = child;
	child->out.take = take_line;
	child->complaints.take = take_complaint;
	r = pipe2(out, O_CLOEXEC) < 0 || pipe2(complaints, O_CLOEXEC) < 0 ? errno : 0;
	if (r == 0)
		r = spawn(&child->pid, argv, out[1], complaints[1]);
	if (r == 0) {
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(complaints[0], F_SETFL, O_NONBLOCK);
		r = -child_watch(child, loop, &out[0], &complaints[0]);
	} else {
		child->pid = 0;
	}
	for (int i = 0; i < 2; i++) {
		close_fd_cleanup(&out[i]);
		close_fd_cleanup(&complaints[i]);
	}
	if (r == 0)
		return child;
	child_free(child);
	err_set(err, ERR_INTERNAL, "cannot start %s: %s", argv[0], strerror(r));
	return NULL;
}

static void child_end(struct child *child)
{
	AUTO_CLOSE int pidfd = pidfd_open(child->pid, 0);
	struct pollfd wait = { .fd = pidfd, .events = POLLIN };

	kill(-child->pid, SIGTERM);
	if (pidfd < 0 || poll(&wait, 1, PATIENCE_MS) != 1)
		kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void child_free(struct child *child)
{
	if (!child)
		return;
	if (child->pid)
		child_end(child);
	stream_close(&child->out);
	stream_close(&child->complaints);
	sd_event_source_disable_unref(child->exit);
	free(child);
}
