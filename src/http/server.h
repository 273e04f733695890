/* HTTP, WebSocket and SSE on T0: libmicrohttpd in an outside epoll loop, on a TCP address and on the
 * command line's unix socket. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "core/auth.h"
#include "core/core.h"
#include "ssh/gateway.h"
#include "term/hub.h"

struct server_config {
	const char *listen;     /* "127.0.0.1:8080", "[::1]:8080" */
	const char *socket;     /* path of the unix socket; root and the daemon's own user may use it */
	const char *web_dir;    /* static files */
	const char *base_url;   /* for links that are shown, "http://127.0.0.1:8080"; NULL: from listen */
	const char *tls_cert, *tls_key; /* PEM files; NULL: plain HTTP */
	const struct gateway *gateway;  /* NULL: no ssh */
};

struct server;

/* ERR_CONFLICT names a busy port and what to do. */
struct server *server_new(struct core *core, struct auth *auth, struct hub *hub,
			  const struct server_config *config, struct err *err);
void server_free(struct server *server);
const char *server_url(const struct server *server);

#endif
