#define LOG_MODULE "ws"

#include "http/ws.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "http/gate.h"
#include "http/reply.h"

#define PING_MS	   20000
#define DEAD_MS	   60000
#define GOODBYE_MS 5000
#define ALLOWED_MS 60000
/* Read per turn of the loop: a flooding client gets no more of it than this. */
#define TURN_BYTES (64 * 1024)
/* Every ping has to be answered, and pages ask, too. Who does not read the answers is not read either, until it has taken
 * some; who is told more than this by others is hung up on, and asks for what it missed when it comes back. */
#define BEHIND_MAX 64
#define TOLD_MAX   4096

struct ws {
	TAILQ_ENTRY(ws) entry;
	struct server *server;
	struct listener *http;
	struct request *request; /* until it is opened */
	const struct ws_events *events;
	void *context;
	struct MHD_UpgradeResponseHandle *handle;
	wslay_event_context_ptr frames;
	int fd;
	sd_event_source *io;
	uint32_t watched;
	struct buf early; /* what the client sent right behind its handshake */
	size_t turn;	  /* bytes read in this turn */
	bool paused, dead, was_blocked;
	uint64_t heard_at, pinged_at, asked_at, closing_at; /* clock_mono_ms(); 0: not yet */
};

/* ---- the life of one ------------------------------------------------------------------------ */

static void ws_free(struct ws *ws)
{
	ws->events->closed(ws->context);
	sd_event_source_disable_unref(ws->io);
	if (ws->frames)
		wslay_event_context_free(ws->frames);
	buf_free(&ws->early);
	if (ws->handle) {
		TAILQ_REMOVE(&ws->server->sockets, ws, entry);
		MHD_upgrade_action(ws->handle, MHD_UPGRADE_ACTION_CLOSE);
		listener_wake(ws->http);
	}
	free(ws);
}

void ws_abandon(struct ws *ws)
{
	ws_free(ws);
}

static int on_reap(sd_event_source *source, void *context)
{
	struct server *server = context;
	struct ws *ws = TAILQ_FIRST(&server->sockets);

	(void)source;
	while (ws) {
		struct ws *next = TAILQ_NEXT(ws, entry);
		if (ws->dead)
			ws_free(ws);
		ws = next;
	}
	return 0;
}

/* Never freed on the spot: we may be deep inside of its own callbacks. */
static void ws_die(struct ws *ws)
{
	struct server *server = ws->server;

	if (ws->dead)
		return;
	ws->dead = true;
	if (!server->reaper)
		sd_event_add_defer(loop_event(core_loop(server->core)), &server->reaper, on_reap,
				   server);
	sd_event_source_set_enabled(server->reaper, SD_EVENT_ONESHOT);
}

static bool is_behind(const struct ws *ws)
{
	return wslay_event_get_queued_msg_count(ws->frames) >= BEHIND_MAX;
}

/* Watches for what is wanted, and notices the end. */
static void ws_settle(struct ws *ws)
{
	bool reads = wslay_event_want_read(ws->frames), writes = wslay_event_want_write(ws->frames);
	uint32_t wanted = (reads && !ws->paused && !is_behind(ws) ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u);

	if (ws->dead)
		return;
	if (!reads && !writes) {
		ws_die(ws);
		return;
	}
	if (wanted != ws->watched)
		sd_event_source_set_io_events(ws->io, wanted);
	ws->watched = wanted;
}

static void ws_flush(struct ws *ws)
{
	if (!ws->dead && wslay_event_want_write(ws->frames) && wslay_event_send(ws->frames) < 0)
		ws_die(ws);
	ws->was_blocked |= wslay_event_want_write(ws->frames);
	ws_settle(ws);
}

/* ---- wslay's callbacks ---------------------------------------------------------------------- */

static ssize_t on_recv(wslay_event_context_ptr frames, uint8_t *room, size_t size, int flags,
		       void *context)
{
	struct ws *ws = context;
	size_t length = ws->early.length < size ? ws->early.length : size;

	(void)flags;
	if (length) {
		memcpy(room, ws->early.data, length);
		buf_consume(&ws->early, length);
		return (ssize_t)length;
	}
	if (ws->paused || ws->turn >= TURN_BYTES || is_behind(ws)) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	ssize_t got = recv(ws->fd, room, size, 0);
	if (got > 0) {
		ws->turn += (size_t)got;
		return got;
	}
	bool wait = got < 0 && (errno == EAGAIN || errno == EINTR);
	wslay_event_set_error(frames, wait ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

/* Header and payload come in two calls: MSG_MORE makes one segment of them. */
static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t length,
		       int flags, void *context)
{
	struct ws *ws = context;
	int more = flags & WSLAY_MSG_MORE ? MSG_MORE : 0;
	ssize_t sent = send(ws->fd, data, length, MSG_NOSIGNAL | more);

	if (sent >= 0)
		return sent;
	bool wait = errno == EAGAIN || errno == EINTR;
	wslay_event_set_error(frames, wait ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_message(wslay_event_context_ptr frames,
		       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
	struct ws *ws = context;

	(void)frames;
	ws->heard_at = clock_mono_ms();
	if (wslay_is_ctrl_frame(message->opcode) || ws->closing_at || ws->dead)
		return;
	ws->events->message(ws->context, message->opcode == WSLAY_TEXT_FRAME, message->msg,
			    message->msg_length);
}

/* On a broken frame wslay has queued a goodbye, which is worth a try. */
static void ws_read(struct ws *ws)
{
	if (wslay_event_recv(ws->frames) == 0)
		return;
	ws_flush(ws);
	ws_die(ws);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct ws *ws = context;

	(void)source, (void)fd;
	if (ws->dead)
		return 0;
	ws->turn = 0;
	if (events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN))
		ws_die(ws);
	else if (events & EPOLLIN)
		ws_read(ws);
	ws_flush(ws);
	if (ws->was_blocked && !ws->dead && ws_is_clear(ws)) {
		ws->was_blocked = false;
		ws->events->writable(ws->context);
	}
	return 0;
}

/* ---- sending -------------------------------------------------------------------------------- */

static void ws_send(struct ws *ws, uint8_t opcode, const void *data, size_t length)
{
	struct wslay_event_msg message = { opcode, data, length };

	if (ws->dead || ws->closing_at)
		return;
	if (wslay_event_get_queued_msg_count(ws->frames) >= TOLD_MAX ||
	    wslay_event_queue_msg(ws->frames, &message) < 0)
		ws_die(ws);
	ws_flush(ws);
}

void ws_send_text(struct ws *ws, const char *text)
{
	ws_send(ws, WSLAY_TEXT_FRAME, text, strlen(text));
}

void ws_send_bytes(struct ws *ws, const uint8_t *data, size_t length)
{
	ws_send(ws, WSLAY_BINARY_FRAME, data, length);
}

bool ws_is_clear(const struct ws *ws)
{
	return !ws->dead && !ws->closing_at && !wslay_event_want_write(ws->frames);
}

void ws_pause(struct ws *ws, bool paused)
{
	ws->paused = paused;
	ws_settle(ws);
}

void ws_close(struct ws *ws, enum ws_close code, const char *why)
{
	if (ws->dead || ws->closing_at)
		return;
	/* A control frame carries 125 bytes, two of them the code; half a character would break it. */
	char words[123 + 1];
	str_cut(words, sizeof(words), why);
	wslay_event_queue_close(ws->frames, (uint16_t)code, (const uint8_t *)words, strlen(words));
	ws->paused = false;
	ws_flush(ws);
	ws->closing_at = clock_mono_ms();
}

/* ---- the handshake -------------------------------------------------------------------------- */

void ws_accept_key(const char *key, char accept[29])
{
	AUTO_FREE char *text = str_fmt("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	uint8_t digest[20];

	gnutls_hash_fast(GNUTLS_DIG_SHA1, text, strlen(text), digest);
	sodium_bin2base64(accept, 29, digest, sizeof(digest), sodium_base64_VARIANT_ORIGINAL);
}

static bool lists_token(const char *list, const char *token)
{
	size_t length = strlen(token);

	while (list && *list) {
		list += strspn(list, ", \t");
		size_t here = strcspn(list, ", \t");
		if (here == length && strncasecmp(list, token, length) == 0)
			return true;
		list += here;
	}
	return false;
}

static int check_handshake(struct request *request, const char *protocol, struct err *err)
{
	const char *key = request_header(request, "Sec-WebSocket-Key");
	const char *version = request_header(request, "Sec-WebSocket-Version");

	if (!gate_origin(request, request->listener->local))
		return err_set(err, ERR_DENIED, "another site's page asked for this");
	if (!lists_token(request_header(request, "Connection"), "upgrade") || !key ||
	    strlen(key) != 24)
		return err_set(err, ERR_INVALID, "the WebSocket handshake is not complete");
	if (!str_equal(version, "13"))
		return err_set(err, ERR_INVALID, "only WebSocket version 13 is spoken here");
	if (!lists_token(request_header(request, "Sec-WebSocket-Protocol"), protocol))
		return err_set(err, ERR_INVALID, "only the subprotocol %s is spoken here",
			       protocol);
	return 0;
}

static void watch_socket(struct ws *ws)
{
	static const int one = 1;

	fcntl(ws->fd, F_SETFL, fcntl(ws->fd, F_GETFL) | O_NONBLOCK);
	/* Fails on unix sockets and under TLS (MHD's own pair), which know no delay. */
	setsockopt(ws->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ws->watched = EPOLLIN;
	if (sd_event_add_io(loop_event(core_loop(ws->server->core)), &ws->io, ws->fd, EPOLLIN,
			    on_io, ws) < 0)
		ws_die(ws);
}

static void on_upgrade(void *context, struct MHD_Connection *connection, void *state,
		       const char *extra, size_t extra_length, MHD_socket fd,
		       struct MHD_UpgradeResponseHandle *handle)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.on_msg_recv_callback = on_message,
	};
	struct ws *ws = context;

	(void)connection, (void)state;
	ws->request->ws = NULL;
	ws->request = NULL;
	ws->fd = fd;
	ws->handle = handle;
	ws->heard_at = ws->pinged_at = ws->asked_at = clock_mono_ms();
	TAILQ_INSERT_TAIL(&ws->server->sockets, ws, entry);
	buf_append(&ws->early, extra, extra_length);
	if (wslay_event_context_server_init(&ws->frames, &callbacks, ws) < 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(ws->frames, WS_MESSAGE_MAX);
	watch_socket(ws);
	ws->events->opened(ws->context, ws);
	if (!ws->dead)
		ws_read(ws);
	ws_flush(ws);
}

int ws_accept(struct request *request, const char *protocol, const struct ws_events *events,
	      void *context, struct err *err)
{
	const char *key = request_header(request, "Sec-WebSocket-Key");
	char accept[29];

	if (!lists_token(request_header(request, "Upgrade"), "websocket")) {
		err_set(err, ERR_INVALID, "this is a WebSocket: ask with Upgrade: websocket");
		return -1;
	}
	if (check_handshake(request, protocol, err) < 0)
		return -1;
	struct ws *ws = mem_alloc(sizeof(*ws));
	ws->server = request->server;
	ws->http = request->listener;
	ws->request = request;
	ws->events = events;
	ws->context = context;
	ws->fd = -1;
	request->ws = ws;
	ws_accept_key(key, accept);
	reply_response(request, MHD_HTTP_SWITCHING_PROTOCOLS,
		       MHD_create_response_for_upgrade(on_upgrade, ws));
	reply_header(request, "Upgrade", "websocket");
	reply_header(request, "Sec-WebSocket-Accept", accept);
	reply_header(request, "Sec-WebSocket-Protocol", protocol);
	return 0;
}

/* ---- the server's rhythm -------------------------------------------------------------------- */

static void ws_look(struct ws *ws, uint64_t now, bool recheck)
{
	struct wslay_event_msg ping = { WSLAY_PING, NULL, 0 };

	if (now - ws->heard_at >= DEAD_MS ||
	    (ws->closing_at && now - ws->closing_at >= GOODBYE_MS)) {
		ws_die(ws);
		return;
	}
	if (recheck || now - ws->asked_at >= ALLOWED_MS) {
		ws->asked_at = now;
		if (!ws->events->still_allowed(ws->context))
			ws_close(ws, WS_POLICY, "the session is over");
	}
	if (!ws->closing_at && now - ws->pinged_at >= PING_MS) {
		ws->pinged_at = now;
		wslay_event_queue_msg(ws->frames, &ping);
		ws_flush(ws);
	}
}

void ws_tick(struct server *server, bool recheck)
{
	uint64_t now = clock_mono_ms();
	struct ws *ws;

	TAILQ_FOREACH(ws, &server->sockets, entry)
		if (!ws->dead)
			ws_look(ws, now, recheck);
}

void ws_stop(struct server *server)
{
	while (!TAILQ_EMPTY(&server->sockets)) {
		struct ws *ws = TAILQ_FIRST(&server->sockets);
		ws_close(ws, WS_GOING, "the server is stopping");
		ws_free(ws);
	}
	server->reaper = sd_event_source_disable_unref(server->reaper);
}
