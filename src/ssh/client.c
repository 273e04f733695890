/* One connection.
 *
 * A turn: libssh reads what the socket has and calls our callbacks, which only take data in and set marks
 * (writing may make libssh read again, so callbacks come at odd times); then the messages that libssh
 * collected are answered, and every channel moves what it can. Turns are caused by the socket, or by
 * client_wake() when a machine, the hub or a password check has something for it. A client is freed only
 * at the end of a turn, or from outside of any.
 *
 * libssh keeps what it cannot send, up to 256 MB. So output is given to it only when all before is with the
 * kernel, and a client that makes us answer but does not read is not read from (backlog): the counters
 * tell what went into libssh and what came out.
 */
#include "ssh/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define LOG_MODULE "ssh"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "core/class.h"

#define READS_PER_TURN	 16	     /* of libssh's, 4 KiB each */
#define OFFERS_MAX	 24 /* of keys; an agent may hold a few, each is asked about and then proven */
#define OUTPUT_PER_TURN	 (64 * 1024)

/* A password that is being checked; outlives the client. */
struct knocking {
	struct client *client; /* NULL: it has gone */
	ssh_message message;   /* to be answered */
};

struct seat *client_seat(const struct client *client)
{
	struct seat *seat = core_seat(client->gateway->core, client->seat_id);
	return seat && class_admits(seat->class) ? seat : NULL;
}

/* ---- signing in ----------------------------------------------------------------------------- */

static void say_banner(struct client *client, const char *text)
{
	AUTO_FREE char *line = str_fmt("terakoya: %s\r\n", text);
	ssh_string string = ssh_string_from_char(line);

	ssh_send_issue_banner(client->session, string);
	ssh_string_free(string);
}

static void refuse(ssh_message message)
{
	ssh_message_auth_set_methods(message, SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY);
	ssh_message_reply_default(message);
}

static unsigned clients_of_seat(const struct gateway *gateway, int64_t seat_id)
{
	const struct client *client;
	unsigned count = 0;

	TAILQ_FOREACH(client, &gateway->clients, entry)
		count += client->state == CLIENT_KNOWN && client->seat_id == seat_id;
	return count;
}

/* key: the one that lets it in; NULL: the password does. */
static void let_in(struct client *client, ssh_message message, struct seat *seat,
		   const char *machine, const char *key)
{
	if (clients_of_seat(client->gateway, seat->row.id) >= CLIENTS_PER_SEAT) {
		say_banner(client, "this seat has 8 ssh connections already: close one");
		refuse(message);
		return;
	}
	client->state = CLIENT_KNOWN;
	client->gateway->strangers--;
	client->seat_id = seat->row.id;
	client->password = key ? NULL : str_copy(seat->row.password);
	client->key = str_copy(key);
	snprintf(client->machine, sizeof(client->machine), "%s", machine);
	client->timer = sd_event_source_disable_unref(client->timer);
	ssh_message_auth_reply_success(message, 0);
	log_info("%s signed in to seat %lld/%02u over ssh", client->address,
		 (long long)seat->row.class_id, seat->row.number);
}

static void on_knocked(void *context, struct seat *seat, const char *machine, const struct err *err)
{
	struct knocking *knocking = context;
	struct client *client = knocking->client;

	if (client) {
		client->knocking = NULL;
		guard_begin(client->fd);
		if (seat) {
			let_in(client, knocking->message, seat, machine, NULL);
		} else {
			if (err->kind != ERR_UNAUTHENTICATED)
				say_banner(client, err->message);
			refuse(knocking->message);
		}
		ssh_message_free(knocking->message);
		guard_end();
		client_wake(client);
	}
	free(knocking);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* their heirs decide within a callback */

static void forget_offer(struct client *client)
{
	if (client->offer)
		ssh_message_free(client->offer);
	client->offer = NULL;
}

/* A client asks first whether a key would do, and then proves that it holds the private one; libssh has checked
 * the signature. An agent may offer several keys, which are no tries at a password. True: the message is kept. */
static bool authenticate_key(struct client *client, ssh_message message)
{
	enum ssh_publickey_state_e state = ssh_message_auth_publickey_state(message);
	struct err err = ERR_INIT;
	char *blob = NULL, machine[33];
	struct seat *seat;
	bool asks = false;

	if (++client->offers > OFFERS_MAX || state == SSH_PUBLICKEY_STATE_WRONG ||
	    state == SSH_PUBLICKEY_STATE_ERROR ||
	    ssh_pki_export_pubkey_base64(ssh_message_auth_pubkey(message), &blob) != SSH_OK) {
		refuse(message);
		return false;
	}
	if (auth_seat_key(client->gateway->auth, ssh_message_auth_user(message), blob, &seat, machine,
			  &err) < 0) {
		if (err.kind != ERR_UNAUTHENTICATED)
			say_banner(client, err.message);
		refuse(message);
	} else if (state == SSH_PUBLICKEY_STATE_VALID) {
		let_in(client, message, seat, machine, blob);
		if (client->state == CLIENT_KNOWN)
			auth_seat_key_used(client->gateway->auth, seat);
	} else {
		asks = ssh_message_auth_reply_pk_ok_simple(message) == SSH_OK;
		client->offer = asks ? message : NULL;
		client->offer_packets = client->packets.in_packets;
	}
	ssh_string_free_char(blob);
	return asks;
}

/* A signature that is wrong is dropped by libssh 0.10 without a word, and its client would wait for an answer until
 * its time is over. What we see of it is a packet after a key that would do, and no message. */
static void refuse_wrong_signature(struct client *client)
{
	if (!client->offer || client->knocking || client->packets.in_packets == client->offer_packets)
		return;
	refuse(client->offer);
	forget_offer(client);
}

/* True: the message is kept, until the password is checked. */
static bool authenticate(struct client *client, ssh_message message)
{
	const char *name = ssh_message_auth_user(message);

	forget_offer(client);
	if (client->state == CLIENT_STRANGER && !client->knocking && name &&
	    ssh_message_subtype(message) == SSH_AUTH_METHOD_PUBLICKEY)
		return authenticate_key(client, message);
	if (client->state != CLIENT_STRANGER || client->knocking || !name ||
	    ssh_message_subtype(message) != SSH_AUTH_METHOD_PASSWORD) {
		refuse(message);
		return false;
	}
	const char *password = ssh_message_auth_password(message);
	struct knocking *knocking = mem_alloc(sizeof(*knocking));
	client->tries++;
	client->knocking = knocking;
	*knocking = (struct knocking){ client, message };
	auth_seat_sign_in(client->gateway->auth, name, password ? password : "", client->address,
			  on_knocked, knocking);
	return true;
}

#pragma GCC diagnostic pop

/* ---- messages ------------------------------------------------------------------------------- */

/* True: it is kept. */
static bool on_message(struct client *client, ssh_message message)
{
	switch (ssh_message_type(message)) {
	case SSH_REQUEST_AUTH:
		return authenticate(client, message);
	case SSH_REQUEST_CHANNEL_OPEN:
		if (client->state != CLIENT_KNOWN)
			break;
		conduit_open(client, message);
		return true;
	case SSH_REQUEST_CHANNEL:
		conduit_request(client, message);
		return false;
	default:
		break;
	}
	ssh_message_reply_default(message);
	return false;
}

static void hear_messages(struct client *client)
{
	ssh_message message;

	while (ssh_is_connected(client->session) && (message = ssh_message_get(client->session))) {
		client->requests += client->state == CLIENT_STRANGER;
		if (!on_message(client, message))
			ssh_message_free(message);
	}
	refuse_wrong_signature(client);
}

/* ---- a turn --------------------------------------------------------------------------------- */

static void count_backlog(struct client *client)
{
	uint64_t in = client->packets.out_bytes - client->packets_seen;
	uint64_t out = client->wire.out_bytes - client->wire_seen;

	client->packets_seen += in;
	client->wire_seen += out;
	client->backlog += in;
	client->backlog -= out < client->backlog ? out : client->backlog;
}

static bool writes(const struct client *client)
{
	return ssh_get_poll_flags(client->session) & SSH_WRITE_PENDING;
}

/* A stranger who tried too often still gets the last answer. Who is leaving leaves by itself when all of its
 * channels are closed, or when the timer goes off. */
static bool is_over(struct client *client)
{
	if (!ssh_is_connected(client->session) ||
	    (ssh_get_status(client->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)))
		return true;
	return client->state == CLIENT_STRANGER && !client->knocking && !writes(client) &&
	       (client->tries >= TRIES_MAX || client->requests >= REQUESTS_MAX);
}

static void watch(struct client *client)
{
	bool hear = !client->knocking && client->backlog < BACKLOG_MAX;

	sd_event_source_set_io_events(client->io, (hear ? EPOLLIN : 0) | (writes(client) ? EPOLLOUT : 0));
}

static void pump(struct client *client)
{
	struct conduit *conduit, *next;

	client->budget = writes(client) ? 0 : OUTPUT_PER_TURN;
	for (conduit = TAILQ_FIRST(&client->conduits); conduit; conduit = next) {
		next = TAILQ_NEXT(conduit, entry);
		conduit_pump(conduit);
	}
	/* The next turn begins with another. */
	conduit = TAILQ_FIRST(&client->conduits);
	if (conduit && !client->budget) {
		TAILQ_REMOVE(&client->conduits, conduit, entry);
		TAILQ_INSERT_TAIL(&client->conduits, conduit, entry);
	}
}

static bool more_to_read(const struct client *client)
{
	int waiting = 0;

	return !client->knocking && ioctl(client->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

static void turn(struct client *client)
{
	guard_begin(client->fd);
	for (int i = 0; i < READS_PER_TURN && (!i || more_to_read(client)); i++) {
		if (ssh_event_dopoll(client->event, 0) == SSH_ERROR)
			break;
		hear_messages(client);
	}
	pump(client);
	hear_messages(client); /* writing may have read some */
	count_backlog(client);
	bool over = is_over(client);
	if (!over)
		watch(client);
	guard_end();
	if (over)
		client_free(client);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct client *client = context;

	(void)source, (void)fd;
	if ((events & (EPOLLHUP | EPOLLERR)) && client->knocking)
		client_free(client); /* nobody is there to hear the answer, and epoll would not stop */
	else
		turn(client);
	return 0;
}

static int on_later(sd_event_source *source, void *context)
{
	(void)source;
	turn(context);
	return 0;
}

void client_wake(struct client *client)
{
	sd_event_source_set_enabled(client->later, SD_EVENT_ONESHOT);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	(void)source, (void)usec;
	client_free(context);
	return 0;
}

void client_dismiss(struct client *client, const char *why)
{
	struct conduit *conduit;

	if (client->state != CLIENT_KNOWN)
		return;
	client->state = CLIENT_LEAVING;
	TAILQ_FOREACH(conduit, &client->conduits, entry) {
		conduit_say(conduit, "%s", why);
		conduit_end(conduit, 255);
	}
	loop_timer(core_loop(client->gateway->core), &client->timer, FAREWELL_MS, on_timer, client);
	client_wake(client);
}

/* The kernel finds out when a client is gone without a word; its probes also keep routers awake. */
static void probe_when_idle(int fd)
{
	static const int one = 1, idle = 60, interval = 15, count = 4;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* 0, or -1: then the caller frees it. */
static int client_begin(struct client *client)
{
	sd_event *loop = loop_event(core_loop(client->gateway->core));

	if (ssh_bind_accept_fd(client->gateway->bind, client->session, client->fd) != SSH_OK)
		return -1;
	ssh_set_blocking(client->session, 0);
	ssh_options_set(client->session, SSH_OPTIONS_COMPRESSION, "no");
	ssh_set_counters(client->session, &client->wire, &client->packets);
	if (ssh_handle_key_exchange(client->session) == SSH_ERROR ||
	    ssh_event_add_session(client->event, client->session) != SSH_OK)
		return -1;
	if (sd_event_add_io(loop, &client->io, client->fd, EPOLLIN | EPOLLOUT, on_io, client) < 0 ||
	    sd_event_add_defer(loop, &client->later, on_later, client) < 0)
		return -1;
	sd_event_source_set_enabled(client->later, SD_EVENT_OFF);
	loop_timer(core_loop(client->gateway->core), &client->timer, GRACE_MS, on_timer, client);
	return 0;
}

void client_new(struct gateway *gateway, int fd, const char *address, const uint8_t origin[8])
{
	struct client *client = mem_alloc(sizeof(*client));

	client->gateway = gateway;
	client->fd = fd;
	client->session = ssh_new();
	client->event = ssh_event_new();
	snprintf(client->address, sizeof(client->address), "%s", address);
	memcpy(client->origin, origin, sizeof(client->origin));
	TAILQ_INIT(&client->conduits);
	TAILQ_INSERT_TAIL(&gateway->clients, client, entry);
	gateway->client_count++;
	gateway->strangers++;
	if (!client->session || !client->event)
		abort();
	probe_when_idle(fd);
	guard_begin(fd);
	int result = client_begin(client);
	guard_end();
	if (result < 0)
		client_free(client);
}

void client_free(struct client *client)
{
	struct gateway *gateway = client->gateway;

	guard_begin(client->fd);
	if (client->knocking) {
		client->knocking->client = NULL;
		ssh_message_free(client->knocking->message);
	}
	forget_offer(client);
	while (!TAILQ_EMPTY(&client->conduits))
		conduit_free(TAILQ_FIRST(&client->conduits));
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->later);
	sd_event_source_disable_unref(client->timer);
	ssh_event_remove_session(client->event, client->session);
	ssh_event_free(client->event);
	ssh_disconnect(client->session);
	ssh_free(client->session);
	guard_end();
	TAILQ_REMOVE(&gateway->clients, client, entry);
	gateway->client_count--;
	gateway->strangers -= client->state == CLIENT_STRANGER;
	free(client->password);
	free(client->key);
	free(client);
}
