/* Terminals in the browser: subprotocol "terakoya.terminal.1". Each message of a screen is a frame;
 * back-pressure is TCP's.
 */
#include "base/str.h"
#include "http/api.h"
#include "http/screen.h"
#include "http/ws.h"

#define PROTOCOL "terakoya.terminal.1"

struct wire {
	struct ws *ws;
	struct screen *screen;
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

static void on_opened(void *context, struct ws *ws)
{
	struct wire *wire = context;

	wire->ws = ws;
	screen_open(wire->screen, &carrier, wire);
}

static void on_message(void *context, bool text, const uint8_t *data, size_t length)
{
	struct wire *wire = context;
	struct err err = ERR_INIT;

	if (!text)
		screen_input(wire->screen, data, length);
	else if (screen_text(wire->screen, (const char *)data, length, &err) < 0)
		ws_close(wire->ws, WS_POLICY, err.message);
}

static void on_writable(void *context)
{
	struct wire *wire = context;

	screen_writable(wire->screen);
}

static bool on_still_allowed(void *context)
{
	struct wire *wire = context;

	return screen_is_allowed(wire->screen);
}

static void on_closed(void *context)
{
	struct wire *wire = context;

	screen_free(wire->screen);
	free(wire);
}

static const struct ws_events ws_events = {
	on_opened, on_message, on_writable, on_still_allowed, on_closed,
};

int api_terminal(struct request *request, struct err *err)
{
	struct screen *screen = screen_new(request, err);

	if (!screen)
		return -1;
	struct wire *wire = mem_alloc(sizeof(*wire));
	wire->screen = screen;
	if (ws_accept(request, PROTOCOL, &ws_events, wire, err) == 0)
		return 0;
	on_closed(wire);
	return -1;
}
