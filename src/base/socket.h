/* A listening socket. */
#ifndef BASE_SOCKET_H
#define BASE_SOCKET_H

#include <netdb.h>

/* Listens, without blocking, on the first of the addresses that were found, and frees them. The
 * descriptor, or -1 with errno. */
int socket_listen(struct addrinfo *found, int backlog);

#endif
