/* How a seat is reached over ssh, as the browser that asks could reach it. */
#ifndef HTTP_SEAT_SSH_H
#define HTTP_SEAT_SSH_H

#include "http/request.h"

/* {"login", "password", "host", "port", "command", "fingerprint"}. Only where there is a gateway. */
json_t *view_ssh(struct request *request, const struct seat *seat, const char *password);

#endif
