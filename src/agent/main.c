#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT_PATH   "/dev/virtio-ports/terakoya.0"
#define FAREWELL_MS 1000
#define ROUNDS_MAX  8 /* of speaking before listening again */

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- hello ------------------------------------------------------------------------------- */

static void say_hello(struct agent *agent, const uint8_t *nonce)
{
	struct frame_writer writer;
	unsigned count = 0;
	size_t room;
	uint8_t *tail = port_tail(&agent->port, &room);

	for (unsigned i = 0; i < AGENT_PTYS; i++)
		count += agent->pty[i].channel != 0;
	frame_begin(&writer, tail, room, FRAME_HELLO_REPLY, 0);
	frame_put_bytes(&writer, nonce, FRAME_NONCE);
	frame_put_u16(&writer, FRAME_VERSION);
	frame_put_text(&writer, TERAKOYA_VERSION);
	frame_put_text(&writer, agent->boot_id);
	frame_put_u64(&writer, agent->instance);
	frame_put_u16(&writer, (uint16_t)count);
	for (unsigned i = 0; i < AGENT_PTYS; i++) {
		const struct pty *pty = &agent->pty[i];
		if (!pty->channel)
			continue;
		frame_put_u16(&writer, pty->channel);
		frame_put_u16(&writer, pty->rows);
		frame_put_u16(&writer, pty->columns);
		frame_put_u64(&writer, pty->first);
		frame_put_u64(&writer, pty->next);
	}
	port_commit(&agent->port, frame_end(&writer));
}

/* A new session, whether or not the end of the last one was seen. What was about to be sent belongs
 * to the last one; the rest of a frame that was under way is skipped by the host, which waits for
 * its nonce. */
static void session_begin(struct agent *agent, const struct frame *frame)
{
	struct port *port = &agent->port;

	frame_parser_scan(&port->in, FRAME_NONE);
	port->out_start = port->out_end = 0;
	for (unsigned i = 0; i < AGENT_JOBS; i++)
		job_silence(&agent->job[i]);
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		pty_detach(&agent->pty[i]);
	port->hello = true;
	say_hello(agent, frame->payload + 2);
}

static bool sum_is_good(const struct frame *frame)
{
	struct frame_reader reader;

	if (frame->type != FRAME_JOB_INPUT && frame->type != FRAME_PTY_INPUT)
		return true;
	frame_open(&reader, frame);
	return frame_get_u32(&reader) == frame_sum(frame->payload + 4, frame->length - 4);
}

void agent_frame(struct agent *agent, const struct frame *frame)
{
	if (!sum_is_good(frame))
		frame_parser_reject(&agent->port.in, frame, FRAME_HELLO);
	else if (frame->type == FRAME_HELLO)
		session_begin(agent, frame);
	else if (!agent->port.hello)
		return; /* left over from a session that is gone */
	else if (frame->type == FRAME_PING)
		health_answer(&agent->port, frame);
	else if (frame->type == FRAME_IDENTIFY)
		identify(agent, frame);
	else if (frame->type >= FRAME_PTY_OPEN && frame->type <= FRAME_PTY_EXIT)
		pty_frame(agent, frame);
	else
		job_frame(agent, frame);
}

/* ---- speaking ---------------------------------------------------------------------------- */

static bool has_room(const struct port *port)
{
	return port->hello && !port->away &&
	       port_room(port) >= PORT_REPLY_ROOM + FRAME_HEADER + 8 + FRAME_INPUT_MAX;
}

/* One frame from everybody who has something to say, as far as there is room; who found none is first
 * next time. So a terminal that floods costs a check one turn, not its place. */
static bool speak_round(struct agent *agent)
{
	const unsigned all = AGENT_JOBS + AGENT_PTYS;
	bool spoke = false;

	for (unsigned i = 0; i < all && has_room(&agent->port); i++) {
		unsigned who = agent->turn;
		agent->turn = (agent->turn + 1) % all;
		spoke |= who < AGENT_JOBS ? job_pump(agent, &agent->job[who])
					  : pty_pump(agent, &agent->pty[who - AGENT_JOBS]);
	}
	return spoke;
}

/* True when there may be more to say at once. */
static bool speak(struct agent *agent)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		bool spoke = speak_round(agent);
		port_flush(&agent->port);
		if (!spoke)
			return false;
	}
	return has_room(&agent->port);
}

/* ---- signals ----------------------------------------------------------------------------- */

static void reap(struct agent *agent)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < AGENT_JOBS; i++)
			if (agent->job[i].pid == pid)
				job_reaped(&agent->job[i], status);
		for (unsigned i = 0; i < AGENT_PTYS; i++)
			if (agent->pty[i].pid == pid)
				pty_reaped(&agent->pty[i], status);
	}
}

static void take_signals(struct agent *agent)
{
	struct signalfd_siginfo info;

	while (read(agent->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(agent);
		else
			agent->stopping = true;
	}
}

/* An interactive shell ignores SIGTERM, so that a shutdown would wait for it: hang up ourselves. */
static void farewell(struct agent *agent)
{
	uint64_t deadline = now_ms() + FAREWELL_MS;
	bool left = true;

	for (unsigned i = 0; i < AGENT_PTYS; i++)
		pty_hangup(&agent->pty[i]);
	for (unsigned i = 0; i < AGENT_JOBS; i++)
		job_silence(&agent->job[i]);
	while (left && now_ms() < deadline) {
		struct pollfd entry = { .fd = agent->signals, .events = POLLIN };
		poll(&entry, 1, 50);
		take_signals(agent);
		left = false;
		for (unsigned i = 0; i < AGENT_PTYS; i++)
			left |= agent->pty[i].pid != 0;
	}
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		if (agent->pty[i].pid)
			kill(-agent->pty[i].pid, SIGKILL);
}

/* ---- the loop ---------------------------------------------------------------------------- */

static int sooner(int timeout, uint64_t deadline, uint64_t now)
{
	if (!deadline)
		return timeout;
	int left = deadline <= now ? 0 : deadline - now > 3600000 ? 3600000 : (int)(deadline - now);
	return timeout < 0 || left < timeout ? left : timeout;
}

static int next_timeout(const struct agent *agent)
{
	int timeout = port_timeout(&agent->port);
	uint64_t now = now_ms();

	for (unsigned i = 0; i < AGENT_JOBS; i++)
		if (agent->job[i].pid || agent->job[i].connecting)
			timeout = sooner(timeout, agent->job[i].deadline_ms, now);
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		timeout = sooner(timeout, pty_deadline(&agent->pty[i]), now);
	return timeout;
}

static void expire(struct agent *agent)
{
	uint64_t now = now_ms();

	for (unsigned i = 0; i < AGENT_JOBS; i++)
		job_expire(&agent->job[i], now);
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		pty_expire(&agent->pty[i], now);
}

/* An edge on the port, or none for a while: look at it. */
static void look_at_port(struct agent *agent, bool edge)
{
	struct port *port = &agent->port;
	struct epoll_event event;

	if (port->fd < 0)
		port_open(port);
	if (edge)
		epoll_wait(port->watch, &event, 1, 0);
	if (edge || port->away)
		port->readable = true;
	port_flush(port);
	port_receive(agent);
}

static unsigned poll_set(const struct agent *agent, struct pollfd *set)
{
	unsigned count = 3;

	set[0] = (struct pollfd){ .fd = agent->signals, .events = POLLIN };
	set[1] = (struct pollfd){ .fd = agent->port.watch, .events = POLLIN };
	set[2] = (struct pollfd){ .fd = agent->port.fd < 0 ? agent->port.listener : -1,
				  .events = POLLIN };
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		if (pty_wants(&agent->pty[i], &set[count]))
			count++;
	for (unsigned i = 0; i < AGENT_JOBS; i++)
		count += job_poll(&agent->job[i], &set[count], has_room(&agent->port));
	return count;
}

static void serve_ptys(struct agent *agent, const struct pollfd *set, unsigned count)
{
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		for (unsigned j = 3; j < count && agent->pty[i].master >= 0; j++)
			if (set[j].fd == agent->pty[i].master && set[j].revents)
				pty_ready(&agent->pty[i], set[j].revents);
}

static void turn(struct agent *agent, bool more)
{
	struct pollfd set[AGENT_POLL_MAX];
	unsigned count = poll_set(agent, set);
	int ready = poll(set, count, more ? 0 : next_timeout(agent));

	if (ready > 0)
		serve_ptys(agent, set, count);
	if (ready > 0 && set[0].revents)
		take_signals(agent);
	for (unsigned i = 0; i < AGENT_JOBS; i++)
		if (agent->job[i].held)
			job_write(&agent->job[i]);
	expire(agent);
	if (ready > 0 && (set[1].revents || set[2].revents))
		look_at_port(agent, true);
	else if (ready == 0 && agent->port.away)
		look_at_port(agent, false);
}

/* ---- start ------------------------------------------------------------------------------- */

static void read_boot_id(char boot_id[37])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, boot_id, 36) != 36)
		strcpy(boot_id, "unknown");
	boot_id[36] = 0;
	if (fd >= 0)
		close(fd);
}

/* Neither a fork bomb nor a full memory takes the machine's only way to the daemon. Children go back
 * to the ordinary (spawn.c). */
static void stand_above(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "-1000", 5);
		close(fd);
	}
	setpriority(PRIO_PROCESS, 0, -5);
}

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int usage(void)
{
	fprintf(stderr, "usage: terakoya-agent [--port PATH | --listen UNIX-SOCKET | --version]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct agent agent; /* zeroed; too large for a stack */
	bool listening = argc == 3 && !strcmp(argv[1], "--listen");
	const char *path = argc == 3 ? argv[2] : PORT_PATH;

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts(TERAKOYA_VERSION) < 0;
	if (argc != 1 && !listening && !(argc == 3 && !strcmp(argv[1], "--port")))
		return usage();
	for (unsigned i = 0; i < AGENT_JOBS; i++)
		agent.job[i].input = agent.job[i].output = agent.job[i].errors = -1;
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		agent.pty[i].master = -1;
	agent.signals = watch_signals();
	agent.keeps_identity = !listening;
	read_boot_id(agent.boot_id);
	identity_recall(&agent);
	if (agent.signals < 0 || port_init(&agent.port, path, listening) < 0) {
		fprintf(stderr, "terakoya-agent: cannot watch %s: %s\n", path, strerror(errno));
		return 1;
	}
	if (!listening)
		stand_above();
	look_at_port(&agent, false);
	for (bool more = false; !agent.stopping; more = speak(&agent))
		turn(&agent, more);
	farewell(&agent);
	return 0;
}
