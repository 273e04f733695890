/* What the files of this folder share about the server itself. Nobody outside includes this.
 *
 * There are two listeners, each a libmicrohttpd daemon of its own: TCP for browsers and a unix
 * socket for the command line. Both use the same routes; only who asks is found out differently.
 */
#ifndef HTTP_INSIDE_H
#define HTTP_INSIDE_H

#include <microhttpd.h>
#include <sys/queue.h>

#include "http/server.h"

/* The longest accepted body of a request; all real ones are far below. */
#define HTTP_BODY_MAX (1024 * 1024)
/* What is read and thrown away so that the client gets to see its 413, before we hang up. */
#define HTTP_DRAIN_MAX (8 * 1024 * 1024)
#define HTTP_URL_MAX   2048
/* Request line and headers together have to fit, and so have the reply's headers. */
#define HTTP_CONNECTION_MEMORY (16 * 1024)
#define HTTP_IDLE_SECONDS      30
#define HTTP_CONNECTIONS_MAX   8192
/* A class may sit behind one address: 500 seats, each with a terminal, a stream and a few loads. */
#define HTTP_PER_ADDRESS_MAX 2048
/* The rhythm in which streams and terminals are looked at, milliseconds. */
#define HTTP_TICK_MS 5000

struct listener {
	struct MHD_Daemon *mhd;
	struct server *server;
	sd_event_source *io, *post, *timer;
	bool dirty; /* MHD has something to do before the loop may sleep */
	bool local; /* the unix socket */
};

TAILQ_HEAD(sse_clients, sse_client);
TAILQ_HEAD(ws_connections, ws);
TAILQ_HEAD(lines, line);
LIST_HEAD(wires, wire);
LIST_HEAD(requests, request);

struct server {
	struct core *core;
	struct auth *auth;
	struct hub *hub;
	const struct gateway *gateway; /* NULL: no ssh */
	struct listener tcp, local;
	struct files *files;
	sd_event_source *tick, *reaper;
	struct sse_clients streams;
	struct ws_connections sockets;
	struct lines lines; /* terminals without a WebSocket */
	unsigned lines_count;
	struct wires wires; /* terminals with one */
	unsigned checks_begun, checks_under_way; /* tries of strangers' networks */
	uint64_t checks_at;
	struct requests
		requests; /* all in hand, so that the suspended ones can be let go at the end */
	char *url;	  /* "http://127.0.0.1:8080" */
	char **hosts;	  /* host names that a request may be addressed to; NULL-terminated */
	bool any_literal; /* listening everywhere: any literal address may be in Host */
	bool secure;	  /* TLS, here or in a proxy before us: Secure cookies */
	bool stopping;
	char *tls_cert, *tls_key; /* PEM text; MHD keeps pointers */
	char *socket_path;
};

/* Opens the listening sockets (listen.c). -1 with ERR_CONFLICT for a port in use, ERR_INVALID for
 * an address that is none. */
int listen_tcp(const char *address, struct err *err);
int listen_local(const char *path, struct err *err);
/* "[::1]:8080" to "[::1]" and "8080"; both to be freed. */
int listen_split(const char *address, char **host, char **port, struct err *err);

/* A request was resumed, or a socket given back: MHD runs again before the loop sleeps. */
void listener_wake(struct listener *listener);

/* Every HTTP_TICK_MS; and with `recheck` when somebody signed out, whose streams and terminals end. */
void sse_tick(struct server *server, bool recheck);
void ws_tick(struct server *server, bool recheck);
void lines_tick(struct server *server, bool recheck);
/* All three, now: streams and terminals of those who are let in no longer end. */
void server_recheck(struct server *server);
/* Ends all of them, for the server's own end. */
void sse_stop(struct server *server);
void ws_stop(struct server *server);
void lines_stop(struct server *server);

#endif
