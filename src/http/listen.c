#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/auto.h"
#include "base/socket.h"
#include "base/str.h"
#include "http/inside.h"

#define BACKLOG 511

int listen_split(const char *address, char **host, char **port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	long number;

	if (!colon || colon == address || !str_to_number(colon + 1, 0, 65535, &number))
		return err_set(err, ERR_INVALID,
			       "\"%s\" is no address to listen on: write ADDRESS:PORT, for example "
			       "127.0.0.1:8080 or [::1]:8080",
			       address);
	*host = str_copy_n(address, (size_t)(colon - address));
	*port = str_copy(colon + 1);
	return 0;
}

static int resolve(const char *address, struct addrinfo **found, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	AUTO_FREE char *host = NULL;
	AUTO_FREE char *port = NULL;

	if (listen_split(address, &host, &port, err) < 0)
		return -1;
	char *name = host;
	size_t length = strlen(host);
	if (*host == '[' && host[length - 1] == ']') {
		host[length - 1] = 0;
		name++;
	}
	int code = getaddrinfo(name, port, &hints, found);
	if (code)
		return err_set(err, ERR_INVALID, "cannot listen on \"%s\": %s", address,
			       gai_strerror(code));
	return 0;
}

static int listen_error(const char *address, struct err *err)
{
	if (errno == EADDRINUSE)
		return err_set(
			err, ERR_CONFLICT,
			"%s is in use by another program: stop that one (ss -ltnp shows it), or "
			"choose another port with --listen",
			address);
	if (errno == EADDRNOTAVAIL)
		return err_set(err, ERR_INVALID, "%s is not an address of this host", address);
	if (errno == EACCES)
		return err_set(err, ERR_DENIED, "%s needs more rights: ports below 1024 are root's",
			       address);
	return err_errno(err, "cannot listen on %s", address);
}

int listen_tcp(const char *address, struct err *err)
{
	struct addrinfo *found;

	if (resolve(address, &found, err) < 0)
		return -1;
	int fd = socket_listen(found, BACKLOG);
	return fd < 0 ? listen_error(address, err) : fd;
}

/* The state directory is locked by us, so a socket that is there already is a dead daemon's. The
 * mode is set before anybody can connect, since listen() comes last. */
int listen_local(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INVALID,
			       "%s is too long for a socket (%zu bytes at most): choose a shorter "
			       "--state-dir",
			       path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, "cannot make a socket");
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return err_errno(err, "cannot listen on %s", path);
	return STEAL_FD(fd);
}
