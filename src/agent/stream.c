/* Streams: what a student's own ssh client asks for. A command of theirs without a limit on time or
 * output, or a TCP connection that is made from inside the machine. They are jobs, but
 *
 *   - their output needs the host's word: the agent reads no more from the pipe or socket than was
 *     granted, so a slow client far away makes the program wait, as a pipe does;
 *   - the end of standard output is told by itself (JOB_END): connections close one way at a time;
 *   - ended by the host, they are hung up as by sshd, not killed: what ignores SIGHUP goes on, which
 *     its owner could have had with nohup, too. The job is free at once.
 */
#include "agent/agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000

bool job_is_stream(const struct job *job)
{
	return job->kind == JOB_STREAM || job->kind == JOB_DIAL;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the beginning ----------------------------------------------------------------------- */

static void stream_prepare(struct job *job)
{
	job->held_room = FRAME_STREAM_WINDOW;
	job->granted = FRAME_STREAM_WINDOW;
}

/* As sshd does it: a command for the user's shell, or a login shell that reads its standard input. */
void stream_start(struct agent *agent, struct job *job, struct frame_reader *reader)
{
	static const char *env[AGENT_ARGUMENTS];
	const char *user = frame_get_text(reader, 63);
	const char *command = frame_get_text(reader, FRAME_COMMAND_MAX);
	char login_name[300];
	struct spawn spawn = { .env = env, .at_home = true };
	const char *const argv[] = { spawn.account.shell, *command ? "-c" : NULL, command, NULL };

	frame_get_list(reader, env, AGENT_ARGUMENTS);
	if (!frame_close(reader)) {
		job_fail(&agent->port, job, EINVAL, "the request to run a command is malformed");
		return;
	}
	int error = account_find(user, &spawn.account); /* for the login shell's name */
	if (!error && !*command) {
		const char *slash = strrchr(spawn.account.shell, '/');
		snprintf(login_name, sizeof(login_name), "-%s", slash ? slash + 1 : spawn.account.shell);
		spawn.argv0 = login_name;
	}
	spawn.argv = argv;
	spawn.directory = spawn.account.home;
	stream_prepare(job);
	job_spawn(&agent->port, job, &spawn, user);
}

/* A numeric address. Its length, or 0. */
static socklen_t address_read(struct sockaddr_storage *to, const char *text, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	return inet_pton(AF_INET6, text, &six->sin6_addr) == 1 ? sizeof(*six) : 0;
}

static int dial(const char *address, uint16_t port)
{
	struct sockaddr_storage to = { 0 };
	socklen_t length = address_read(&to, address, port);
	int one = 1;

	if (!length) {
		errno = EINVAL;
		return -1;
	}
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&to, length) < 0 && errno != EINPROGRESS) {
		int error = errno;
		close_end(&fd);
		errno = error;
	}
	return fd;
}

void stream_dial(struct agent *agent, struct job *job, struct frame_reader *reader)
{
	const char *address = frame_get_text(reader, 63);
	uint16_t port = frame_get_u16(reader);

	stream_prepare(job);
	job->held = malloc(job->held_room);
	if (!frame_close(reader) || !job->held) {
		job_fail(&agent->port, job, EINVAL, "the request to connect is malformed");
		return;
	}
	job->input = dial(address, port);
	job->output = job->input < 0 ? -1 : fcntl(job->input, F_DUPFD_CLOEXEC, 3);
	if (job->output < 0) {
		job_fail(&agent->port, job, errno, "cannot connect to %s port %u: %s", address,
			 port, strerror(errno));
		return;
	}
	job->connecting = true;
	job->deadline_ms = job->started_ms + CONNECT_MS;
}

/* ---- while it lasts ---------------------------------------------------------------------- */

/* True when something was said. */
static bool connect_finish(struct port *port, struct job *job)
{
	struct pollfd entry = { .fd = job->input, .events = POLLOUT };
	int error = job->timed_out ? ETIMEDOUT : 0;
	socklen_t length = sizeof(error);

	if (!error && poll(&entry, 1, 0) != 1)
		return false;
	if (!error)
		getsockopt(job->input, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error) {
		job_fail(port, job, error, "cannot connect: %s", strerror(error));
		return true;
	}
	job->connecting = false;
	job->deadline_ms = 0;
	port_send(port, FRAME_DIALLED, job->channel, NULL, 0);
	return true;
}

static bool pass_on(struct port *port, struct job *job, enum frame_type type, int *fd)
{
	if (*fd < 0 || !job->granted)
		return false;
	ssize_t got = port_send_from(port, type, job->channel, *fd, job->granted);
	if (got > 0)
		job->granted -= (uint32_t)got;
	if (got == 0 || (got < 0 && errno != EINTR && (errno != EAGAIN || job->ended)))
		close_end(fd);
	return got > 0;
}

/* Says at most one thing. */
bool stream_pump(struct port *port, struct job *job)
{
	if (job->connecting)
		return connect_finish(port, job);
	if (pass_on(port, job, FRAME_JOB_OUTPUT, &job->output) ||
	    pass_on(port, job, FRAME_JOB_ERRORS, &job->errors))
		return true;
	if (job->kind == JOB_DIAL && job->output < 0 && job->input < 0)
		job->ended = true;
	if (job->output >= 0 || job->end_said)
		return false;
	job->end_said = true;
	port_send(port, FRAME_JOB_END, job->channel, NULL, 0);
	return true;
}

void stream_hangup(struct job *job)
{
	if (job->pid)
		kill(-job->pid, SIGHUP);
	if (!job->ended)
		job->status = SIGHUP;
	job->pid = 0;
	job->ended = job->end_said = true;
	job->connecting = false;
	close_end(&job->input);
	close_end(&job->output);
	close_end(&job->errors);
}

static void signal_group(struct job *job, uint32_t number)
{
	if (job->pid && number >= 1 && number <= 31)
		kill(-job->pid, (int)number);
}

void stream_frame(struct job *job, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	if (frame->type == FRAME_JOB_GRANT) {
		uint32_t more = frame_get_u32(&reader), room = FRAME_STREAM_WINDOW - job->granted;
		job->granted += more < room ? more : room;
	} else if (frame->type == FRAME_JOB_SIGNAL) {
		signal_group(job, frame_get_u32(&reader));
	} else if (frame->type == FRAME_JOB_KILL) {
		stream_hangup(job);
	}
}
