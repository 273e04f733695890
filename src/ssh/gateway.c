/* How the gateway runs.
 *
 * libssh works on T0, without a thread of its own: each connection has its socket in our loop, and its turn
 * (client.c) lets libssh read and write what the socket allows, without waiting. Nothing of it blocks;
 * passwords are hashed on the lane of all sign-ins. What libssh itself could be kept busy with is
 * bounded by guard.c.
 *
 * A handshake costs about a millisecond of T0. So there are at most HANDSHAKES per breath, the others wait in
 * the kernel's queue; and connections that have not signed in are few, in all and per address.
 */
#include "ssh/inside.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define LOG_MODULE "ssh"
#include "base/auto.h"
#include "base/log.h"
#include "base/socket.h"
#include "base/str.h"
#include "store/seat_keys.h"

#define HANDSHAKES 20  /* per breath */
#define BREATH_MS  250
#define BACKLOG	   256

unsigned gateway_port(const struct gateway *gateway)
{
	return gateway->port;
}

const char *gateway_fingerprint(const struct gateway *gateway)
{
	return gateway->fingerprint;
}

/* ---- who comes ------------------------------------------------------------------------------ */

/* An IPv6 address counts with its /64, as for sign-ins on the page. */
static void origin_of(const struct sockaddr_storage *from, uint8_t origin[8])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;

	memset(origin, 0, 8);
	if (from->ss_family == AF_INET)
		memcpy(origin, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		memcpy(origin, six->sin6_addr.s6_addr + 12, 4);
	else
		memcpy(origin, &six->sin6_addr, 8);
}

static unsigned strangers_from(const struct gateway *gateway, const uint8_t origin[8])
{
	const struct client *client;
	unsigned count = 0;

	TAILQ_FOREACH(client, &gateway->clients, entry)
		count += client->state == CLIENT_STRANGER && !memcmp(client->origin, origin, 8);
	return count;
}

static bool has_room(const struct gateway *gateway, const uint8_t origin[8])
{
	return gateway->client_count < CLIENTS_MAX && gateway->strangers < STRANGERS_MAX &&
	       strangers_from(gateway, origin) < STRANGERS_PER_ORIGIN;
}

static int on_breath(sd_event_source *source, uint64_t usec, void *context)
{
	struct gateway *gateway = context;

	(void)source, (void)usec;
	gateway->handshakes = 0;
	sd_event_source_set_enabled(gateway->io, SD_EVENT_ON);
	return 0;
}

static void take_breath(struct gateway *gateway, unsigned handshakes)
{
	if (!gateway->handshakes)
		loop_timer(core_loop(gateway->core), &gateway->breath, BREATH_MS, on_breath, gateway);
	gateway->handshakes += handshakes;
	if (gateway->handshakes >= HANDSHAKES)
		sd_event_source_set_enabled(gateway->io, SD_EVENT_OFF);
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct gateway *gateway = context;
	struct sockaddr_storage from = { 0 };
	socklen_t length = sizeof(from);
	char address[64] = "";
	uint8_t origin[8];

	(void)source, (void)events;
	int taken = accept4(fd, (struct sockaddr *)&from, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (taken < 0) {
		take_breath(gateway, HANDSHAKES); /* out of descriptors: not again at once */
		return 0;
	}
	origin_of(&from, origin);
	if (!has_room(gateway, origin)) {
		close(taken);
		return 0;
	}
	getnameinfo((struct sockaddr *)&from, length, address, sizeof(address), NULL, 0,
		    NI_NUMERICHOST);
	take_breath(gateway, 1);
	client_new(gateway, taken, address, origin);
	return 0;
}

/* ---- who may stay --------------------------------------------------------------------------- */

static void look_at(struct client *client)
{
	struct seat *seat = client_seat(client);

	if (!seat)
		client_dismiss(client, "the class is over, and with it this connection");
	else if (client->key && seat_keys_find(core_store(client->gateway->core), client->seat_id, client->key, NULL) < 0)
		client_dismiss(client, "the key of this connection was removed from the seat");
	else if (!client->key && !str_equal(seat->row.password, client->password))
		client_dismiss(client, "a new password was made for this seat: sign in again with it");
}

/* A class was closed, a seat's password changed, a key of it was removed. */
static void on_event(struct bus_listener *listener, const struct bus_event *event)
{
	struct gateway *gateway =
		(struct gateway *)((char *)listener - offsetof(struct gateway, bus));
	struct client *client;

	if (strcmp(event->type, "class") && strcmp(event->type, "seat"))
		return;
	TAILQ_FOREACH(client, &gateway->clients, entry)
		if (client->state == CLIENT_KNOWN &&
		    (!event->seat_id || event->seat_id == client->seat_id))
			look_at(client);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static int find_address(const struct gateway_config *config, struct addrinfo **found,
			struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	const char *colon = strrchr(config->listen, ':');
	size_t length = colon ? (size_t)(colon - config->listen) : strlen(config->listen);
	bool bracketed = length > 1 && *config->listen == '[';
	AUTO_FREE char *host = bracketed ? str_copy_n(config->listen + 1, length - 2)
					 : str_copy_n(config->listen, length);
	AUTO_FREE char *port = str_fmt("%u", config->port);

	int code = getaddrinfo(host, port, &hints, found);
	return code ? err_set(err, ERR_INVALID, "cannot listen for ssh on \"%s\": %s", host,
			      gai_strerror(code))
		    : 0;
}

static int listen_on(struct gateway *gateway, const struct gateway_config *config, struct err *err)
{
	struct addrinfo *found;

	if (find_address(config, &found, err) < 0)
		return -1;
	gateway->listener = socket_listen(found, BACKLOG);
	if (gateway->listener >= 0)
		return 0;
	if (errno == EADDRINUSE)
		return err_set(err, ERR_CONFLICT,
			       "port %u is in use by another program: stop that one (ss -ltnp shows it), "
			       "choose another with --ssh-port, or do without ssh with --ssh-port=0",
			       config->port);
	return err_errno(err, "cannot listen for ssh on port %u", config->port);
}

/* One modern way for each thing: no Diffie-Hellman groups that cost T0 a tenth of a second, no
 * compression, nothing from a configuration file. */
static int make_bind(struct gateway *gateway, const char *state_dir, struct err *err)
{
	static const bool no = false;
	ssh_key key = NULL;

	if (key_open(state_dir, &key, &gateway->fingerprint, err) < 0)
		return -1;
	gateway->bind = ssh_bind_new();
	if (!gateway->bind ||
	    ssh_bind_options_set(gateway->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) < 0 ||
	    ssh_bind_options_set(gateway->bind, SSH_BIND_OPTIONS_BANNER, "Terakoya") < 0 ||
	    ssh_bind_options_set(gateway->bind, SSH_BIND_OPTIONS_KEY_EXCHANGE,
				 "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256") <
		    0 ||
	    ssh_bind_options_set(gateway->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) < 0) {
		ssh_key_free(key);
		return err_set(err, ERR_INTERNAL, "libssh cannot be set up");
	}
	return 0;
}

struct gateway *gateway_new(struct core *core, struct auth *auth, struct hub *hub,
			    const struct gateway_config *config, struct err *err)
{
	struct gateway *gateway = mem_alloc(sizeof(*gateway));

	gateway->core = core;
	gateway->auth = auth;
	gateway->hub = hub;
	gateway->port = config->port;
	gateway->listener = -1;
	gateway->bus.event = on_event;
	TAILQ_INIT(&gateway->clients);
	bus_listen(core, &gateway->bus);
	if (make_bind(gateway, config->state_dir, err) < 0 ||
	    listen_on(gateway, config, err) < 0 ||
	    sd_event_add_io(loop_event(core_loop(core)), &gateway->io, gateway->listener, EPOLLIN,
			    on_connection, gateway) < 0) {
		gateway_free(gateway);
		return NULL;
	}
	log_info("ssh on port %u, host key %s", config->port, gateway->fingerprint);
	return gateway;
}

void gateway_free(struct gateway *gateway)
{
	if (!gateway)
		return;
	while (!TAILQ_EMPTY(&gateway->clients))
		client_free(TAILQ_FIRST(&gateway->clients));
	bus_unlisten(gateway->core, &gateway->bus);
	sd_event_source_disable_unref(gateway->io);
	sd_event_source_disable_unref(gateway->breath);
	close_fd_cleanup(&gateway->listener);
	ssh_bind_free(gateway->bind);
	free(gateway->fingerprint);
	free(gateway);
}
