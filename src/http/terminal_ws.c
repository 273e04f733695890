/* Terminals in the browser: subprotocol "terakoya.terminal.1". Each message of a screen is a frame;
 * back-pressure is TCP's.
 *
 * A client that comes back over another connection may name its line. Then the one before ends at once: what
 * was typed into it, and is still on its way through a network that was away, would come late, among newer keys.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "http/api.h"
#include "http/inside.h"
#include "http/screen.h"
#include "http/ws.h"

#define PROTOCOL "terakoya.terminal.1"

struct wire {
	LIST_ENTRY(wire) entry;
	struct server *server;
	struct ws *ws;		   /* NULL: not opened yet */
	struct screen *screen;	   /* NULL: another connection has taken its place */
	char line[LINE_CHARS + 1]; /* empty: none */
	char token[AUTH_TOKEN_CHARS + 1];
};

/* ---- from the screen ------------------------------------------------------------------------ */

static void send_text(void *context, enum screen_word word, const char *text)
{
	struct wire *wire = context;

	(void)word;
	ws_send_text(wire->ws, text);
}

static void send_bytes(void *context, const uint8_t *data, size_t length)
{
	struct wire *wire = context;

	ws_send_bytes(wire->ws, data, length);
}

static bool is_clear(const void *context)
{
	const struct wire *wire = context;

	return ws_is_clear(wire->ws);
}

static void set_pause(void *context, bool paused)
{
	struct wire *wire = context;

	ws_pause(wire->ws, paused);
}

static void say_end(void *context, enum screen_end end, const char *why)
{
	struct wire *wire = context;

	ws_close(wire->ws, end == SCREEN_ENDED ? WS_NORMAL : WS_ERROR, why);
}

static const struct screen_carrier carrier = {
	send_text, send_bytes, is_clear, set_pause, say_end,
};

/* ---- from the client ------------------------------------------------------------------------ */

static void replace(struct wire *wire)
{
	screen_free(STEAL(wire->screen));
	ws_close(wire->ws, WS_NORMAL, "replaced");
}

/* The new screen is there before the old one goes, or a shell that is being opened would be forgotten. */
static void on_opened(void *context, struct ws *ws)
{
	struct wire *wire = context, *other;

	wire->ws = ws;
	screen_open(wire->screen, &carrier, wire);
	LIST_FOREACH(other, &wire->server->wires, entry)
		if (other != wire && other->screen && other->ws && *wire->line && str_equal(other->line, wire->line) &&
		    str_equal(other->token, wire->token))
			replace(other);
}

static void on_message(void *context, bool text, const uint8_t *data, size_t length)
{
	struct wire *wire = context;
	struct err err = ERR_INIT;

	if (!wire->screen)
		return;
	if (!text)
		screen_input(wire->screen, data, length);
	else if (screen_text(wire->screen, (const char *)data, length, &err) < 0)
		ws_close(wire->ws, WS_POLICY, err.message);
}

static void on_writable(void *context)
{
	struct wire *wire = context;

	if (wire->screen)
		screen_writable(wire->screen);
}

static bool on_still_allowed(void *context)
{
	struct wire *wire = context;

	return !wire->screen || screen_is_allowed(wire->screen);
}

static void on_closed(void *context)
{
	struct wire *wire = context;

	LIST_REMOVE(wire, entry);
	screen_free(wire->screen);
	free(wire);
}

static const struct ws_events ws_events = {
	on_opened, on_message, on_writable, on_still_allowed, on_closed,
};

int api_terminal(struct request *request, struct err *err)
{
	const char *line = request_query(request, "line");

	if (line && !screen_line_is_valid(line))
		return err_set(err, ERR_INVALID, "line must be %d hex digits", LINE_CHARS);
	struct screen *screen = screen_new(request, err);
	if (!screen)
		return -1;
	struct wire *wire = mem_alloc(sizeof(*wire));
	wire->server = request->server;
	wire->screen = screen;
	snprintf(wire->line, sizeof(wire->line), "%s", line ? line : "");
	snprintf(wire->token, sizeof(wire->token), "%s", request->token);
	LIST_INSERT_HEAD(&wire->server->wires, wire, entry);
	if (ws_accept(request, PROTOCOL, &ws_events, wire, err) == 0)
		return 0;
	on_closed(wire);
	return -1;
}
