/* What the files of this folder share. gateway.c: the listening socket, limits, who is welcome. client.c: one
 * connection, its handshake and sign-in. conduit.c: one channel and its flow. shell.c and stream.c: what a
 * channel leads to. reach.c: where a forwarded connection may go. key.c: the host key. guard.c: an end to
 * calls that take too long.
 */
#ifndef SSH_INSIDE_H
#define SSH_INSIDE_H

#include <libssh/libssh.h>
#include <libssh/callbacks.h>
#include <libssh/server.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "ssh/gateway.h"

#define CLIENTS_MAX	     1024
#define STRANGERS_MAX	     128    /* not signed in yet */
#define STRANGERS_PER_ORIGIN 48     /* a class may sit behind one address */
#define CLIENTS_PER_SEAT     8
#define CONDUITS_PER_CLIENT  16
#define TRIES_MAX	     3	    /* passwords of one connection */
#define REQUESTS_MAX	     32	    /* of any kind before it is signed in */
#define GRACE_MS	     60000  /* to sign in */
#define FAREWELL_MS	     2000   /* to read why it ends */
#define BACKLOG_MAX	     (256 * 1024) /* bytes that a client has not read: then it is not read */

struct conduit;
struct knocking;

TAILQ_HEAD(clients, client);
TAILQ_HEAD(conduits, conduit);

struct gateway {
	struct core *core;
	struct auth *auth;
	struct hub *hub;
	ssh_bind bind;
	int listener;
	unsigned port;
	char *fingerprint;
	sd_event_source *io, *breath; /* breath: no more handshakes for a moment */
	unsigned handshakes;	      /* since the last breath */
	struct bus_listener bus;
	struct clients clients;
	unsigned client_count, strangers;
};

enum client_state {
	CLIENT_STRANGER, /* handshake, sign-in */
	CLIENT_KNOWN,	 /* signed in as a seat */
	CLIENT_LEAVING,	 /* its channels are being closed, with a word why */
};

struct client {
	TAILQ_ENTRY(client) entry;
	struct gateway *gateway;
	enum client_state state;
	int fd; /* libssh's */
	ssh_session session;
	ssh_event event;
	sd_event_source *io, *later, *timer;
	char address[64];
	uint8_t origin[8]; /* of the address: whose limit it counts for */
	unsigned tries, requests;
	struct knocking *knocking; /* a password is being checked */
	int64_t seat_id;
	char machine[33];
	char *password; /* the hash that let it in; or */
	char *key;	/* the public key, in base64 */
	unsigned offers; /* of keys */
	ssh_message offer; /* the last one, that would do: its signature is to come; NULL */
	uint64_t offer_packets; /* of packets.in_packets, when it was answered */
	struct ssh_counter_struct wire, packets;
	uint64_t wire_seen, packets_seen;
	size_t backlog; /* about as many bytes wait in libssh */
	size_t budget;	/* bytes of output that may be given to libssh in this turn */
	struct conduits conduits;
	unsigned conduit_count;
};

enum conduit_kind { CONDUIT_OPEN, CONDUIT_SHELL, CONDUIT_RUN, CONDUIT_DIAL };

struct conduit {
	TAILQ_ENTRY(conduit) entry;
	struct client *client;
	enum conduit_kind kind;
	ssh_channel channel; /* NULL: a connection that is still being made */
	ssh_message opening; /* its request, to be answered */
	struct ssh_channel_callbacks_struct callbacks;
	struct viewer *viewer;	    /* CONDUIT_SHELL, while the shell lives */
	struct link_stream *stream; /* CONDUIT_RUN, CONDUIT_DIAL, while it lives */
	struct buf in;		    /* from the client, not taken yet */
	size_t unread;		    /* what libssh holds behind that */
	struct buf out, errors;	    /* for the client */
	bool pty, eof, eof_told;    /* eof: the client sends no more */
	bool output_ended, eof_sent;
	bool ended, gone;	    /* what it led to is over; the client closed it */
	bool connected;		    /* it leads somewhere: its opening may be answered */
	int status;		    /* as link_exec_result has it; -1: none */
	uint16_t rows, columns;
};

/* ---- client.c ------------------------------------------------------------------------------- */

/* Takes the socket. */
void client_new(struct gateway *gateway, int fd, const char *address, const uint8_t origin[8]);
void client_free(struct client *client);
/* A turn soon: something of it has changed. */
void client_wake(struct client *client);
/* Every channel is told why, and closed. */
void client_dismiss(struct client *client, const char *why);
/* Its seat, while it is in a class that runs. */
struct seat *client_seat(const struct client *client);

/* ---- conduit.c ------------------------------------------------------------------------------ */

void conduit_open(struct client *client, ssh_message message); /* owns the message */
void conduit_request(struct client *client, ssh_message message);
void conduit_free(struct conduit *conduit);
/* Moves what can be moved. May free the conduit. */
void conduit_pump(struct conduit *conduit);
/* A word of ours in its output, on a line of its own. */
void conduit_say(struct conduit *conduit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* It is over; status -1: none is told. */
void conduit_end(struct conduit *conduit, int status);
/* The machine that it leads to; NULL with err. */
struct machine *conduit_machine(struct conduit *conduit, struct err *err);
const char *conduit_language(const struct conduit *conduit);

/* ---- shell.c, stream.c ---------------------------------------------------------------------- */

int shell_begin(struct conduit *conduit, const char *command, struct err *err); /* NULL: a shell */
int run_begin(struct conduit *conduit, const char *command, struct err *err);
int dial_begin(struct conduit *conduit, const char *host, unsigned port, struct err *err);

/* ---- reach.c -------------------------------------------------------------------------------- */

/* The numeric address of a machine's name, "localhost" or an address, if it is in the seat's own network.
 * ERR_DENIED, ERR_NOT_FOUND. */
int reach(const struct pack *pack, const struct pack_machine *from, const char *host,
	  char address[64], struct err *err);

/* ---- key.c ---------------------------------------------------------------------------------- */

/* The key is the caller's; the fingerprint too. */
int key_open(const char *state_dir, ssh_key *key, char **fingerprint, struct err *err);
/* "SHA256:..."; to be freed. */
char *key_fingerprint(ssh_key key);

/* ---- guard.c -------------------------------------------------------------------------------- */

/* Between the two, libssh works for this socket on T0. */
void guard_begin(int fd);
void guard_end(void);

#endif
