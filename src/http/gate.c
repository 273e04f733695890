#include "http/gate.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/str.h"
#include "http/api.h"
#include "http/route.h"

/* "[::1]:8080" and "[::1]" to "[::1]"; "Host:80" to "Host". */
static size_t host_length(const char *host)
{
	return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
}

static bool is_literal(const char *host, size_t length)
{
	char text[64];
	struct in6_addr six;
	struct in_addr four;

	if (length >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)length, host);
	if (*text != '[' || length < 3)
		return inet_pton(AF_INET, text, &four) == 1;
	text[length - 1] = 0;
	return inet_pton(AF_INET6, text + 1, &six) == 1;
}

void gate_names(struct server *server, const char *listen_host, const char *base_url)
{
	const char *url = base_url ? strstr(base_url, "://") : NULL;
	char **hosts = mem_alloc(6 * sizeof(*hosts));

	hosts[0] = str_copy("localhost");
	hosts[1] = str_copy("127.0.0.1");
	hosts[2] = str_copy("[::1]");
	hosts[3] = str_copy(listen_host);
	hosts[4] = url ? str_copy_n(url + 3, host_length(url + 3)) : NULL;
	server->hosts = hosts;
	server->any_literal = str_equal(listen_host, "0.0.0.0") || str_equal(listen_host, "[::]");
}

/* A rebinding attack needs a name of the attacker's, so a literal address is always honest; but
 * where we listen on one address only, others are a mistake worth refusing. */
int gate_host(const struct request *request, struct err *err)
{
	const char *host = request_header(request, "Host");

	if (request->listener->local)
		return 0;
	if (!host)
		return err_set(err, ERR_INVALID, "the Host header is missing");
	size_t length = host_length(host);
	for (char **name = request->server->hosts; *name; name++)
		if (strlen(*name) == length && strncasecmp(*name, host, length) == 0)
			return 0;
	if (request->server->any_literal && is_literal(host, length))
		return 0;
	return err_set(
		err, ERR_DENIED,
		"this server does not go by the name %.64s: use %s, or start it with --base-url",
		host, request->server->url);
}

static int peer_actor(struct request *request, struct err *err)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return err_errno(err, "cannot see who is at the socket");
	if (peer.uid != 0 && peer.uid != geteuid())
		return err_set(err, ERR_DENIED,
			       "only root and the daemon's own user may use the socket");
	const struct passwd *user = getpwuid(peer.uid);
	request->actor = (struct actor){ .role = ROLE_ADMIN };
	snprintf(request->actor.name, sizeof(request->actor.name), "%s",
		 user ? user->pw_name : "root");
	request->signed_in = true;
	return 0;
}

int gate_actor(struct request *request, struct err *err)
{
	struct server *server = request->server;
	struct err ignored = ERR_INIT;

	if (request->listener->local)
		return peer_actor(request, err);
	request->signed_in = request_cookie(request, session_cookie(server), request->token,
					    sizeof(request->token)) &&
			     auth_session(server->auth, request->token, &request->actor,
					  request->csrf, &ignored) == 0;
	if (!request->signed_in && ignored.kind != ERR_NONE &&
	    ignored.kind != ERR_UNAUTHENTICATED) {
		*err = ignored;
		return -1;
	}
	return 0;
}

bool gate_origin(const struct request *request, bool may_lack)
{
	const char *origin = request_header(request, "Origin");
	const char *host = request_header(request, "Host");
	const char *name = origin ? strstr(origin, "://") : NULL;

	if (!origin)
		return may_lack;
	return name && host && strcasecmp(name + 3, host) == 0;
}

int gate_write(const struct request *request, struct err *err)
{
	const char *given = request_header(request, "X-CSRF-Token");
	size_t length = strlen(request->csrf);

	if (request->listener->local || strcmp(request->route->method, "GET") == 0)
		return 0;
	if (!gate_origin(request, true))
		return err_set(err, ERR_DENIED, "another site's page sent this");
	if (request->route->rule == RULE_PUBLIC)
		return 0;
	if (!given || strlen(given) != length || !length ||
	    sodium_memcmp(given, request->csrf, length))
		return err_set(err, ERR_DENIED,
			       "the X-CSRF-Token header is missing or not this session's");
	return 0;
}
