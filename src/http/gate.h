/* Who is at the door: is the request meant for this server, who sends it, and did its own page send
 * it. Before any handler; used by route.c only.
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include "http/request.h"

/* Against DNS rebinding: the Host header must be a name that we go by. ERR_DENIED. */
int gate_host(const struct request *request, struct err *err);

/* Fills actor, token and csrf from the cookie, or from the unix socket's peer. A cookie that is
 * unknown or broken is none. ERR_DENIED for a peer that is neither root nor the daemon's own user.
 */
int gate_actor(struct request *request, struct err *err);

/* Against forged writes: Origin, where the browser sends it, is the Host; and except for signing in
 * the session's X-CSRF-Token is there. Nothing is asked of reads or of the unix socket. */
int gate_write(const struct request *request, struct err *err);

/* The Origin header names the same host and port as Host; an absent one is accepted if may_lack. */
bool gate_origin(const struct request *request, bool may_lack);

/* The names for gate_host(): loopback, the address listened on, the host of base_url. */
void gate_names(struct server *server, const char *listen_host, const char *base_url);

#endif
