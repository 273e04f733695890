/* What the page /check asks before anybody has signed in: does a WebSocket get through, does a reply come
 * in pieces, how far away are we, what time is it, where is ssh. Open to everybody, hence bounded: how many
 * tries begin per second, how many are under way, how long each lasts and what it may carry. Who is
 * signed in is let through: terminals ask the same when their WebSocket fails.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/api.h"
#include "http/flow.h"
#include "http/ws.h"

#define PROTOCOL      "terakoya.check.1"
#define TRIES_MAX     100 /* that begin at once; a class opens the page at the same minute */
#define TRIES_SECOND  10  /* that begin per second in the long run */
#define UNDER_WAY_MAX 128
#define LASTS_MS      15000
#define MESSAGES_MAX  64
#define MESSAGE_BYTES 256
#define PIECES	      5
#define PIECE_MS      200

struct check {
	struct server *server;
	struct ws *ws;	    /* one of the two */
	struct flow *flow;
	sd_event_source *timer;
	unsigned said; /* messages or pieces */
};

/* ---- bounds --------------------------------------------------------------------------------- */

static int check_begin(struct request *request, struct err *err)
{
	struct server *server = request->server;
	uint64_t now = clock_mono_ms(), earned = (now - server->checks_at) * TRIES_SECOND / 1000;

	if (earned) {
		server->checks_at = now;
		server->checks_begun -=
			earned < server->checks_begun ? (unsigned)earned : server->checks_begun;
	}
	if (!request->signed_in &&
	    (server->checks_begun >= TRIES_MAX || server->checks_under_way >= UNDER_WAY_MAX)) {
		err_set(err, ERR_THROTTLED, "many are trying their network at once: try again in a moment");
		err->code = 1;
		return -1;
	}
	server->checks_begun++;
	return 0;
}

static struct check *check_new(struct server *server)
{
	struct check *check = mem_alloc(sizeof(*check));

	check->server = server;
	server->checks_under_way++;
	return check;
}

static void check_free(void *context)
{
	struct check *check = context;

	sd_event_source_disable_unref(check->timer);
	check->server->checks_under_way--;
	free(check);
}

/* ---- a WebSocket that says the same again ---------------------------------------------------- */

static int on_too_long(sd_event_source *source, uint64_t at, void *context)
{
	struct check *check = context;

	(void)source, (void)at;
	ws_close(check->ws, WS_NORMAL, "this was a try");
	return 0;
}

static void on_opened(void *context, struct ws *ws)
{
	struct check *check = context;

	check->ws = ws;
	loop_timer(core_loop(check->server->core), &check->timer, LASTS_MS, on_too_long, check);
}

static void on_message(void *context, bool text, const uint8_t *data, size_t length)
{
	struct check *check = context;

	AUTO_FREE char *words = NULL;

	if (++check->said > MESSAGES_MAX || length > MESSAGE_BYTES) {
		ws_close(check->ws, WS_POLICY, "a try has a few short messages");
	} else if (text) {
		words = str_copy_n((const char *)data, length);
		ws_send_text(check->ws, words);
	} else {
		ws_send_bytes(check->ws, data, length);
	}
}

static void on_writable(void *context)
{
	(void)context;
}

static bool on_still_allowed(void *context)
{
	(void)context;
	return true;
}

static const struct ws_events ws_events = {
	on_opened, on_message, on_writable, on_still_allowed, check_free,
};

int api_check_socket(struct request *request, struct err *err)
{
	if (check_begin(request, err) < 0)
		return -1;
	struct check *check = check_new(request->server);
	if (ws_accept(request, PROTOCOL, &ws_events, check, err) == 0)
		return 0;
	check_free(check);
	return -1;
}

/* ---- a reply in pieces ----------------------------------------------------------------------- */

static int on_piece(sd_event_source *source, uint64_t at, void *context)
{
	struct check *check = context;
	AUTO_FREE char *piece = str_fmt("%u\n", ++check->said);

	(void)source, (void)at;
	flow_say(check->flow, piece, strlen(piece));
	if (check->said == PIECES)
		flow_end(check->flow);
	else
		loop_timer(core_loop(check->server->core), &check->timer, PIECE_MS, on_piece, check);
	return 0;
}

static const struct flow_events flow_events = { .gone = check_free };

int api_check_stream(struct request *request, struct err *err)
{
	if (request->head) {
		reply_empty(request, MHD_HTTP_OK);
		return 0;
	}
	if (check_begin(request, err) < 0)
		return -1;
	struct check *check = check_new(request->server);
	check->flow = flow_new(request, "application/octet-stream", &flow_events, check);
	on_piece(NULL, 0, check);
	return 0;
}

/* ---- where and when -------------------------------------------------------------------------- */

int api_check(struct request *request, struct err *err)
{
	const struct gateway *gateway = request->server->gateway;

	(void)err;
	reply_json(request, MHD_HTTP_OK,
		   json_pack("{s:I, s:o}", "now", (json_int_t)clock_real_ms(), "ssh_port",
			     gateway ? json_integer(gateway_port(gateway)) : json_null()));
	return 0;
}
