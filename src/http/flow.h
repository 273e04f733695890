/* A reply without an end: what is said is queued, and leaves as the client takes it.
 *
 * It sleeps (suspended) while it has nothing to say. The queue is bounded: a client that does not read
 * is hung up on. Belongs to MHD once it is made, which frees it when the connection goes.
 */
#ifndef HTTP_FLOW_H
#define HTTP_FLOW_H

#include "http/request.h"

#define FLOW_MAX (256 * 1024) /* bytes that wait */

struct flow;

struct flow_events {
	void (*drained)(void *context); /* all that was said has left; NULL: not wanted */
	void (*gone)(void *context);	/* the last call: the flow is no more */
};

/* Answers the request with a flow of this content type, told to browsers and proxies not to keep it. */
struct flow *flow_new(struct request *request, const char *type, const struct flow_events *events,
		      void *context);
/* Held back: sleeps although there is something to say, until flow_end(). */
void flow_hold(struct flow *flow);

void flow_say(struct flow *flow, const void *bytes, size_t length);
size_t flow_waiting(const struct flow *flow); /* bytes that were said and have not left */
uint64_t flow_spoken_at(const struct flow *flow); /* clock_mono_ms() when any left last */

/* Ends it when all has left that was said until then. */
void flow_end(struct flow *flow);
/* Hangs up at once; gone() follows. */
void flow_drop(struct flow *flow);
bool flow_is_over(const struct flow *flow); /* it was ended or dropped */
/* Drops it without another call. */
void flow_abandon(struct flow *flow);

#endif
