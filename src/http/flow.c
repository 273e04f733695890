#define LOG_MODULE "flow"

#include "http/flow.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "http/reply.h"

#define BLOCK 4096

struct flow {
	struct listener *http;
	struct MHD_Connection *connection;
	const struct flow_events *events; /* NULL: nobody wants to know */
	void *context;
	bool asleep, held, ended, dropped;
	uint64_t spoken_at;
	struct buf queue;
};

static void flow_wake(struct flow *flow)
{
	if (!flow->asleep)
		return;
	flow->asleep = false;
	MHD_resume_connection(flow->connection);
	listener_wake(flow->http);
}

static void flow_drain(struct flow *flow, char *room, size_t length)
{
	memcpy(room, flow->queue.data, length);
	buf_consume(&flow->queue, length);
	flow->spoken_at = clock_mono_ms();
	if (flow->queue.length)
		return;
	/* Hundreds of flows have nothing queued most of the time: they own nothing then. */
	buf_free(&flow->queue);
	if (flow->events && flow->events->drained && !flow->ended)
		flow->events->drained(flow->context);
}

static ssize_t on_read(void *context, uint64_t position, char *room, size_t size)
{
	struct flow *flow = context;
	size_t length = flow->queue.length < size ? flow->queue.length : size;

	(void)position;
	if (flow->dropped || (flow->ended && !length))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!length || flow->held) {
		flow->asleep = true;
		MHD_suspend_connection(flow->connection);
		return 0;
	}
	flow_drain(flow, room, length);
	return (ssize_t)length;
}

static void on_free(void *context)
{
	struct flow *flow = context;

	if (flow->events)
		flow->events->gone(flow->context);
	buf_free(&flow->queue);
	free(flow);
}

struct flow *flow_new(struct request *request, const char *type, const struct flow_events *events,
		      void *context)
{
	struct flow *flow = mem_alloc(sizeof(*flow));

	flow->http = request->listener;
	flow->connection = request->connection;
	flow->events = events;
	flow->context = context;
	flow->spoken_at = clock_mono_ms();
	reply_response(request, MHD_HTTP_OK,
		       MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, flow,
							 on_free));
	reply_strict(request->response);
	reply_header(request, "Content-Type", type);
	reply_header(request, "Cache-Control", "no-store, no-transform");
	/* Told to proxies that would otherwise collect the stream. */
	reply_header(request, "X-Accel-Buffering", "no");
	return flow;
}

void flow_hold(struct flow *flow)
{
	flow->held = true;
}

void flow_say(struct flow *flow, const void *bytes, size_t length)
{
	if (flow->dropped)
		return;
	buf_append(&flow->queue, bytes, length);
	if (flow->queue.length > FLOW_MAX) {
		log_info("a stream is dropped: its client does not read");
		flow_drop(flow);
	} else if (!flow->held) {
		flow_wake(flow);
	}
}

size_t flow_waiting(const struct flow *flow)
{
	return flow->queue.length;
}

uint64_t flow_spoken_at(const struct flow *flow)
{
	return flow->spoken_at;
}

void flow_end(struct flow *flow)
{
	flow->ended = true;
	flow->held = false;
	flow_wake(flow);
}

/* The socket is shut as well: MHD would wait for room in it otherwise. */
void flow_drop(struct flow *flow)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(flow->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (flow->dropped)
		return;
	flow->dropped = true;
	buf_free(&flow->queue);
	if (info && !flow->asleep)
		shutdown(info->connect_fd, SHUT_RDWR);
	flow_wake(flow);
}

bool flow_is_over(const struct flow *flow)
{
	return flow->ended || flow->dropped;
}

void flow_abandon(struct flow *flow)
{
	flow->events = NULL;
	flow_drop(flow);
}
