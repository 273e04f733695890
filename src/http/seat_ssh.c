#include "http/seat_ssh.h"

#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/seat_login.h"

/* Where the browser found us, without a port: "[::1]:8080" to "::1". */
static char *host_of(struct request *request)
{
	const char *host = request_header(request, "Host");
	const char *url = strstr(request->server->url, "://") + 3;

	if (!host || request->listener->local)
		host = url;
	if (*host == '[')
		return str_copy_n(host + 1, strcspn(host + 1, "]"));
	return str_copy_n(host, strcspn(host, ":/"));
}

json_t *view_ssh(struct request *request, const struct seat *seat, const char *password)
{
	const struct gateway *gateway = request->server->gateway;
	char login[SEAT_LOGIN_MAX];
	AUTO_FREE char *host = host_of(request);

	seat_login_name(seat, login);
	AUTO_FREE char *command = str_fmt("ssh -p %u %s@%s", gateway_port(gateway), login, host);
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "login", login, "password", password, "host",
			 host, "port", (int)gateway_port(gateway), "command", command,
			 "fingerprint", gateway_fingerprint(gateway));
}
