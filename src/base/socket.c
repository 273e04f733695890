#include "base/socket.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/auto.h"

int socket_listen(struct addrinfo *found, int backlog)
{
	static const int one = 1;
	AUTO_CLOSE int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool failed = fd < 0;

	if (!failed) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		failed = bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, backlog) < 0;
	}
	int code = errno;
	freeaddrinfo(found);
	errno = code;
	return failed ? -1 : STEAL_FD(fd);
}
