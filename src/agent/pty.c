/* Terminals. They outlive connections: each keeps the last 64 KiB of its output, numbered from the
 * terminal's first byte, and stops reading when as much is unacknowledged. The program in it then
 * waits, as it would for a slow screen; nothing is lost while no host is there, and nothing is said
 * twice, because the host says from which byte it wants to go on.
 *
 *	0 ....... first ....... acked ....... sent ....... next
 *	 forgotten     history        in flight     unsent
 *
 * The last words may be lost with a connection like any others: a terminal that has ended is kept, to
 * be attached once more, until the host has confirmed PTY_EXIT with PTY_CLOSE.
 *
 * first <= acked <= sent <= next, next - first <= history size, next - acked <= window.
 */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define DRAIN_MS  500  /* without output or room for it, once the shell has ended */
#define HANGUP_MS 2000 /* between SIGHUP and SIGKILL */
#define TTY_GROUP 5    /* on every Debian */

static void pty_release(struct pty *pty)
{
	if (pty->master >= 0)
		close(pty->master);
	free(pty->ring);
	free(pty->held);
	*pty = (struct pty){ .master = -1 };
}

static void close_master(struct pty *pty)
{
	if (pty->master >= 0)
		close(pty->master);
	pty->master = -1;
}

static struct pty *pty_find(struct agent *agent, uint16_t channel)
{
	for (unsigned i = 0; i < AGENT_PTYS; i++)
		if (agent->pty[i].channel == channel)
			return &agent->pty[i];
	return NULL;
}

/* ---- opening ----------------------------------------------------------------------------- */

static void set_size(struct pty *pty, uint16_t rows, uint16_t columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	pty->rows = rows;
	pty->columns = columns;
	if (pty->master >= 0)
		ioctl(pty->master, TIOCSWINSZ, &size);
}

static int terminal_open(struct pty *pty, const struct account *account)
{
	struct termios mode;

	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (pty->master < 0 || unlockpt(pty->master) < 0)
		return -1;
	int slave = ioctl(pty->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || tcgetattr(slave, &mode) < 0)
		return slave;
	mode.c_iflag |= IUTF8;
	tcsetattr(slave, TCSANOW, &mode);
	if (fchown(slave, account->uid, TTY_GROUP) == 0)
		fchmod(slave, 0620);
	return slave;
}

static bool pty_start(struct pty *pty, struct spawn *spawn, char why[FRAME_MESSAGE_MAX])
{
	snprintf(why, FRAME_MESSAGE_MAX, "the machine has no free memory or terminals");
	pty->ring = malloc(AGENT_PTY_HISTORY);
	pty->held = malloc(FRAME_PTY_WINDOW);
	int slave = pty->ring && pty->held ? terminal_open(pty, &spawn->account) : -1;
	if (slave < 0)
		return false;
	set_size(pty, pty->rows, pty->columns);
	spawn->input = spawn->output = spawn->errors = slave;
	pid_t pid = spawn_start(spawn, why);
	close(slave);
	if (pid < 0)
		return false;
	pty->pid = pid;
	return true;
}

/* "-bash" for "/bin/bash": the shell reads its profile. */
static void login_shell(struct spawn *spawn, const char *argv[2], char name[260])
{
	const char *slash = strrchr(spawn->account.shell, '/');

	snprintf(name, 260, "-%s", slash ? slash + 1 : spawn->account.shell);
	argv[0] = spawn->account.shell;
	argv[1] = NULL;
	spawn->argv0 = name;
}

static void pty_open(struct agent *agent, const struct frame *frame)
{
	static const char *argv[AGENT_ARGUMENTS], *env[AGENT_ARGUMENTS];
	struct spawn spawn = { .argv = argv, .env = env, .terminal = true };
	struct pty *pty = pty_find(agent, 0), fresh = { .channel = frame->channel, .master = -1 };
	char name[260], why[FRAME_MESSAGE_MAX] = "";
	struct frame_reader reader;

	frame_open(&reader, frame);
	fresh.rows = frame_get_u16(&reader);
	fresh.columns = frame_get_u16(&reader);
	const char *user = frame_get_text(&reader, 63);
	unsigned count = frame_get_list(&reader, argv, AGENT_ARGUMENTS);
	frame_get_list(&reader, env, AGENT_ARGUMENTS);
	errno = EINVAL;
	if (!frame_close(&reader))
		snprintf(why, sizeof(why), "the request for a terminal is malformed");
	else if (!pty)
		snprintf(why, sizeof(why), "the machine has %d terminals already", AGENT_PTYS);
	else if (account_find(user, &spawn.account))
		snprintf(why, sizeof(why), "the machine has no user %.64s", user);
	if (!*why) {
		spawn.directory = spawn.account.home;
		if (!count)
			login_shell(&spawn, argv, name);
		fresh.attached = pty_start(&fresh, &spawn, why);
	}
	if (!fresh.attached) {
		port_send_fail(&agent->port, FRAME_PTY_FAIL, frame->channel, errno, "%s", why);
		pty_release(&fresh);
		return;
	}
	*pty = fresh;
	port_send(&agent->port, FRAME_PTY_OPENED, frame->channel, NULL, 0);
}

/* ---- output ------------------------------------------------------------------------------ */

static size_t window_left(const struct pty *pty)
{
	return AGENT_PTY_HISTORY - (size_t)(pty->next - pty->acked);
}

/* Something moved: what is left of an ended shell's output has a fresh moment to come. */
static void pty_stir(struct pty *pty)
{
	if (pty->ended_ms && !pty->closing)
		pty->ended_ms = now_ms();
}

static void pty_read(struct pty *pty)
{
	size_t at = pty->next % AGENT_PTY_HISTORY, room = window_left(pty);

	if (room > AGENT_PTY_HISTORY - at)
		room = AGENT_PTY_HISTORY - at;
	if (!room)
		return;
	ssize_t got = read(pty->master, pty->ring + at, room);
	if (got > 0) {
		pty_stir(pty);
		pty->next += (uint64_t)got;
		if (pty->next - pty->first > AGENT_PTY_HISTORY)
			pty->first = pty->next - AGENT_PTY_HISTORY;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* EIO: nobody has the terminal open now. A shell whose child is about to open it
		 * does not exist: the shell itself holds it until it ends. */
		close_master(pty);
	}
}

static void say_data(struct port *port, struct pty *pty)
{
	size_t at = pty->sent % AGENT_PTY_HISTORY, length = (size_t)(pty->next - pty->sent), room;
	uint8_t *tail = port_tail(port, &room);
	struct frame_writer writer;

	if (length > AGENT_PTY_HISTORY - at)
		length = AGENT_PTY_HISTORY - at;
	if (length > FRAME_INPUT_MAX)
		length = FRAME_INPUT_MAX;
	frame_begin(&writer, tail, room, FRAME_PTY_DATA, pty->channel);
	frame_put_u64(&writer, pty->sent);
	frame_put_bytes(&writer, pty->ring + at, length);
	port_commit(port, frame_end(&writer));
	pty->sent += length;
}

bool pty_pump(struct agent *agent, struct pty *pty)
{
	if (!pty->channel || !pty->attached)
		return false;
	if (pty->credit_due >= FRAME_PTY_WINDOW / 4) {
		port_send_u32(&agent->port, FRAME_PTY_CREDIT, pty->channel, pty->credit_due);
		pty->credit_due = 0;
		return true;
	}
	if (pty->sent < pty->next) {
		say_data(&agent->port, pty);
		return true;
	}
	if (pty->pid || pty->master >= 0 || pty->exit_said)
		return false;
	port_send_u32(&agent->port, FRAME_PTY_EXIT, pty->channel, (uint32_t)pty->status);
	pty->exit_said = true;
	return true;
}

/* ---- input ------------------------------------------------------------------------------- */

static void pty_write(struct pty *pty)
{
	while (pty->held_start < pty->held_end && pty->master >= 0) {
		ssize_t wrote = write(pty->master, pty->held + pty->held_start,
				      pty->held_end - pty->held_start);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return;
		pty->held_start += (size_t)wrote;
		pty->credit_due += (uint32_t)wrote;
	}
}

static void pty_input(struct pty *pty, const uint8_t *data, size_t length)
{
	if (pty->held_start) {
		pty->held_end -= pty->held_start;
		memmove(pty->held, pty->held + pty->held_start, pty->held_end);
		pty->held_start = 0;
	}
	if (length > FRAME_PTY_WINDOW - pty->held_end)
		length = FRAME_PTY_WINDOW - pty->held_end; /* beyond its credit */
	memcpy(pty->held + pty->held_end, data, length);
	pty->held_end += length;
	pty_write(pty);
}

bool pty_wants(const struct pty *pty, struct pollfd *entry)
{
	if (!pty->channel || pty->master < 0)
		return false;
	*entry = (struct pollfd){ .fd = pty->master };
	if (window_left(pty))
		entry->events |= POLLIN;
	if (pty->held_start < pty->held_end)
		entry->events |= POLLOUT;
	return entry->events;
}

void pty_ready(struct pty *pty, short events)
{
	if (events & POLLOUT)
		pty_write(pty);
	if (pty->master >= 0 && (events & (POLLIN | POLLHUP | POLLERR)))
		pty_read(pty);
}

/* ---- the end ----------------------------------------------------------------------------- */

void pty_reaped(struct pty *pty, int status)
{
	pty->pid = 0;
	pty->status = status;
	pty->ended_ms = now_ms();
	if (pty->closing && !pty->attached)
		pty_release(pty);
}

void pty_detach(struct pty *pty)
{
	pty->attached = pty->exit_said = false;
	if (pty->channel && pty->closing && !pty->pid)
		pty_release(pty);
}

/* Closing the last of the master's ends hangs the terminal up: the kernel sends SIGHUP to the shell
 * and to what it runs in the foreground. */
void pty_hangup(struct pty *pty)
{
	if (!pty->channel || pty->closing)
		return;
	pty->closing = true;
	pty->sent = pty->acked = pty->next;
	pty->ended_ms = now_ms();
	close_master(pty);
	if (pty->pid) {
		kill(pty->pid, SIGHUP);
		kill(pty->pid, SIGCONT);
	}
}

uint64_t pty_deadline(const struct pty *pty)
{
	if (!pty->channel || !pty->ended_ms)
		return 0;
	if (pty->closing)
		return pty->pid ? pty->ended_ms + HANGUP_MS : 0;
	return pty->master >= 0 && window_left(pty) ? pty->ended_ms + DRAIN_MS : 0;
}

void pty_expire(struct pty *pty, uint64_t now)
{
	uint64_t deadline = pty_deadline(pty);

	if (!deadline || now < deadline)
		return;
	if (!pty->pid)
		close_master(pty);
	else
		kill(-pty->pid, SIGKILL);
	if (pty->pid)
		pty->ended_ms = now;
}

/* ---- frames ------------------------------------------------------------------------------ */

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static void pty_attach(struct port *port, struct pty *pty, uint64_t offset)
{
	if (pty->attached)
		return;
	pty->attached = true;
	pty->sent = pty->acked = clamp(offset, pty->first, pty->next);
	pty->credit_due = 0;
	port_send_u32(port, FRAME_PTY_CREDIT, pty->channel,
		      (uint32_t)(FRAME_PTY_WINDOW - (pty->held_end - pty->held_start)));
}

static void pty_handle(struct agent *agent, struct pty *pty, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	pty_stir(pty);
	if (frame->type == FRAME_PTY_ATTACH)
		pty_attach(&agent->port, pty, frame_get_u64(&reader));
	else if (frame->type == FRAME_PTY_ACK)
		pty->acked = clamp(frame_get_u64(&reader), pty->acked, pty->sent);
	else if (frame->type == FRAME_PTY_INPUT)
		pty_input(pty, frame->payload + 4, frame->length - 4);
	else if (frame->type == FRAME_PTY_CLOSE && pty->exit_said)
		pty_release(pty);
	else if (frame->type == FRAME_PTY_CLOSE)
		pty->attached = true, pty_hangup(pty);
	if (frame->type != FRAME_PTY_RESIZE)
		return;
	uint16_t rows = frame_get_u16(&reader), columns = frame_get_u16(&reader);
	set_size(pty, rows, columns);
}

void pty_frame(struct agent *agent, const struct frame *frame)
{
	struct pty *pty = pty_find(agent, frame->channel);

	if (frame->type == FRAME_PTY_OPEN && !pty)
		pty_open(agent, frame);
	else if (frame->type == FRAME_PTY_OPEN)
		port_send_fail(&agent->port, FRAME_PTY_FAIL, frame->channel, EEXIST,
			       "terminal %u is open already", frame->channel);
	else if (pty)
		pty_handle(agent, pty, frame);
	else if (frame->type == FRAME_PTY_ATTACH)
		port_send_fail(&agent->port, FRAME_PTY_FAIL, frame->channel, ENOENT,
			       "there is no terminal %u", frame->channel);
}
