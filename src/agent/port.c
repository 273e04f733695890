/* The wire. Three things make it more than a file descriptor:
 *
 * The host end may be closed. Then read() returns 0 and poll() says POLLHUP at once and always, and a
 * hundred clones that look again each time would share no core with anybody. So the port is never in
 * the set of poll() itself: it is watched edge-triggered, by an epoll of its own. The driver wakes
 * it when bytes come, when there is room, and when the host opens or closes its end. Should such a
 * wake ever be lost, a slow look every two seconds finds it, only while the host is away.
 *
 * The host may come back so quickly that no close is seen here, and bytes may be lost in between. A
 * hello therefore starts a session wherever it is found; see docs/agent-protocol.md.
 *
 * At boot the port may not be there yet. It is looked for until it is.
 */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOK_FOR_PORT_MS 250
#define LOOK_FOR_HOST_MS 2000

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return -1;
	return fd;
}

int port_init(struct port *port, const char *path, bool listening)
{
	port->path = path;
	port->listening = listening;
	port->fd = port->listener = -1;
	port->away = true;
	port->watch = epoll_create1(EPOLL_CLOEXEC);
	if (listening)
		port->listener = listen_at(path);
	return port->watch < 0 || (listening && port->listener < 0) ? -1 : 0;
}

void port_open(struct port *port)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLET };

	if (port->fd >= 0)
		return;
	port->fd = port->listening ? accept4(port->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)
				   : open(port->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (port->fd < 0)
		return;
	epoll_ctl(port->watch, EPOLL_CTL_ADD, port->fd, &event);
	frame_parser_init(&port->in, FRAME_FROM_HOST);
	port->out_start = port->out_end = 0;
	port->readable = true;
}

/* Once in the agent's life: a host that has stayed connected while the machine rebooted learns here
 * that everything it knew is gone. */
static void port_found(struct port *port)
{
	port->away = false;
	if (!port->announced)
		port_send(port, FRAME_BOOTED, 0, NULL, 0);
	port->announced = true;
}

/* The host end is closed, or so it seems: when a host opens it and speaks at once, its bytes may be here
 * before the driver has learned that it is open. So a session and what it has to say are kept; if the
 * host is truly gone, the next one's hello ends them. A test's socket is replaced by the next. */
static void port_lost(struct port *port)
{
	port->away = true;
	port->readable = false;
	frame_parser_init(&port->in, FRAME_FROM_HOST);
	if (port->listening) {
		port->hello = false;
		port->out_start = port->out_end = 0;
		close(port->fd);
		port->fd = -1;
	}
}

int port_timeout(const struct port *port)
{
	if (port->fd < 0)
		return port->listening ? -1 : LOOK_FOR_PORT_MS;
	return port->away ? LOOK_FOR_HOST_MS : -1;
}

/* ---- receiving --------------------------------------------------------------------------- */

static void receive_some(struct port *port)
{
	size_t room;
	uint8_t *to = frame_parser_room(&port->in, &room);
	ssize_t got = read(port->fd, to, room);

	if (got > 0) {
		port_found(port);
		frame_parser_add(&port->in, (size_t)got);
		return;
	}
	if (got < 0 && errno == EINTR)
		return;
	port->readable = false;
	if (got < 0 && errno == EAGAIN)
		port_found(port);
	else
		port_lost(port);
}

/* Handles frames while their answers have room. False: none is whole, or there is no room. */
static bool handle_one(struct agent *agent)
{
	struct port *port = &agent->port;
	struct frame frame;

	if (port_room(port) < PORT_REPLY_ROOM)
		return false;
	int got = frame_parser_next(&port->in, &frame);
	if (got < 0)
		frame_parser_scan(&port->in, FRAME_HELLO);
	if (got > 0)
		agent_frame(agent, &frame);
	return got != 0;
}

void port_receive(struct agent *agent)
{
	struct port *port = &agent->port;

	while (port->fd >= 0) {
		while (handle_one(agent))
			;
		port_flush(port);
		if (port->fd < 0 || port_room(port) < PORT_REPLY_ROOM)
			return; /* go on when the host has read: room will be an edge */
		if (!port->readable)
			return;
		receive_some(port);
	}
}

/* ---- sending ----------------------------------------------------------------------------- */

size_t port_room(const struct port *port)
{
	return sizeof(port->out) - (port->out_end - port->out_start);
}

uint8_t *port_tail(struct port *port, size_t *room)
{
	if (port->out_start) {
		port->out_end -= port->out_start;
		memmove(port->out, port->out + port->out_start, port->out_end);
		port->out_start = 0;
	}
	*room = sizeof(port->out) - port->out_end;
	return port->out + port->out_end;
}

void port_commit(struct port *port, size_t length)
{
	port->out_end += length;
}

void port_flush(struct port *port)
{
	while (!port->away && port->out_start < port->out_end) {
		ssize_t wrote = write(port->fd, port->out + port->out_start,
				      port->out_end - port->out_start);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0 && errno != EAGAIN)
			port->readable = true; /* read() will tell what has happened */
		if (wrote <= 0)
			return;
		port->out_start += (size_t)wrote;
	}
}

void port_send(struct port *port, enum frame_type type, uint16_t channel, const void *payload,
	       size_t length)
{
	struct frame_writer writer;
	size_t room;
	uint8_t *tail = port_tail(port, &room);

	frame_begin(&writer, tail, room, type, channel);
	frame_put_bytes(&writer, payload, length);
	port_commit(port, frame_end(&writer));
}

void port_send_u32(struct port *port, enum frame_type type, uint16_t channel, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				   (uint8_t)(value >> 24) };

	port_send(port, type, channel, bytes, sizeof(bytes));
}

void port_send_fail(struct port *port, enum frame_type type, uint16_t channel, int error,
		    const char *format, ...)
{
	char message[FRAME_MESSAGE_MAX];
	struct frame_writer writer;
	size_t room;
	uint8_t *tail = port_tail(port, &room);
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	frame_begin(&writer, tail, room, type, channel);
	frame_put_u32(&writer, (uint32_t)error);
	frame_put_text(&writer, message);
	port_commit(port, frame_end(&writer));
}

ssize_t port_send_from(struct port *port, enum frame_type type, uint16_t channel, int fd,
		       size_t most)
{
	struct frame_writer writer;
	size_t room;
	uint8_t *tail = port_tail(port, &room);

	if (most > FRAME_INPUT_MAX)
		most = FRAME_INPUT_MAX;
	ssize_t got = read(fd, tail + FRAME_HEADER, most);
	if (got <= 0)
		return got;
	frame_begin(&writer, tail, room, type, channel);
	writer.length += (size_t)got; /* in place already */
	port_commit(port, frame_end(&writer));
	return got;
}
