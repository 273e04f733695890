/* Terminals in the browser: subprotocol "terakoya.terminal.1".
 *
 * To the client, binary: eight bytes, big-endian, the offset of the first byte of output, then
 * output. From the client, binary: input. Text is JSON both ways: resize and ping come in; state,
 * size and pong go out. Input that the machine cannot take yet stays here, and the socket is not
 * read meanwhile.
 */
#include <endian.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/api.h"
#include "http/ws.h"

#define PROTOCOL  "terakoya.terminal.1"
#define PIECE	  (16 * 1024) /* output bytes of one message */
#define CELLS_MAX 1000	      /* rows or columns */
/* Offsets stay exact in JavaScript's numbers. */
#define OFFSET_MAX ((1l << 53) - 1)

struct screen {
	struct server *server;
	struct ws *ws;
	struct viewer *viewer; /* NULL before it is opened and after the shell has ended */
	struct hub_attach attach;
	enum rule rule; /* of its route, asked again while it is open */
	struct actor staff;    /* who looks at a student's terminal */
	char language[3];
	char token[AUTH_TOKEN_CHARS + 1]; /* empty on the unix socket */
	struct buf input;		  /* what the hub did not take yet */
};

static void say(struct screen *screen, json_t *json)
{
	AUTO_FREE char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	if (text)
		ws_send_text(screen->ws, text);
}

static void say_state(struct screen *screen, const char *state, const char *why)
{
	say(screen,
	    json_pack("{s:s, s:s, s:s}", "type", "state", "state", state, "why", why ? why : ""));
}

/* ---- from the hub --------------------------------------------------------------------------- */

static size_t on_data(void *context, uint64_t offset, const uint8_t *data, size_t length)
{
	struct screen *screen = context;
	uint8_t message[sizeof(uint64_t) + PIECE];
	uint64_t position = htobe64(offset);
	size_t taken = length < PIECE ? length : PIECE;

	if (!ws_is_clear(screen->ws))
		return 0;
	memcpy(message, &position, sizeof(position));
	memcpy(message + sizeof(position), data, taken);
	ws_send_bytes(screen->ws, message, sizeof(position) + taken);
	return taken;
}

static void on_state(void *context, enum terminal_state state, const char *why)
{
	static const char *const names[] = {
		[TERMINAL_OPENING] = "opening",
		[TERMINAL_LIVE] = "live",
		[TERMINAL_AWAY] = "away",
		[TERMINAL_ENDED] = "ended",
	};
	struct screen *screen = context;

	say_state(screen, names[state], why);
	if (state != TERMINAL_ENDED)
		return;
	screen->viewer = NULL;
	ws_close(screen->ws, WS_NORMAL, "ended");
}

static void on_resized(void *context, uint16_t rows, uint16_t columns)
{
	say(context, json_pack("{s:s, s:i, s:i}", "type", "size", "rows", (int)rows, "columns",
			       (int)columns));
}

static void push_input(struct screen *screen)
{
	if (screen->viewer && screen->input.length)
		buf_consume(&screen->input, viewer_input(screen->viewer, screen->input.data,
							 screen->input.length < WS_MESSAGE_MAX
								 ? screen->input.length
								 : WS_MESSAGE_MAX));
	if (!screen->input.length)
		buf_free(&screen->input);
}

static void on_room(void *context)
{
	struct screen *screen = context;

	push_input(screen);
	if (!screen->input.length)
		ws_pause(screen->ws, false);
}

static const struct viewer_events viewer_events = {
	.data = on_data,
	.state = on_state,
	.resized = on_resized,
	.room = on_room,
};

/* ---- from the client ------------------------------------------------------------------------ */

static void on_input(struct screen *screen, const uint8_t *data, size_t length)
{
	size_t taken = 0;

	if (!screen->viewer || screen->attach.read_only)
		return;
	if (!screen->input.length)
		taken = viewer_input(screen->viewer, data, length);
	if (taken < length) {
		buf_append(&screen->input, data + taken, length - taken);
		ws_pause(screen->ws, true);
	}
}

static int on_resize(struct screen *screen, const json_t *json, struct err *err)
{
	const char *type;
	long rows, columns;
	const struct field fields[] = {
		{ "type", FIELD_TEXT, true, 1, 16, &type },
		{ "rows", FIELD_NUMBER, true, 1, CELLS_MAX, &rows },
		{ "columns", FIELD_NUMBER, true, 1, CELLS_MAX, &columns },
	};

	if (fields_read(json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (screen->viewer)
		viewer_resize(screen->viewer, (uint16_t)rows, (uint16_t)columns);
	return 0;
}

static int on_text(struct screen *screen, const char *text, size_t length, struct err *err)
{
	json_t *json;
	int result = 0;

	if (length > 1024)
		return err_set(err, ERR_TOO_LARGE, "a text frame has at most 1024 bytes");
	if (json_read(text, length, &json, err) < 0)
		return -1;
	const char *type = json_string_value(json_object_get(json, "type"));
	json_t *stamp = json_object_get(json, "t");
	if (str_equal(type, "resize"))
		result = on_resize(screen, json, err);
	else if (str_equal(type, "ping"))
		say(screen, json_pack("{s:s, s:o}", "type", "pong", "t",
				      stamp ? json_incref(stamp) : json_null()));
	else
		result = err_set(err, ERR_INVALID, "type must be resize or ping");
	json_decref(json);
	return result;
}

static void on_message(void *context, bool text, const uint8_t *data, size_t length)
{
	struct screen *screen = context;
	struct err err = ERR_INIT;

	if (!text)
		on_input(screen, data, length);
	else if (on_text(screen, (const char *)data, length, &err) < 0)
		ws_close(screen->ws, WS_POLICY, err.message);
}

/* ---- the connection ------------------------------------------------------------------------- */

static void on_opened(void *context, struct ws *ws)
{
	struct screen *screen = context;
	struct err err = ERR_INIT;

	screen->ws = ws;
	screen->attach.language = screen->language;
	if (hub_attach(screen->server->hub, &screen->attach, &viewer_events, screen,
		       &screen->viewer, &err) == 0)
		return;
	say_state(screen, "ended", err.message);
	ws_close(ws, WS_ERROR, err.message);
}

static void on_writable(void *context)
{
	struct screen *screen = context;

	if (screen->viewer)
		viewer_ready(screen->viewer);
}

static bool on_still_allowed(void *context)
{
	struct screen *screen = context;
	const struct machine *machine =
		core_machine(screen->server->core, screen->attach.machine_id);
	struct actor actor;
	struct err err = ERR_INIT;

	if (!*screen->token)
		return true;
	if (auth_session(screen->server->auth, screen->token, &actor, NULL, &err) < 0)
		return err.kind != ERR_UNAUTHENTICATED;
	return !machine || access_check(screen->rule, &actor, NULL, machine->seat, NULL) == 0;
}

static void on_closed(void *context)
{
	struct screen *screen = context;

	if (screen->viewer)
		viewer_detach(screen->viewer);
	buf_free(&screen->input);
	free(screen);
}

static const struct ws_events ws_events = {
	on_opened, on_message, on_writable, on_still_allowed, on_closed,
};

static int read_attach(struct request *request, struct hub_attach *attach, struct err *err)
{
	long number, offset, watch, rows, columns;

	if (!request->machine)
		return err_set(err, ERR_INVALID, "machine is missing");
	if (request_query_number(request, "terminal", 1, LINK_PTYS_MAX, 1, &number, err) < 0 ||
	    request_query_number(request, "offset", 0, OFFSET_MAX, -1, &offset, err) < 0 ||
	    request_query_number(request, "watch", 0, 1, 0, &watch, err) < 0 ||
	    request_query_number(request, "rows", 1, CELLS_MAX, 24, &rows, err) < 0 ||
	    request_query_number(request, "columns", 1, CELLS_MAX, 80, &columns, err) < 0)
		return -1;
	*attach = (struct hub_attach){
		.machine_id = request->machine->row.id,
		.number = (uint16_t)number,
		.has_offset = offset >= 0,
		.offset = offset >= 0 ? (uint64_t)offset : 0,
		.read_only = watch,
		.rows = (uint16_t)rows,
		.columns = (uint16_t)columns,
	};
	return 0;
}

int api_terminal(struct request *request, struct err *err)
{
	struct hub_attach attach;

	if (read_attach(request, &attach, err) < 0)
		return -1;
	struct screen *screen = mem_alloc(sizeof(*screen));
	screen->server = request->server;
	screen->attach = attach;
	screen->rule = request->route->rule;
	screen->staff = request->actor;
	if (request->actor.role != ROLE_STUDENT)
		screen->attach.staff = &screen->staff;
	session_language(request, screen->language);
	snprintf(screen->token, sizeof(screen->token), "%s", request->token);
	if (ws_accept(request, PROTOCOL, &ws_events, screen, err) == 0)
		return 0;
	free(screen);
	return -1;
}
