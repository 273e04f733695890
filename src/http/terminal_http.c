/* Terminals where no WebSocket gets through: output in a reply without an end, input in requests.
 *
 * What belongs together is a *line*, named by its client: 32 hex digits, of one session, to one machine.
 * Replies come and go on it, one at a time: proxies cut them off, and a new one goes on at the offset that
 * its client names. Requests with input are numbered from 1; the line takes each number once and in order,
 * so that a request may be repeated when its answer got lost. Between two replies the line stays as it
 * is, and takes input; a minute after the last sign of its client it is forgotten.
 *
 * A reply carries messages: one byte, 't' or 'b', four bytes, big-endian, the length of the rest, then
 * what a WebSocket would carry as a text or a binary frame (screen.h). There are three more texts:
 * {"type":"line","next","life"}, first in each reply, says which number is waited for, {"type":"beat"} that we are
 * still here, and {"type":"end","normal"} that the shell is over, or could not be opened.
 *
 * A proxy may hold a reply back until it ends. For that the client asks with poll=1, and the reply ends
 * with the first news. A state or size that was told before is none, when the client says (known=1) that
 * it got the last reply: each reply begins with them, and the next would end at once, for ever.
 */
#include <endian.h>
#include <sodium.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/api.h"
#include "http/flow.h"
#include "http/screen.h"

#define LINES_MAX    8192
#define IDLE_MS	     60000 /* a line without a reply is forgotten */
#define AWAY_MS	     15000 /* and its screen before that: it would hold the guest's output back */
#define ALLOWED_MS   60000
#define WAITING_MAX  (64 * 1024) /* bytes in a reply, beyond which output stays in the hub */
#define INPUT_MAX    (32 * 1024) /* bytes of one request */
#define NUMBER_MAX   (1l << 53)

struct line {
	TAILQ_ENTRY(line) entry;
	struct server *server;
	char id[LINE_CHARS + 1];
	char token[AUTH_TOKEN_CHARS + 1];
	int64_t machine_id;
	int64_t life; /* when it was made: a client sees by it that another took its place */
	struct screen *screen; /* NULL: its client is away */
	struct flow *flow;     /* the reply that is under way; NULL: none */
	bool poll;
	long next;	       /* number of the request that is waited for */
	char *told[SCREEN_PONG]; /* of state and size, the last; NULL: none */
	uint64_t seen_at, asked_at; /* clock_mono_ms() */
};

/* ---- to the client -------------------------------------------------------------------------- */

static void put_message(struct flow *flow, char type, const void *data, size_t length)
{
	struct {
		char type;
		uint32_t length;
	} __attribute__((packed)) head = { type, htobe32((uint32_t)length) };

	flow_say(flow, &head, sizeof(head));
	flow_say(flow, data, length);
}

static void put_text(struct flow *flow, const char *text)
{
	put_message(flow, 't', text, strlen(text));
}

/* A reply whose end was sent takes nothing more; what it had not is asked for by the next. */
static bool line_speaks(const struct line *line)
{
	return line->flow && (!flow_is_over(line->flow) || flow_waiting(line->flow));
}

/* Something was said that the client did not know: a reply to a poll has done its work. */
static void line_news(struct line *line)
{
	if (line->poll)
		flow_end(line->flow);
}

/* True when this is what was told last. */
static bool line_told(struct line *line, enum screen_word word, const char *text)
{
	if (word == SCREEN_PONG)
		return false;
	bool same = str_equal(line->told[word], text);
	free(line->told[word]);
	line->told[word] = str_copy(text);
	return same;
}

static void send_text(void *context, enum screen_word word, const char *text)
{
	struct line *line = context;

	if (!line_speaks(line))
		return;
	put_text(line->flow, text);
	if (!line_told(line, word, text))
		line_news(line);
}

static void send_bytes(void *context, const uint8_t *data, size_t length)
{
	struct line *line = context;

	put_message(line->flow, 'b', data, length);
	line_news(line);
}

static bool is_clear(const void *context)
{
	const struct line *line = context;

	return line_speaks(line) && flow_waiting(line->flow) < WAITING_MAX;
}

/* Its client is told by the answers to its requests. */
static void set_pause(void *context, bool paused)
{
	(void)context, (void)paused;
}

static void say_end(void *context, enum screen_end end, const char *why)
{
	struct line *line = context;

	(void)why;
	if (!line->flow)
		return;
	put_text(line->flow, end == SCREEN_ENDED ? "{\"type\":\"end\",\"normal\":true}"
						 : "{\"type\":\"end\",\"normal\":false}");
	flow_end(line->flow);
}

static const struct screen_carrier carrier = {
	send_text, send_bytes, is_clear, set_pause, say_end,
};

/* ---- the life of a line --------------------------------------------------------------------- */

static void line_forget_told(struct line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(line->told); i++) {
		free(line->told[i]);
		line->told[i] = NULL;
	}
}

static void line_free(struct line *line)
{
	if (line->flow)
		flow_abandon(line->flow);
	screen_free(line->screen);
	line_forget_told(line);
	TAILQ_REMOVE(&line->server->lines, line, entry);
	line->server->lines_count--;
	free(line);
}

static void on_drained(void *context)
{
	struct line *line = context;

	if (line->screen)
		screen_writable(line->screen);
}

static void on_gone(void *context)
{
	struct line *line = context;

	line->flow = NULL;
	line->seen_at = clock_mono_ms();
}

static const struct flow_events flow_events = { on_drained, on_gone };

static struct line *line_find(struct request *request, const char *id)
{
	struct line *line;

	TAILQ_FOREACH(line, &request->server->lines, entry)
		if (strcmp(line->id, id) == 0 && strcmp(line->token, request->token) == 0 &&
		    line->machine_id == request->machine->row.id)
			return line;
	return NULL;
}

static struct line *line_new(struct request *request, const char *id)
{
	struct server *server = request->server;
	struct line *line = mem_alloc(sizeof(*line));

	line->server = server;
	snprintf(line->id, sizeof(line->id), "%s", id);
	snprintf(line->token, sizeof(line->token), "%s", request->token);
	line->machine_id = request->machine->row.id;
	line->next = 1;
	line->life = clock_real_ms();
	line->seen_at = line->asked_at = clock_mono_ms();
	TAILQ_INSERT_TAIL(&server->lines, line, entry);
	server->lines_count++;
	return line;
}

/* The one that has been without a client for longest makes room. */
static int make_room(struct server *server, struct err *err)
{
	struct line *line, *oldest = NULL;

	if (server->lines_count < LINES_MAX)
		return 0;
	TAILQ_FOREACH(line, &server->lines, entry)
		if (!line->flow && (!oldest || line->seen_at < oldest->seen_at))
			oldest = line;
	if (!oldest)
		return err_set(err, ERR_UNAVAILABLE, "%d terminals are open already: close some",
			       LINES_MAX);
	line_free(oldest);
	return 0;
}

static int read_line_id(struct request *request, const char **id, struct err *err)
{
	*id = request_query(request, "line");
	if (!request->machine)
		return err_set(err, ERR_INVALID, "machine is missing");
	if (!*id || !screen_line_is_valid(*id))
		return err_set(err, ERR_INVALID, "line must be %d hex digits", LINE_CHARS);
	return 0;
}

/* ---- output --------------------------------------------------------------------------------- */

/* The new screen is there before the old one goes, or a shell that is being opened would be forgotten. */
static void line_begin(struct line *line, struct request *request, struct screen *screen, bool poll)
{
	struct screen *old = line->screen;
	AUTO_FREE char *hello = str_fmt("{\"type\":\"line\",\"next\":%ld,\"life\":%lld}",
					line->next, (long long)line->life);

	if (line->flow)
		flow_abandon(line->flow);
	line->poll = poll;
	line->flow = flow_new(request, "application/octet-stream", &flow_events, line);
	if (poll)
		flow_hold(line->flow);
	put_text(line->flow, hello);
	line->screen = screen;
	screen_open(screen, &carrier, line);
	screen_free(old);
}

int api_terminal_output(struct request *request, struct err *err)
{
	const char *id;
	long poll, known;

	if (read_line_id(request, &id, err) < 0 ||
	    request_query_number(request, "poll", 0, 1, 0, &poll, err) < 0 ||
	    request_query_number(request, "known", 0, 1, 0, &known, err) < 0)
		return -1;
	if (request->head) {
		reply_empty(request, MHD_HTTP_OK);
		return 0;
	}
	struct line *line = line_find(request, id);
	if (!line && make_room(request->server, err) < 0)
		return -1;
	struct screen *screen = screen_new(request, err);
	if (!screen)
		return -1;
	if (!line)
		line = line_new(request, id);
	if (!known)
		line_forget_told(line);
	line_begin(line, request, screen, poll);
	return 0;
}

/* ---- input ---------------------------------------------------------------------------------- */

struct piece {
	const char *input; /* base64 */
	long number, rows, columns, stamp;
};

static int read_piece(struct request *request, struct piece *piece, struct err *err)
{
	const struct field fields[] = {
		{ "number", FIELD_NUMBER, true, 1, NUMBER_MAX, &piece->number },
		{ "input", FIELD_TEXT, false, 0, INPUT_MAX / 3 * 4 + 4, &piece->input },
		{ "rows", FIELD_NUMBER, false, 1, SCREEN_CELLS_MAX, &piece->rows },
		{ "columns", FIELD_NUMBER, false, 1, SCREEN_CELLS_MAX, &piece->columns },
		{ "ping", FIELD_NUMBER, false, 0, NUMBER_MAX, &piece->stamp },
	};

	*piece = (struct piece){ .stamp = -1 };
	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	if (!piece->rows != !piece->columns)
		return err_set(err, ERR_INVALID, "rows and columns go together");
	return 0;
}

static int apply_input(struct screen *screen, const char *text, struct err *err)
{
	uint8_t input[INPUT_MAX + 4];
	size_t length;

	if (sodium_base642bin(input, sizeof(input), text, strlen(text), NULL, &length, NULL,
			      sodium_base64_VARIANT_ORIGINAL) < 0)
		return err_set(err, ERR_INVALID, "input must be base64");
	screen_input(screen, input, length);
	return 0;
}

static int apply_piece(struct line *line, const struct piece *piece, struct err *err)
{
	struct screen *screen = line->screen;

	if (piece->number > line->next)
		return err_set(err, ERR_CONFLICT, "number %ld is waited for", line->next);
	if (!screen)
		return err_set(err, ERR_UNAVAILABLE, "nobody reads this terminal's output: ask for it first");
	if (piece->input && screen_is_full(screen))
		return err_set(err, ERR_UNAVAILABLE, "the machine takes no input now: try again");
	if (piece->input && apply_input(screen, piece->input, err) < 0)
		return -1;
	if (piece->rows)
		screen_resize(screen, (uint16_t)piece->rows, (uint16_t)piece->columns);
	if (piece->stamp >= 0)
		screen_pong(screen, json_integer(piece->stamp));
	line->next++;
	return 0;
}

int api_terminal_input(struct request *request, struct err *err)
{
	struct piece piece;
	const char *id;

	if (read_line_id(request, &id, err) < 0 || read_piece(request, &piece, err) < 0)
		return -1;
	struct line *line = line_find(request, id);
	if (!line)
		return err_set(err, ERR_NOT_FOUND, "there is no such line: ask for the output first");
	line->seen_at = clock_mono_ms();
	if (piece.number >= line->next && apply_piece(line, &piece, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_OK, json_pack("{s:I}", "next", (json_int_t)line->next));
	return 0;
}

/* ---- the server's rhythm -------------------------------------------------------------------- */

static bool line_is_allowed(struct line *line, uint64_t now, bool recheck)
{
	if (!line->screen || (!recheck && now - line->asked_at < ALLOWED_MS))
		return true;
	line->asked_at = now;
	return screen_is_allowed(line->screen);
}

static void line_look(struct line *line, uint64_t now)
{
	if (line->flow && !flow_is_over(line->flow) && now - flow_spoken_at(line->flow) >= HTTP_TICK_MS) {
		put_text(line->flow, "{\"type\":\"beat\"}");
		line_news(line);
	}
	if (!line->flow && now - line->seen_at >= AWAY_MS) {
		screen_free(line->screen);
		line->screen = NULL;
	}
}

void lines_tick(struct server *server, bool recheck)
{
	uint64_t now = clock_mono_ms();
	struct line *line = TAILQ_FIRST(&server->lines);

	while (line) {
		struct line *next = TAILQ_NEXT(line, entry);
		if (!line_is_allowed(line, now, recheck) ||
		    (!line->flow && now - line->seen_at >= IDLE_MS))
			line_free(line);
		else
			line_look(line, now);
		line = next;
	}
}

void lines_stop(struct server *server)
{
	while (!TAILQ_EMPTY(&server->lines))
		line_free(TAILQ_FIRST(&server->lines));
}
