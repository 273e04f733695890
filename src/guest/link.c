/* How a connection comes to be, and ends.
 *
 * Bytes may be lost or left over whenever the host end of a virtio port is closed and opened again,
 * and the guest may not even notice. So nothing that arrives is believed until a hello reply with a
 * nonce made for this connection has been found in the stream. If none comes in time, the agent may be
 * waiting for the rest of a frame that it will never get: a frame's length of zeros ends that, being
 * no header it goes to look for a hello, and finds the next one.
 *
 * QEMU accepts our connection long before a guest runs, and then simply does not read. Greeting again
 * is therefore useless until it has read what we sent; SIOCOUTQ tells (unix(7): bytes that the peer
 * has not read). A machine may take minutes to boot, and its first read finds one hello.
 *
 * A connection on which nobody has answered for long may be one that never will: QEMU may have stopped
 * to pass on what the guest says (one that was full when its machine was saved does), or the guest may
 * have missed a wake. A new connection makes QEMU forget what it held, and tells the guest so. There are
 * three of them, each given twice as long as the one before, and no more: a guest that stands still, in a
 * class that is paused, has room for a few such tidings only.
 *
 * A guest that reboots keeps QEMU's connection. Its new agent says BOOTED, and we greet anew.
 */
#include "guest/link_private.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"

#define HELLO_WAIT_MS     300
#define HELLO_WAIT_MAX_MS 5000
#define GREETING_MS       9000u /* on one connection, at first */
#define GREETINGS_MAX     4    /* connections */
#define BACKOFF_MS        50
#define BACKOFF_MAX_MS    2000
#define STEADY_MS         10000 /* a session this long was a good one: start over with the backoff */
#define BOOT_LEAST_MS     1000  /* nobody reboots twice in this time but to do harm */
#define SKIP_MAX          (8u * 1024 * 1024)

static void connection_close(struct link *link);
static void link_connect(struct link *link);
static void link_drop(struct link *link, const struct err *why);
static void link_settle(struct link *link);

/* ---- sending ----------------------------------------------------------------------------- */

int link_refuse(struct link *link, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (!link->doomed) {
		link->doomed = mem_alloc(sizeof(*link->doomed));
		err_set(link->doomed, ERR_GUEST, "the machine's agent broke the protocol: %s", what);
	}
	link_soon(link);
	return -1;
}

void link_queue(struct link *link, const void *bytes, size_t length)
{
	if (link->fd < 0)
		return;
	if (link->out.length + length > LINK_OUT_MAX)
		link_refuse(link, "it does not read");
	else
		buf_append(&link->out, bytes, length);
}

void link_queue_frame(struct link *link, enum frame_type type, uint16_t channel, const void *payload,
		      size_t length)
{
	uint8_t frame[FRAME_HEADER + 64];
	struct frame_writer writer;

	frame_begin(&writer, frame, sizeof(frame), type, channel);
	frame_put_bytes(&writer, payload, length);
	link_queue(link, frame, frame_end(&writer));
}

void link_queue_number(struct link *link, enum frame_type type, uint16_t channel, uint64_t value)
{
	uint8_t frame[FRAME_HEADER + 8];
	struct frame_writer writer;

	frame_begin(&writer, frame, sizeof(frame), type, channel);
	frame_put_u64(&writer, value);
	link_queue(link, frame, frame_end(&writer));
}

void link_queue_input(struct link *link, enum frame_type type, uint16_t channel,
		      const uint8_t *data, size_t length)
{
	uint8_t frame[FRAME_HEADER + 4 + FRAME_INPUT_MAX];
	struct frame_writer writer;

	frame_begin(&writer, frame, sizeof(frame), type, channel);
	frame_put_u32(&writer, frame_sum(data, length));
	frame_put_bytes(&writer, data, length);
	link_queue(link, frame, frame_end(&writer));
}

/* An error is left for the event that follows it: nobody's call may end in link_drop(). */
void link_flush(struct link *link)
{
	size_t sent = 0;

	while (link->fd >= 0 && sent < link->out.length) {
		ssize_t wrote = send(link->fd, link->out.data + sent, link->out.length - sent,
				     MSG_NOSIGNAL | MSG_DONTWAIT);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			break;
		sent += (size_t)wrote;
	}
	buf_consume(&link->out, sent);
	if (link->io)
		sd_event_source_set_io_events(link->io,
					      EPOLLIN | (link->out.length ? EPOLLOUT : 0));
}

/* ---- the handshake ----------------------------------------------------------------------- */

static void hello_send(struct link *link)
{
	uint8_t frame[64];
	struct frame_writer writer;

	frame_begin(&writer, frame, sizeof(frame), FRAME_HELLO, 0);
	frame_put_u16(&writer, FRAME_VERSION);
	frame_put_bytes(&writer, link->nonce, FRAME_NONCE);
	link_queue(link, frame, frame_end(&writer));
	link->hellos_sent++;
	link_flush(link);
}

static void greeting_begin(struct link *link)
{
	link->state = LINK_GREETING;
	link->hellos_sent = link->hellos_seen = 0;
	link->hello_wait_ms = HELLO_WAIT_MS;
	link->greeted_ms = clock_mono_ms();
	while (getrandom(link->nonce, FRAME_NONCE, 0) != FRAME_NONCE)
		;
	frame_parser_scan(&link->in, FRAME_HELLO_REPLY);
	hello_send(link);
	link->wake_ms = clock_mono_ms() + link->hello_wait_ms;
}

/* Nobody is told: there was no session that could end. */
static void greeting_elsewhere(struct link *link)
{
	link->greetings++;
	connection_close(link);
	link_connect(link);
}

static void greeting_repeat(struct link *link)
{
	int unread = 0;

	if (link->greetings < GREETINGS_MAX &&
	    clock_mono_ms() - link->greeted_ms >= GREETING_MS << (link->greetings - 1)) {
		greeting_elsewhere(link);
		return;
	}
	ioctl(link->fd, SIOCOUTQ, &unread);
	if (!unread && !link->out.length) {
		AUTO_FREE uint8_t *zeros = mem_alloc(FRAME_MAX);
		link_queue(link, zeros, FRAME_MAX);
		hello_send(link);
	}
	if (link->hello_wait_ms < HELLO_WAIT_MAX_MS)
		link->hello_wait_ms *= 2;
	link->wake_ms = clock_mono_ms() + link->hello_wait_ms;
}

static bool hello_read_terminals(struct link_hello *hello, struct frame_reader *reader)
{
	unsigned count = frame_get_u16(reader);

	if (count > LINK_PTYS_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct link_pty *pty = &hello->pty[i];
		pty->channel = frame_get_u16(reader);
		pty->rows = frame_get_u16(reader);
		pty->columns = frame_get_u16(reader);
		pty->first = frame_get_u64(reader);
		pty->next = frame_get_u64(reader);
		if (!pty->channel || pty->next < pty->first ||
		    pty->next - pty->first > LINK_PTY_HISTORY)
			return false;
		for (unsigned j = 0; j < i; j++)
			if (hello->pty[j].channel == pty->channel)
				return false;
	}
	hello->pty_count = count;
	return true;
}

static bool hello_read(struct link_hello *hello, struct frame_reader *reader)
{
	const char *version = frame_get_text(reader, sizeof(hello->agent_version) - 1);
	const char *boot_id = frame_get_text(reader, sizeof(hello->boot_id) - 1);

	hello->instance = frame_get_u64(reader);
	if (!hello_read_terminals(hello, reader) || !frame_close(reader) ||
	    !str_is_clean_utf8(version, strlen(version)) ||
	    !str_is_clean_utf8(boot_id, strlen(boot_id)))
		return false;
	strcpy(hello->agent_version, version);
	strcpy(hello->boot_id, boot_id);
	return true;
}

static int hello_accept(struct link *link, struct frame_reader *reader)
{
	struct link_hello hello = { 0 };
	unsigned version = frame_get_u16(reader);

	if (version < FRAME_VERSION_LEAST || version > FRAME_VERSION)
		return link_refuse(link, "it speaks version %u, not %d to %d: build the image again",
				   version, FRAME_VERSION_LEAST, FRAME_VERSION);
	hello.version = version;
	if (!hello_read(&hello, reader))
		return link_refuse(link, "its hello is malformed");
	frame_parser_scan(&link->in, FRAME_NONE);
	link->state = LINK_UP;
	link->hellos_seen = 1;
	link->told_down = false;
	link->wake_ms = 0;
	link->up_ms = clock_mono_ms();
	link->greetings = 1;
	link->hello = hello;
	if (link->events.up)
		link->events.up(link->context, &hello);
	return 0;
}

/* While greeting, a reply with another nonce is an accident or a left-over: look on behind it. While
 * up, replies to our repeated hellos may trail in. */
static int hello_frame(struct link *link, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	bool ours = !memcmp(frame_get_bytes(&reader, FRAME_NONCE), link->nonce, FRAME_NONCE);
	if (link->state == LINK_GREETING && ours)
		return hello_accept(link, &reader);
	if (link->state == LINK_GREETING) {
		frame_parser_reject(&link->in, frame, FRAME_HELLO_REPLY);
		return 0;
	}
	if (!ours || link->hellos_seen++ >= link->hellos_sent)
		return link_refuse(link, "it says hello without being asked");
	return 0;
}

/* ---- receiving --------------------------------------------------------------------------- */

static void session_end(struct link *link, const struct err *why)
{
	link->state = LINK_APART;
	pty_forget_all(link);
	request_fail_all(link, why);
	stream_end_all(link, why);
	if (!link->told_down && link->events.down && !link->freed) {
		link->told_down = true;
		link->events.down(link->context, why);
	}
}

static int booted_frame(struct link *link)
{
	struct err why = ERR_INIT;
	uint64_t now = clock_mono_ms();

	if (link->booted_ms && now - link->booted_ms < BOOT_LEAST_MS)
		return link_refuse(link, "it boots more than once a second");
	link->booted_ms = now;
	err_set(&why, ERR_UNAVAILABLE, "the machine or its agent has started again");
	session_end(link, &why);
	if (!link->freed && link->fd >= 0)
		greeting_begin(link);
	return 0;
}

static int link_frame(struct link *link, const struct frame *frame)
{
	if (frame->type == FRAME_HELLO_REPLY)
		return hello_frame(link, frame);
	if (frame->type == FRAME_BOOTED)
		return booted_frame(link);
	if (frame->type >= FRAME_PTY_OPEN && frame->type <= FRAME_PTY_EXIT)
		return pty_frame(link, frame);
	return request_frame(link, frame);
}

static bool going_on(const struct link *link)
{
	return !link->freed && !link->doomed && link->fd >= 0;
}

static void link_parse(struct link *link)
{
	struct frame frame;
	int got = 1;

	while (going_on(link) && (got = frame_parser_next(&link->in, &frame)) > 0) {
		link_frame(link, &frame);
		request_settle(link);
	}
	if (!going_on(link))
		return;
	if (got < 0)
		link_refuse(link, "it sent something that is no frame");
	else if (link->state == LINK_GREETING && link->in.skipped > SKIP_MAX)
		link_refuse(link, "it floods instead of saying hello");
}

static void link_receive(struct link *link)
{
	struct err why = ERR_INIT;
	size_t room;
	uint8_t *to = frame_parser_room(&link->in, &room);
	ssize_t got = recv(link->fd, to, room, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		frame_parser_add(&link->in, (size_t)got);
		link_parse(link);
		return;
	}
	err_set(&why, ERR_UNAVAILABLE, "the connection to the machine's agent is gone");
	link_drop(link, &why);
}

static void link_destroy(struct link *link)
{
	sd_event_source_disable_unref(link->timer);
	sd_event_source_disable_unref(link->later);
	buf_free(&link->out);
	free(link->doomed);
	free(link->path);
	free(link);
}

/* What has to wait until no frame is being read: completions, and the end of the connection. */
static void link_leave(struct link *link)
{
	link_settle(link);
	if (!link->freed) {
		link_flush(link);
		link_rearm(link);
	}
	if (--link->busy == 0 && link->freed)
		link_destroy(link);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct link *link = data;

	(void)source, (void)fd;
	link->busy++;
	if (events & EPOLLOUT)
		link_flush(link);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		link_receive(link);
	link_leave(link);
	return 0;
}

/* ---- connecting -------------------------------------------------------------------------- */

static void connection_close(struct link *link)
{
	link->io = sd_event_source_disable_unref(link->io);
	close_fd_cleanup(&link->fd);
	link->fd = -1;
	buf_free(&link->out);
	frame_parser_init(&link->in, FRAME_FROM_AGENT);
}

static void link_drop(struct link *link, const struct err *why)
{
	uint64_t now = clock_mono_ms();
	bool steady = link->state == LINK_UP && now - link->up_ms >= STEADY_MS;

	connection_close(link);
	link->wake_ms = now + (steady ? BACKOFF_MS : link->backoff_ms);
	link->backoff_ms = steady ? BACKOFF_MS : link->backoff_ms * 2;
	if (link->backoff_ms > BACKOFF_MAX_MS)
		link->backoff_ms = BACKOFF_MAX_MS;
	session_end(link, why);
}

static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INVALID, "the path %s is too long for a socket", path);
	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err_errno(err, "cannot reach the machine's agent at %s", path);
		if (err)
			err->kind = ERR_UNAVAILABLE;
		return -1;
	}
	return STEAL_FD(fd);
}

static void link_connect(struct link *link)
{
	struct err err = ERR_INIT;

	link->fd = connect_to(link->path, &err);
	if (link->fd < 0) {
		link_drop(link, &err);
		return;
	}
	frame_parser_init(&link->in, FRAME_FROM_AGENT);
	if (sd_event_add_io(loop_event(link->loop), &link->io, link->fd, EPOLLIN, on_io, link) < 0) {
		err_set(&err, ERR_INTERNAL, "cannot watch the machine's agent");
		link_drop(link, &err);
		return;
	}
	greeting_begin(link);
}

/* ---- time -------------------------------------------------------------------------------- */

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct link *link = data;
	uint64_t now = clock_mono_ms();

	(void)source, (void)usec;
	link->busy++;
	request_expire(link);
	if (!link->freed && link->wake_ms && now >= link->wake_ms) {
		if (link->state == LINK_GREETING)
			greeting_repeat(link);
		else
			link_connect(link);
	}
	link_leave(link);
	return 0;
}

uint64_t link_clock(const struct link *link)
{
	return (link->held_ms ? link->held_ms : clock_mono_ms()) - link->stood_ms;
}

void link_hold(struct link *link, bool still)
{
	uint64_t now = clock_mono_ms();

	if (still == (link->held_ms != 0))
		return;
	if (!still)
		link->stood_ms += now - link->held_ms;
	link->held_ms = still ? now : 0;
	link_rearm(link);
}

void link_rearm(struct link *link)
{
	uint64_t next = request_next_deadline(link), now = clock_mono_ms();

	if (link->wake_ms && (!next || link->wake_ms < next))
		next = link->wake_ms;
	if (next)
		loop_timer(link->loop, &link->timer, next > now ? next - now : 0, on_timer, link);
	else if (link->timer)
		sd_event_source_set_enabled(link->timer, SD_EVENT_OFF);
}

/* ---- later ------------------------------------------------------------------------------- */

static void link_settle(struct link *link)
{
	request_settle(link);
	while (link->doomed && !link->freed) {
		AUTO_FREE struct err *why = STEAL(link->doomed);
		if (link->fd >= 0)
			link_drop(link, why);
		request_settle(link);
	}
}

static int on_later(sd_event_source *source, void *data)
{
	struct link *link = data;

	(void)source;
	link->busy++;
	link_leave(link);
	return 0;
}

void link_soon(struct link *link)
{
	if (link->later)
		sd_event_source_set_enabled(link->later, SD_EVENT_ONESHOT);
}

void link_guest_error(struct err *err, uint32_t code, const char *message)
{
	enum err_kind kind = code == ENOENT ? ERR_NOT_FOUND
			     : code == EFBIG ? ERR_TOO_LARGE
					     : ERR_GUEST;

	if (!*message || !str_is_clean_utf8(message, strlen(message)))
		message = "the machine's agent refused, without a readable reason";
	err_set(err, kind, "%s", message);
	err->code = (int)(code & 0xffff);
}

/* ---- life -------------------------------------------------------------------------------- */

struct link *link_new(struct loop *loop, const char *socket_path, const struct link_events *events,
		      void *context)
{
	struct link *link = mem_alloc(sizeof(*link));

	link->loop = loop;
	link->path = str_copy(socket_path);
	link->events = *events;
	link->context = context;
	link->fd = -1;
	link->backoff_ms = BACKOFF_MS;
	link->greetings = 1;
	link->wake_ms = clock_mono_ms();
	TAILQ_INIT(&link->requests);
	TAILQ_INIT(&link->finished);
	TAILQ_INIT(&link->streams);
	frame_parser_init(&link->in, FRAME_FROM_AGENT);
	if (sd_event_add_defer(loop_event(loop), &link->later, on_later, link) < 0)
		abort();
	sd_event_source_set_enabled(link->later, SD_EVENT_OFF);
	link_rearm(link);
	return link;
}

void link_free(struct link *link)
{
	struct err why = ERR_INIT;

	if (!link || link->freed)
		return;
	link->freed = true;
	link->busy++;
	err_set(&why, ERR_UNAVAILABLE, "the machine is being let go");
	connection_close(link);
	session_end(link, &why);
	request_settle(link);
	if (--link->busy == 0)
		link_destroy(link);
	else
		link_soon(link);
}

bool link_is_up(const struct link *link)
{
	return link->state == LINK_UP && !link->doomed && !link->freed;
}
