/* The event stream: what the bus tells, to each page that may hear it.
 *
 * A stream is a flow: a client that does not read is hung up on, and finds on its return, by
 * Last-Event-ID, whether the bus still has what it missed; if not, or if that is more than a page's
 * load, it is told to load everything anew ("reload").
 */
#include <inttypes.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/api.h"
#include "http/flow.h"

#define HEARTBEAT_MS 15000
#define SESSION_MS   60000 /* how soon a stream follows its session's end */
#define MISSED_MAX   (FLOW_MAX / 2) /* bytes that are told again: the flow takes them, and what comes meanwhile */

struct sse_client {
	TAILQ_ENTRY(sse_client) entry;
	struct bus_listener listener;
	struct server *server;
	struct flow *flow;
	bool local;
	struct actor actor;
	int64_t class_id, seat_id; /* 0: every one that the actor may hear of */
	char token[AUTH_TOKEN_CHARS + 1];
	uint64_t checked_at; /* clock_mono_ms() */
	struct buf *missed;  /* while the past is told again: where it is put; else NULL */
};

static void client_say(struct sse_client *client, const char *text)
{
	flow_say(client->flow, text, strlen(text));
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
	if (client->missed)
		buf_text(client->missed, text);
	else
		client_say(client, text);
}

/* ---- starting one --------------------------------------------------------------------------- */

static void on_gone(void *context)
{
	struct sse_client *client = context;

	bus_unlisten(client->server->core, &client->listener);
	TAILQ_REMOVE(&client->server->streams, client, entry);
	free(client);
}

static const struct flow_events flow_events = { .gone = on_gone };

static struct sse_client *client_new(struct request *request)
{
	struct sse_client *client = mem_alloc(sizeof(*client));

	client->server = request->server;
	client->local = request->listener->local;
	client->actor = request->actor;
	client->class_id = request->class ? request->class->row.id : 0;
	client->seat_id = request->seat ? request->seat->row.id : 0;
	if (request->seat)
		client->class_id = request->seat->class->row.id;
	snprintf(client->token, sizeof(client->token), "%s", request->token);
	client->checked_at = clock_mono_ms();
	client->listener.event = on_event;
	client->flow = flow_new(request, "text/event-stream", &flow_events, client);
	TAILQ_INSERT_TAIL(&client->server->streams, client, entry);
	return client;
}

/* What came after the event with this id. False when it is not kept any more, or too much: a page that slept
 * for hours would be hung up on for not reading it, come back for the same, and so on for ever. */
static bool gather_missed(struct sse_client *client, const char *last_id, struct buf *missed)
{
	struct core *core = client->server->core;
	long id;

	if (!str_to_number(last_id, 0, INT64_MAX, &id))
		return false;
	client->missed = missed;
	bool kept = bus_replay(core, (uint64_t)id, &client->listener);
	client->missed = NULL;
	return kept && missed->length <= MISSED_MAX;
}

/* Without a last id the page has just loaded, and what it loaded is at least as new as this. */
static void catch_up(struct sse_client *client, const char *last_id)
{
	uint64_t last = bus_last_id(client->server->core);
	AUTO(buf) struct buf missed = { 0 };

	if (!last_id) {
		buf_fmt(&missed, "retry: 1000\nid: %" PRIu64 "\n\n", last);
	} else if (gather_missed(client, last_id, &missed)) {
		buf_text(&missed, ": welcome back\n\n");
	} else {
		buf_free(&missed);
		buf_fmt(&missed, "id: %" PRIu64 "\nevent: reload\ndata: {}\n\n", last);
	}
	client_say(client, (const char *)missed.data);
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
	return 0;
}

/* ---- the server's rhythm -------------------------------------------------------------------- */

/* Staff may have been taken off the class that this is about. */
static bool is_shut_out(const struct sse_client *client)
{
	const struct class *class = core_class(client->server->core, client->class_id);

	return class && !access_to_class(class, &client->actor);
}

/* Also when it is somebody with another role by now: the page opens a new stream as that. */
static bool session_is_over(struct sse_client *client, uint64_t now, bool recheck)
{
	struct actor actor;
	struct err err = ERR_INIT;

	if (client->local || (!recheck && now - client->checked_at < SESSION_MS))
		return false;
	client->checked_at = now;
	if (is_shut_out(client))
		return true;
	if (auth_session(client->server->auth, client->token, &actor, NULL, &err) < 0)
		return err.kind == ERR_UNAUTHENTICATED;
	return actor.role != client->actor.role || actor.organisation != client->actor.organisation;
}

void sse_tick(struct server *server, bool recheck)
{
	uint64_t now = clock_mono_ms();
	struct sse_client *client;

	TAILQ_FOREACH(client, &server->streams, entry) {
		if (session_is_over(client, now, recheck))
			flow_drop(client->flow);
		else if (now - flow_spoken_at(client->flow) >= HEARTBEAT_MS &&
			 !flow_waiting(client->flow))
			client_say(client, "event: alive\ndata: {}\n\n"); /* a page cannot hear a comment */
	}
}

void sse_stop(struct server *server)
{
	struct sse_client *client;

	TAILQ_FOREACH(client, &server->streams, entry)
		flow_drop(client->flow);
}
