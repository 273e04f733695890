/* A terminal as a client in the browser sees it, whatever carries it: a WebSocket (terminal_ws.c), or
 * a reply without an end and requests with input, for networks that let no WebSocket through
 * (terminal_http.c). What is said is the same on both.
 *
 * To the client, as a message of bytes: eight bytes, big-endian, the offset of the first byte of
 * output, then output. As text, JSON: state, size and pong. From the client: input; and resize and
 * ping. Input that the machine cannot take yet stays here, and the carrier is told to read no further.
 */
#ifndef HTTP_SCREEN_H
#define HTTP_SCREEN_H

#include "http/request.h"

#define SCREEN_PIECE (16 * 1024) /* output bytes of one message */
#define LINE_CHARS   32		 /* hex digits by which a client names what belongs together */

/* What a text is about. */
enum screen_word { SCREEN_STATE, SCREEN_SIZE, SCREEN_PONG };

enum screen_end {
	SCREEN_ENDED,  /* the shell is over */
	SCREEN_FAILED, /* it could not be opened */
};

struct screen_carrier {
	void (*text)(void *context, enum screen_word word, const char *text);
	void (*bytes)(void *context, const uint8_t *data, size_t length);
	bool (*is_clear)(const void *context); /* another message of bytes may be sent */
	void (*pause)(void *context, bool paused);
	/* The last call: nothing comes after it. Not called by screen_free(). */
	void (*end)(void *context, enum screen_end end, const char *why);
};

struct screen;

/* Reads the query: machine, terminal, offset, watch, rows, columns. */
struct screen *screen_new(struct request *request, struct err *err);
void screen_free(struct screen *screen); /* NULL-safe; the shell lives on */
bool screen_line_is_valid(const char *line);

/* Attaches it to its terminal; the carrier is called from now on, never from inside of this but for
 * end(). */
void screen_open(struct screen *screen, const struct screen_carrier *carrier, void *context);

/* All of it is taken; while some waits, the carrier is paused. */
void screen_input(struct screen *screen, const uint8_t *data, size_t length);
bool screen_is_full(const struct screen *screen); /* input waits */
void screen_resize(struct screen *screen, uint16_t rows, uint16_t columns);
/* Answers a ping through the carrier; steals stamp (NULL: null). */
void screen_pong(struct screen *screen, json_t *stamp);
/* A text message: resize or ping. ERR_INVALID or ERR_TOO_LARGE. */
int screen_text(struct screen *screen, const char *text, size_t length, struct err *err);
void screen_writable(struct screen *screen); /* the carrier is clear again */
bool screen_is_allowed(const struct screen *screen); /* its session is not over */

/* Rows or columns. */
#define SCREEN_CELLS_MAX 1000

#endif
