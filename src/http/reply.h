/* Answers. Each takes effect when the handler returns, or at request_resume(). Every answer carries
 * the headers that keep browsers strict; answers of the API are never cached.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "http/request.h"

void reply_json(struct request *request, unsigned status, json_t *json); /* steals json */
void reply_empty(struct request *request, unsigned status);
/* application/problem+json, with the status that belongs to err->kind. */
void reply_err(struct request *request, const struct err *err);
/* The same with one more member, `name`, whose value it steals. */
void reply_err_with(struct request *request, const struct err *err, const char *name, json_t *value);
/* The same for what only HTTP knows: 405, 415, 426. */
void reply_problem(struct request *request, unsigned status, const char *kind, const char *detail);
/* Ends a request that was deferred, for calls that end with an error or with nothing to say: 204. */
void reply_outcome(void *ticket, const struct err *err);
/* Another header for the answer that is there already. */
void reply_header(struct request *request, const char *name, const char *value);
/* Takes over a response with its one reference. */
void reply_response(struct request *request, unsigned status, struct MHD_Response *response);

/* The table from kinds to statuses. */
unsigned reply_status(enum err_kind kind);

/* Headers for any response, whoever made it. */
void reply_strict(struct MHD_Response *response);

#endif
