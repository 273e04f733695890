/* Jobs: a command with its three streams, one file, or a connection. A job lives from its first frame
 * until it has said JOB_EXIT or JOB_FAIL. A command is over when the process that was started has ended:
 * what is in its pipes then is still passed on, what its left-over children write later is not.
 * What is said here of commands holds for streams too; what sets those apart is in stream.c.
 */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MAX_MS (3600u * 1000)

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void job_release(struct job *job)
{
	close_end(&job->input);
	close_end(&job->output);
	close_end(&job->errors);
	file_discard(job);
	free(job->held);
	*job = (struct job){ .input = -1, .output = -1, .errors = -1 };
}

void job_fail(struct port *port, struct job *job, int error, const char *format, ...)
{
	char message[FRAME_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	port_send_fail(port, FRAME_JOB_FAIL, job->channel, error, "%s", message);
	job_release(job);
}

static struct job *job_find(struct agent *agent, uint16_t channel)
{
	for (unsigned i = 0; i < AGENT_JOBS; i++)
		if (agent->job[i].kind && !agent->job[i].silent && agent->job[i].channel == channel)
			return &agent->job[i];
	return NULL;
}

static struct job *job_new(struct agent *agent, enum job_kind kind, uint16_t channel)
{
	for (unsigned i = 0; i < AGENT_JOBS; i++) {
		struct job *job = &agent->job[i];
		if (job->kind)
			continue;
		*job = (struct job){ .kind = kind, .channel = channel, .input = -1, .output = -1,
				     .errors = -1, .output_most = AGENT_OUTPUT_MAX,
				     .held_room = FRAME_JOB_WINDOW };
		job->started_ms = now_ms();
		return job;
	}
	return NULL;
}

/* ---- starting a command ------------------------------------------------------------------ */

struct pipes {
	int in[2], out[2], err[2];
};

static void pipes_close(struct pipes *pipes)
{
	for (unsigned i = 0; i < 2; i++) {
		close_end(&pipes->in[i]);
		close_end(&pipes->out[i]);
		close_end(&pipes->err[i]);
	}
}

/* Our ends never block; the child's do. */
static int pipes_open(struct pipes *pipes)
{
	if (pipe2(pipes->in, O_CLOEXEC) || pipe2(pipes->out, O_CLOEXEC) ||
	    pipe2(pipes->err, O_CLOEXEC))
		return -1;
	return fcntl(pipes->in[1], F_SETFL, O_NONBLOCK) || fcntl(pipes->out[0], F_SETFL, O_NONBLOCK) ||
			       fcntl(pipes->err[0], F_SETFL, O_NONBLOCK)
		       ? -1
		       : 0;
}

bool job_spawn(struct port *port, struct job *job, struct spawn *spawn, const char *user)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	char why[FRAME_MESSAGE_MAX] = "the machine's agent has no free memory or descriptors";
	int error = account_find(user, &spawn->account);

	if (error) {
		job_fail(port, job, error, "the machine has no user %.64s", user);
		return false;
	}
	job->held = malloc(job->held_room);
	if (job->held && pipes_open(&pipes) == 0) {
		spawn->input = pipes.in[0];
		spawn->output = pipes.out[1];
		spawn->errors = pipes.err[1];
		job->pid = spawn_start(spawn, why);
	}
	bool started = job->pid > 0;
	if (started) {
		job->input = pipes.in[1];
		job->output = pipes.out[0];
		job->errors = pipes.err[0];
		pipes.in[1] = pipes.out[0] = pipes.err[0] = -1;
	} else {
		job->pid = 0;
		job_fail(port, job, errno, "%s", why);
	}
	pipes_close(&pipes);
	return started;
}

/* tools: a check, which comes with the stamps of what it uses. */
static void exec_start(struct agent *agent, struct job *job, struct frame_reader *reader, bool tools)
{
	static const char *argv[AGENT_ARGUMENTS], *env[AGENT_ARGUMENTS];
	static const char *stamps[FRAME_TOOLS_MAX];
	uint32_t timeout = frame_get_u32(reader);
	const char *user = frame_get_text(reader, 63);
	const char *directory = frame_get_text(reader, 4095);
	struct spawn spawn = { .argv = argv, .env = env, .directory = *directory ? directory : "/" };
	unsigned count = frame_get_list(reader, argv, AGENT_ARGUMENTS);

	frame_get_list(reader, env, AGENT_ARGUMENTS);
	stamps[0] = NULL;
	if (tools)
		frame_get_list(reader, stamps, FRAME_TOOLS_MAX);
	if (!frame_close(reader) || !count || !*argv[0]) {
		job_fail(&agent->port, job, EINVAL, "the request to run a command is malformed");
		return;
	}
	const char *changed = tool_changed(stamps);
	if (changed) {
		job_fail(&agent->port, job, EPERM,
			 "%.*s is not what this machine began with, and the check relies on it: reset the "
			 "machine", (int)strcspn(changed, " "), changed);
		return;
	}
	job->deadline_ms = job->started_ms + (timeout < TIMEOUT_MAX_MS ? timeout : TIMEOUT_MAX_MS);
	job_spawn(&agent->port, job, &spawn, user);
}

/* ---- input ------------------------------------------------------------------------------- */

/* Whom we are connected to is told that no more will come, and may go on speaking. */
static void input_finish(struct job *job)
{
	if (job->kind == JOB_DIAL && job->input >= 0)
		shutdown(job->input, SHUT_WR);
	close_end(&job->input);
}

void job_write(struct job *job)
{
	if (job->connecting)
		return;
	while (job->held_start < job->held_end && job->input >= 0) {
		ssize_t wrote = write(job->input, job->held + job->held_start,
				      job->held_end - job->held_start);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0 && errno == EAGAIN)
			return;
		if (wrote < 0)
			close_end(&job->input); /* it does not read any more */
		else
			job->held_start += (size_t)wrote, job->credit_due += (uint32_t)wrote;
	}
	if (job->input < 0 && job->held_start < job->held_end) {
		job->credit_due += (uint32_t)(job->held_end - job->held_start);
		job->held_start = job->held_end;
	}
	if (job->eof && job->held_start == job->held_end)
		input_finish(job);
}

static void exec_input(struct job *job, const uint8_t *data, size_t length)
{
	if (length > job->held_room - job->held_end) {
		job->held_end -= job->held_start;
		memmove(job->held, job->held + job->held_start, job->held_end);
		job->held_start = 0;
	}
	if (length > job->held_room - job->held_end) {
		job_kill(job); /* beyond its credit: what was lost cannot be made good */
		close_end(&job->input);
		return;
	}
	memcpy(job->held + job->held_end, data, length);
	job->held_end += length;
	job_write(job);
}

static void job_input(struct agent *agent, struct job *job, const uint8_t *data, size_t length)
{
	if (job->kind == JOB_EXEC || job_is_stream(job)) {
		exec_input(job, data, length);
	} else if (job->kind == JOB_PUT && file_input(job, data, length)) {
		job->credit_due += (uint32_t)length;
	} else {
		job_fail(&agent->port, job, errno, "cannot write %.300s: %s",
			 job->path ? job->path : "the file", strerror(errno));
	}
}

static void job_eof(struct agent *agent, struct job *job)
{
	job->eof = true;
	if (job->kind != JOB_PUT) {
		job_write(job);
		return;
	}
	if (file_finish(job)) {
		job->ended = true;
		return;
	}
	job_fail(&agent->port, job, errno, "cannot write %.300s: %s", job->path, strerror(errno));
}

/* ---- the end ----------------------------------------------------------------------------- */

void job_kill(struct job *job)
{
	if (job->pid)
		kill(-job->pid, SIGKILL);
}

void job_reaped(struct job *job, int status)
{
	job->pid = 0;
	job->status = status;
	job->run_ms = now_ms() - job->started_ms;
	job->ended = true;
	close_end(&job->input);
	if (job->silent)
		job_release(job);
}

void job_silence(struct job *job)
{
	if (!job->kind)
		return;
	if (job_is_stream(job))
		stream_hangup(job);
	else
		job_kill(job);
	job->silent = true;
	close_end(&job->input);
	close_end(&job->output);
	close_end(&job->errors);
	if (!job->pid)
		job_release(job);
}

void job_expire(struct job *job, uint64_t now)
{
	if ((!job->pid && !job->connecting) || !job->deadline_ms || now < job->deadline_ms)
		return;
	job->timed_out = true;
	job->deadline_ms = 0;
	job_kill(job);
}

static void job_cancel(struct agent *agent, struct job *job)
{
	if (job->kind == JOB_EXEC) {
		job_kill(job);
		return;
	}
	job_fail(&agent->port, job, ECANCELED, "cancelled");
}

/* ---- output ------------------------------------------------------------------------------ */

static uint32_t exit_status(int status)
{
	return WIFSIGNALED(status) ? FRAME_EXIT_SIGNAL + (uint32_t)WTERMSIG(status)
				   : (uint32_t)WEXITSTATUS(status);
}

static void put_u32(uint8_t *to, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++, value >>= 8)
		to[i] = (uint8_t)value;
}

static void say_exit(struct port *port, struct job *job)
{
	bool command = job->kind == JOB_EXEC || job->kind == JOB_STREAM;
	uint8_t payload[12];

	put_u32(payload, command ? exit_status(job->status) : 0);
	put_u32(payload + 4, (job->timed_out ? FRAME_EXIT_TIMED_OUT : 0) |
				     (job->truncated ? FRAME_EXIT_TRUNCATED : 0));
	put_u32(payload + 8, (uint32_t)job->run_ms);
	port_send(port, FRAME_JOB_EXIT, job->channel, payload, sizeof(payload));
	job_release(job);
}

/* Passes on what is there, or throws it away beyond the limit. True when there was something. */
static bool say_stream(struct port *port, struct job *job, enum frame_type type, int *fd,
		       size_t *count)
{
	static char nowhere[16384];
	ssize_t got;

	if (*fd < 0)
		return false;
	if (*count < job->output_most) {
		got = port_send_from(port, type, job->channel, *fd, job->output_most - *count);
		*count += got > 0 ? (size_t)got : 0;
	} else {
		got = read(*fd, nowhere, sizeof(nowhere));
		job->truncated |= got > 0;
	}
	if (got == 0 || (got < 0 && errno != EINTR && (errno != EAGAIN || job->ended)))
		close_end(fd);
	return got > 0;
}

bool job_pump(struct agent *agent, struct job *job)
{
	struct port *port = &agent->port;

	if (!job->kind || job->silent)
		return false;
	if (job->credit_due >= job->held_room / 4) {
		port_send_u32(port, FRAME_JOB_CREDIT, job->channel, job->credit_due);
		job->credit_due = 0;
		return true;
	}
	if (job_is_stream(job)) {
		if (stream_pump(port, job))
			return true;
	} else if (say_stream(port, job, FRAME_JOB_OUTPUT, &job->output, &job->output_count) ||
		   say_stream(port, job, FRAME_JOB_ERRORS, &job->errors, &job->error_count)) {
		return true;
	}
	if (job->kind == JOB_GET && job->output < 0)
		job->ended = true;
	if (!job->kind || !job->ended || job->output >= 0 || job->errors >= 0)
		return false;
	say_exit(port, job);
	return true;
}

unsigned job_poll(const struct job *job, struct pollfd *set, bool hear)
{
	unsigned count = 0;

	if (job_is_stream(job))
		hear = hear && job->granted && !job->connecting;
	if (job->input >= 0 && (job->held_start < job->held_end || job->connecting))
		set[count++] = (struct pollfd){ .fd = job->input, .events = POLLOUT };
	if (hear && job->output >= 0)
		set[count++] = (struct pollfd){ .fd = job->output, .events = POLLIN };
	if (hear && job->errors >= 0)
		set[count++] = (struct pollfd){ .fd = job->errors, .events = POLLIN };
	return count;
}

/* ---- frames ------------------------------------------------------------------------------ */

static void job_begin(struct agent *agent, const struct frame *frame)
{
	static const enum job_kind kinds[FRAME_TYPES] = { [FRAME_EXEC] = JOB_EXEC,
							  [FRAME_PUT] = JOB_PUT,
							  [FRAME_GET] = JOB_GET,
							  [FRAME_STREAM] = JOB_STREAM,
							  [FRAME_DIAL] = JOB_DIAL,
							  [FRAME_CHECK] = JOB_EXEC,
							  [FRAME_TOOLS] = JOB_GET };
	struct frame_reader reader;
	struct job *job = job_new(agent, kinds[frame->type], frame->channel);

	if (!job) {
		port_send_fail(&agent->port, FRAME_JOB_FAIL, frame->channel, EAGAIN,
			       "the machine's agent has %d commands in hand already", AGENT_JOBS);
		return;
	}
	frame_open(&reader, frame);
	if (job->kind == JOB_EXEC)
		exec_start(agent, job, &reader, frame->type == FRAME_CHECK);
	else if (frame->type == FRAME_TOOLS)
		tool_list(agent, job, &reader);
	else if (job->kind == JOB_STREAM)
		stream_start(agent, job, &reader);
	else if (job->kind == JOB_DIAL)
		stream_dial(agent, job, &reader);
	else if (job->kind == JOB_PUT)
		file_put(agent, job, &reader);
	else
		file_get(agent, job, &reader);
}

void job_frame(struct agent *agent, const struct frame *frame)
{
	struct job *job = job_find(agent, frame->channel);
	bool starts = frame->type == FRAME_EXEC || frame->type == FRAME_PUT ||
		      frame->type == FRAME_GET || frame->type == FRAME_STREAM ||
		      frame->type == FRAME_DIAL || frame->type == FRAME_CHECK ||
		      frame->type == FRAME_TOOLS;

	if (starts && !job)
		job_begin(agent, frame);
	if (!starts && job && job_is_stream(job))
		stream_frame(job, frame);
	if (starts || !job || job->ended)
		return; /* it has just ended, and its JOB_EXIT or JOB_FAIL is under way */
	if (frame->type == FRAME_JOB_INPUT && !job->eof)
		job_input(agent, job, frame->payload + 4, frame->length - 4);
	else if (frame->type == FRAME_JOB_EOF && !job->eof)
		job_eof(agent, job);
	else if (frame->type == FRAME_JOB_KILL)
		job_cancel(agent, job);
}
