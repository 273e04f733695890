/* WebSockets (RFC 6455) on connections that MHD hands over: the handshake is ours, the frames are
 * wslay's, and the socket is watched by the loop itself, so that a keystroke passes through no
 * queue.
 *
 * Bounds: a message has at most 64 KiB; a client that is silent for 60 s in spite of pings is dead;
 * what waits to be sent is bounded by the user, who sends only while ws_is_clear().
 */
#ifndef HTTP_WS_H
#define HTTP_WS_H

#include "http/request.h"

#define WS_MESSAGE_MAX (64 * 1024)

enum ws_close { WS_NORMAL = 1000, WS_GOING = 1001, WS_POLICY = 1008, WS_ERROR = 1011 };

struct ws;

struct ws_events {
	void (*opened)(void *context, struct ws *ws);
	void (*message)(void *context, bool text, const uint8_t *data, size_t length);
	/* What was sent has left: there is room again. */
	void (*writable)(void *context);
	/* Asked once a minute and when anybody signs out: false ends it. */
	bool (*still_allowed)(void *context);
	/* The last call; also when the connection went before it was opened. */
	void (*closed)(void *context);
};

/* Checks the handshake and answers 101, or fails with ERR_INVALID; ERR_DENIED for another site's
 * page. context is the connection's from success on. */
int ws_accept(struct request *request, const char *protocol, const struct ws_events *events,
	      void *context, struct err *err);
/* Of request.c: the connection went before the handshake was over. */
void ws_abandon(struct ws *ws);

/* Sends at once if the socket takes it, and queues else. Events come later, never from inside. */
void ws_send_text(struct ws *ws, const char *text);
void ws_send_bytes(struct ws *ws, const uint8_t *data, size_t length);
bool ws_is_clear(const struct ws *ws); /* nothing waits to be sent */

/* Stops and restarts reading: back-pressure reaches the client by TCP. */
void ws_pause(struct ws *ws, bool paused);

/* Says goodbye; closed() follows when the client answered, or after a few seconds. */
void ws_close(struct ws *ws, enum ws_close code, const char *why);

/* Sec-WebSocket-Accept for a key: base64(SHA-1(key + the GUID)), 28 characters. */
void ws_accept_key(const char *key, char accept[29]);

#endif
