#include "http/screen.h"

#include <endian.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/api.h"

/* Offsets stay exact in JavaScript's numbers. */
#define OFFSET_MAX ((1l << 53) - 1)
#define INPUT_PIECE (64 * 1024) /* what the hub takes at once */

struct screen {
	struct server *server;
	const struct screen_carrier *carrier;
	void *context;
	struct viewer *viewer; /* NULL before it is opened and after the shell has ended */
	struct hub_attach attach;
	enum rule rule; /* of its route, asked again while it is open */
	struct actor staff; /* who looks at a student's terminal */
	char language[3];
	char token[AUTH_TOKEN_CHARS + 1]; /* empty on the unix socket */
	struct buf input;		  /* what the hub did not take yet */
};

static void say(struct screen *screen, enum screen_word word, json_t *json)
{
	AUTO_FREE char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	if (text)
		screen->carrier->text(screen->context, word, text);
}

static void say_state(struct screen *screen, const char *state, const char *why)
{
	say(screen, SCREEN_STATE,
	    json_pack("{s:s, s:s, s:s}", "type", "state", "state", state, "why", why ? why : ""));
}

/* ---- from the hub --------------------------------------------------------------------------- */

static size_t on_data(void *context, uint64_t offset, const uint8_t *data, size_t length)
{
	struct screen *screen = context;
	uint8_t message[sizeof(uint64_t) + SCREEN_PIECE];
	uint64_t position = htobe64(offset);
	size_t taken = length < SCREEN_PIECE ? length : SCREEN_PIECE;

	if (!screen->carrier->is_clear(screen->context))
		return 0;
	memcpy(message, &position, sizeof(position));
	memcpy(message + sizeof(position), data, taken);
	screen->carrier->bytes(screen->context, message, sizeof(position) + taken);
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
	screen->carrier->end(screen->context, SCREEN_ENDED, "ended");
}

static void on_resized(void *context, uint16_t rows, uint16_t columns)
{
	say(context, SCREEN_SIZE,
	    json_pack("{s:s, s:i, s:i}", "type", "size", "rows", (int)rows, "columns", (int)columns));
}

static void push_input(struct screen *screen)
{
	if (screen->viewer && screen->input.length)
		buf_consume(&screen->input, viewer_input(screen->viewer, screen->input.data,
							 screen->input.length < INPUT_PIECE
								 ? screen->input.length
								 : INPUT_PIECE));
	if (!screen->input.length)
		buf_free(&screen->input);
}

static void on_room(void *context)
{
	struct screen *screen = context;

	push_input(screen);
	if (!screen->input.length)
		screen->carrier->pause(screen->context, false);
}

static const struct viewer_events viewer_events = {
	.data = on_data,
	.state = on_state,
	.resized = on_resized,
	.room = on_room,
};

/* ---- from the client ------------------------------------------------------------------------ */

void screen_input(struct screen *screen, const uint8_t *data, size_t length)
{
	size_t taken = 0;

	if (!screen->viewer || screen->attach.read_only)
		return;
	if (!screen->input.length)
		taken = viewer_input(screen->viewer, data, length);
	if (taken < length) {
		buf_append(&screen->input, data + taken, length - taken);
		screen->carrier->pause(screen->context, true);
	}
}

bool screen_is_full(const struct screen *screen)
{
	return screen->input.length;
}

void screen_resize(struct screen *screen, uint16_t rows, uint16_t columns)
{
	if (screen->viewer)
		viewer_resize(screen->viewer, rows, columns);
}

void screen_pong(struct screen *screen, json_t *stamp)
{
	say(screen, SCREEN_PONG,
	    json_pack("{s:s, s:o}", "type", "pong", "t", stamp ? stamp : json_null()));
}

static int read_resize(struct screen *screen, const json_t *json, struct err *err)
{
	const char *type;
	long rows, columns;
	const struct field fields[] = {
		{ "type", FIELD_TEXT, true, 1, 16, &type },
		{ "rows", FIELD_NUMBER, true, 1, SCREEN_CELLS_MAX, &rows },
		{ "columns", FIELD_NUMBER, true, 1, SCREEN_CELLS_MAX, &columns },
	};

	if (fields_read(json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	screen_resize(screen, (uint16_t)rows, (uint16_t)columns);
	return 0;
}

int screen_text(struct screen *screen, const char *text, size_t length, struct err *err)
{
	json_t *json;
	int result = 0;

	if (length > 1024)
		return err_set(err, ERR_TOO_LARGE, "a text frame has at most 1024 bytes");
	if (json_read(text, length, &json, err) < 0)
		return -1;
	const char *type = json_string_value(json_object_get(json, "type"));
	if (str_equal(type, "resize"))
		result = read_resize(screen, json, err);
	else if (str_equal(type, "ping"))
		screen_pong(screen, json_incref(json_object_get(json, "t")));
	else
		result = err_set(err, ERR_INVALID, "type must be resize or ping");
	json_decref(json);
	return result;
}

/* ---- its life ------------------------------------------------------------------------------- */

static int read_attach(struct request *request, struct hub_attach *attach, struct err *err)
{
	long number, offset, watch, rows, columns;

	if (!request->machine)
		return err_set(err, ERR_INVALID, "machine is missing");
	if (request_query_number(request, "terminal", HUB_CONSOLE, LINK_PTYS_MAX, 1, &number, err) < 0 ||
	    request_query_number(request, "offset", 0, OFFSET_MAX, -1, &offset, err) < 0 ||
	    request_query_number(request, "watch", 0, 1, 0, &watch, err) < 0 ||
	    request_query_number(request, "rows", 1, SCREEN_CELLS_MAX, 24, &rows, err) < 0 ||
	    request_query_number(request, "columns", 1, SCREEN_CELLS_MAX, 80, &columns, err) < 0)
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

struct screen *screen_new(struct request *request, struct err *err)
{
	struct hub_attach attach;

	if (read_attach(request, &attach, err) < 0)
		return NULL;
	struct screen *screen = mem_alloc(sizeof(*screen));
	screen->server = request->server;
	screen->attach = attach;
	screen->rule = request->route->rule;
	screen->staff = request->actor;
	if (request->actor.role != ROLE_STUDENT)
		screen->attach.staff = &screen->staff;
	session_language(request, screen->language);
	snprintf(screen->token, sizeof(screen->token), "%s", request->token);
	return screen;
}

bool screen_line_is_valid(const char *line)
{
	return strlen(line) == LINE_CHARS && strspn(line, "0123456789abcdef") == LINE_CHARS;
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;
	if (screen->viewer)
		viewer_detach(screen->viewer);
	buf_free(&screen->input);
	free(screen);
}

void screen_open(struct screen *screen, const struct screen_carrier *carrier, void *context)
{
	struct err err = ERR_INIT;

	screen->carrier = carrier;
	screen->context = context;
	screen->attach.language = screen->language;
	if (hub_attach(screen->server->hub, &screen->attach, &viewer_events, screen,
		       &screen->viewer, &err) == 0)
		return;
	say_state(screen, "ended", err.message);
	carrier->end(context, SCREEN_FAILED, err.message);
}

void screen_writable(struct screen *screen)
{
	if (screen->viewer)
		viewer_ready(screen->viewer);
}

bool screen_is_allowed(const struct screen *screen)
{
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
