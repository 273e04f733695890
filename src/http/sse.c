/* The event stream: what the bus tells, to each page that may hear it.
 *
 * A stream is an MHD reply without an end. It sleeps (suspended) while it has nothing to say; an
 * event puts text into its queue and wakes it. The queue is bounded: a client that does not read is
 * hung up on, and finds on its return, by Last-Event-ID, whether the bus still has what it missed;
 * if not, it is told to load everything anew ("reload").
 */
#define LOG_MODULE "events"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "http/api.h"

#define QUEUE_MAX    (256 * 1024) /* bytes; a replay of a whole class is about a third of that */
#define BLOCK	     4096
#define HEARTBEAT_MS 15000
#define SESSION_MS   60000 /* how soon a stream follows its session's end */

struct sse_client {
	TAILQ_ENTRY(sse_client) entry;
	struct bus_listener listener;
	struct server *server;
	struct listener *http;
	struct MHD_Connection *connection;
	bool asleep, over;
	struct actor actor;
	int64_t class_id, seat_id; /* 0: every one that the actor may hear of */
	char token[AUTH_TOKEN_CHARS + 1];
	uint64_t spoken_at, checked_at; /* clock_mono_ms() */
	struct buf queue;
};

static void client_wake(struct sse_client *client)
{
	if (!client->asleep)
		return;
	client->asleep = false;
	MHD_resume_connection(client->connection);
	listener_wake(client->http);
}

/* The socket is shut as well: MHD would wait for room in it otherwise. */
static void client_drop(struct sse_client *client)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(client->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	client->over = true;
	buf_free(&client->queue);
	if (info && !client->asleep)
		shutdown(info->connect_fd, SHUT_RDWR);
	client_wake(client);
}

static void client_say(struct sse_client *client, const char *text)
{
	if (client->over)
		return;
	buf_text(&client->queue, text);
	if (client->queue.length > QUEUE_MAX) {
		log_info("a stream is dropped: its client does not read");
		client_drop(client);
	} else {
		client_wake(client);
	}
}

/* What was asked for, and of that what the rules let this person hear. */
static bool client_hears(const struct sse_client *client, const struct bus_event *event)
{
	if (client->seat_id && event->seat_id && event->seat_id != client->seat_id)
		return false;
	if (client->class_id && event->class_id && event->class_id != client->class_id)
		return false;
	return access_hears(client->server->core, &client->actor, client->class_id, event);
}

static void on_event(struct bus_listener *listener, const struct bus_event *event)
{
	struct sse_client *client =
		(struct sse_client *)((char *)listener - offsetof(struct sse_client, listener));

	if (!client_hears(client, event))
		return;
	AUTO_FREE char *text = str_fmt("id: %" PRIu64 "\nevent: %s\ndata: %.*s\n\n", event->id,
				       event->type, (int)event->length, event->data);
	client_say(client, text);
}

/* ---- the reply without an end --------------------------------------------------------------- */

static ssize_t on_read(void *context, uint64_t position, char *room, size_t size)
{
	struct sse_client *client = context;
	size_t length = client->queue.length < size ? client->queue.length : size;

	(void)position;
	if (client->over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!length) {
		client->asleep = true;
		MHD_suspend_connection(client->connection);
		return 0;
	}
	memcpy(room, client->queue.data, length);
	buf_consume(&client->queue, length);
	/* Hundreds of streams have nothing queued most of the time: they own nothing then. */
	if (!client->queue.length)
		buf_free(&client->queue);
	client->spoken_at = clock_mono_ms();
	return (ssize_t)length;
}

static void on_free(void *context)
{
	struct sse_client *client = context;

	bus_unlisten(client->server->core, &client->listener);
	TAILQ_REMOVE(&client->server->streams, client, entry);
	buf_free(&client->queue);
	free(client);
}

/* ---- starting one --------------------------------------------------------------------------- */

static struct sse_client *client_new(struct request *request)
{
	struct sse_client *client = mem_alloc(sizeof(*client));

	client->server = request->server;
	client->http = request->listener;
	client->connection = request->connection;
	client->actor = request->actor;
	client->class_id = request->class ? request->class->row.id : 0;
	client->seat_id = request->seat ? request->seat->row.id : 0;
	if (request->seat)
		client->class_id = request->seat->class->row.id;
	snprintf(client->token, sizeof(client->token), "%s", request->token);
	client->spoken_at = client->checked_at = clock_mono_ms();
	client->listener.event = on_event;
	TAILQ_INSERT_TAIL(&client->server->streams, client, entry);
	return client;
}

/* Without a last id the page has just loaded, and what it loaded is at least as new as this. */
static void catch_up(struct sse_client *client, const char *last_id)
{
	struct core *core = client->server->core;
	uint64_t last = bus_last_id(core);
	long id;

	if (!last_id)
		buf_fmt(&client->queue, "retry: 1000\nid: %" PRIu64 "\n\n", last);
	else if (!str_to_number(last_id, 0, INT64_MAX, &id) || (uint64_t)id > last ||
		 !bus_replay(core, (uint64_t)id, &client->listener))
		buf_fmt(&client->queue, "id: %" PRIu64 "\nevent: reload\ndata: {}\n\n", last);
	else
		buf_text(&client->queue, ": welcome back\n\n");
}

static struct MHD_Response *stream_response(struct sse_client *client)
{
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK,
									  on_read, client, on_free);

	reply_strict(response);
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	/* Told to proxies that would otherwise collect the stream. */
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	return response;
}

int api_events(struct request *request, struct err *err)
{
	(void)err;
	if (request->head) {
		reply_empty(request, MHD_HTTP_OK);
		reply_header(request, "Content-Type", "text/event-stream");
		return 0;
	}
	struct sse_client *client = client_new(request);
	catch_up(client, request_header(request, "Last-Event-ID"));
	bus_listen(request->server->core, &client->listener);
	reply_response(request, MHD_HTTP_OK, stream_response(client));
	return 0;
}

/* ---- the server's rhythm -------------------------------------------------------------------- */

/* Staff may have been taken off the class that this is about. */
static bool is_shut_out(const struct sse_client *client)
{
	const struct class *class = core_class(client->server->core, client->class_id);

	return class && !access_to_class(class, &client->actor);
}

static bool session_is_over(struct sse_client *client, uint64_t now, bool recheck)
{
	struct actor actor;
	struct err err = ERR_INIT;

	if (client->http->local || (!recheck && now - client->checked_at < SESSION_MS))
		return false;
	client->checked_at = now;
	if (is_shut_out(client))
		return true;
	return auth_session(client->server->auth, client->token, &actor, NULL, &err) < 0 &&
	       err.kind == ERR_UNAUTHENTICATED;
}

void sse_tick(struct server *server, bool recheck)
{
	uint64_t now = clock_mono_ms();
	struct sse_client *client;

	TAILQ_FOREACH(client, &server->streams, entry) {
		if (client->over)
			continue;
		if (session_is_over(client, now, recheck))
			client_drop(client);
		else if (now - client->spoken_at >= HEARTBEAT_MS && !client->queue.length)
			client_say(client, ": still here\n\n");
	}
}

void sse_stop(struct server *server)
{
	struct sse_client *client;

	TAILQ_FOREACH(client, &server->streams, entry)
		client_drop(client);
}
