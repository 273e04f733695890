/* One channel: between libssh and a terminal of the hub, or a stream of a machine's agent.
 *
 * To the machine: what libssh calls us with is passed on at once, as much as the machine takes. The rest
 * stays in libssh, whose window then does not grow: at most 1.3 MB of a channel. From the machine: a stream
 * sends no more than was granted, and granted is what libssh took; a terminal's output waits in the hub
 * while OUT_MAX bytes are here.
 *
 * libssh's callbacks only take data and set marks. Everything that writes is done by conduit_pump(), in the
 * client's turn.
 */
#include "ssh/inside.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/access.h"
#include "store/people.h"

#define PIECE (32 * 1024) /* bytes of one write */
#define SFTP  "exec /usr/lib/openssh/sftp-server"

/* ---- to the machine ------------------------------------------------------------------------- */

/* What is not wanted any more is taken, too. */
static size_t sink(struct conduit *conduit, const uint8_t *data, size_t length)
{
	if (conduit->ended)
		return length;
	if (conduit->stream)
		return link_stream_write(conduit->stream, data, length);
	if (conduit->viewer)
		return viewer_input(conduit->viewer, data, length < 65536 ? length : 65536);
	return 0;
}

static void push(struct conduit *conduit)
{
	if (conduit->in.length)
		buf_consume(&conduit->in, sink(conduit, conduit->in.data, conduit->in.length));
	if (!conduit->in.length)
		buf_free(&conduit->in);
}

/* Goes on with what libssh holds. */
static void drain(struct conduit *conduit)
{
	push(conduit);
	while (conduit->unread && !conduit->in.length) {
		size_t piece = conduit->unread < PIECE ? conduit->unread : PIECE;
		uint8_t *to = buf_reserve(&conduit->in, piece);
		int got = ssh_channel_read_timeout(conduit->channel, to, (uint32_t)piece, 0, 0);
		if (got <= 0) {
			conduit->unread = 0;
			break;
		}
		conduit->in.length += (size_t)got;
		conduit->unread -= (size_t)got;
		push(conduit);
	}
}

static void tell_eof(struct conduit *conduit)
{
	if (!conduit->eof || conduit->eof_told || conduit->unread || conduit->in.length)
		return;
	if (conduit->stream) {
		link_stream_eof(conduit->stream);
		conduit->eof_told = true;
	} else if (conduit->viewer) {
		conduit->eof_told = viewer_input(conduit->viewer, (const uint8_t *)"\004", 1) == 1;
	}
}

/* ---- what libssh calls ---------------------------------------------------------------------- */

static int on_data(ssh_session session, ssh_channel channel, void *data, uint32_t length,
		   int is_stderr, void *context)
{
	struct conduit *conduit = context;

	(void)session, (void)channel;
	if (is_stderr)
		return (int)length;
	size_t taken = conduit->in.length ? 0 : sink(conduit, data, length);
	conduit->unread = length - taken;
	return (int)taken;
}

static void on_eof(ssh_session session, ssh_channel channel, void *context)
{
	struct conduit *conduit = context;

	(void)session, (void)channel;
	conduit->eof = true;
	client_wake(conduit->client);
}

static void on_close(ssh_session session, ssh_channel channel, void *context)
{
	struct conduit *conduit = context;

	(void)session, (void)channel;
	conduit->gone = true;
	client_wake(conduit->client);
}

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },	  { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "ABRT", SIGABRT }, { "FPE", SIGFPE },	  { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV }, { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
};

static void on_signal(ssh_session session, ssh_channel channel, const char *name, void *context)
{
	struct conduit *conduit = context;

	(void)session, (void)channel;
	for (size_t i = 0; i < ARRAY_SIZE(signals) && conduit->stream; i++)
		if (str_equal(signals[i].name, name))
			link_stream_signal(conduit->stream, signals[i].number);
}

static uint16_t cells(int wanted, uint16_t otherwise)
{
	return wanted < 1 ? otherwise : wanted > 1000 ? 1000 : (uint16_t)wanted;
}

/* Their heirs are callbacks that have to decide at once, and only exist together with others: what is not
 * decided in a callback then is refused. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void take_size(struct conduit *conduit, ssh_message message)
{
	conduit->rows = cells(ssh_message_channel_request_pty_height(message), 24);
	conduit->columns = cells(ssh_message_channel_request_pty_width(message), 80);
	if (conduit->viewer)
		viewer_resize(conduit->viewer, conduit->rows, conduit->columns);
}
#pragma GCC diagnostic pop

/* ---- to the client -------------------------------------------------------------------------- */

/* So many bytes went to libssh. */
static void taken(struct conduit *conduit, size_t length)
{
	conduit->client->budget -= length < conduit->client->budget ? length : conduit->client->budget;
	if (conduit->stream)
		link_stream_grant(conduit->stream, length);
	else if (conduit->viewer && conduit->out.length < PIECE / 2)
		viewer_ready(conduit->viewer);
}

static void flush(struct conduit *conduit, struct buf *buf, bool errors)
{
	ssh_channel channel = conduit->channel;

	while (buf->length && conduit->client->budget && !conduit->gone) {
		size_t piece = buf->length < PIECE ? buf->length : PIECE;
		uint32_t window = ssh_channel_window_size(channel);
		if (piece > window)
			piece = window;
		if (!piece)
			return;
		int wrote = errors ? ssh_channel_write_stderr(channel, buf->data, (uint32_t)piece)
				   : ssh_channel_write(channel, buf->data, (uint32_t)piece);
		if (wrote <= 0)
			return;
		buf_consume(buf, (size_t)wrote);
		taken(conduit, (size_t)wrote);
	}
	if (!buf->length)
		buf_free(buf);
}

static void send_status(struct conduit *conduit)
{
	int status = conduit->status, number = status - 256;

	if (status < 0 || conduit->kind == CONDUIT_DIAL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == number) {
			ssh_channel_request_send_exit_signal(conduit->channel, signals[i].name, 0, "",
							     "");
			return;
		}
	ssh_channel_request_send_exit_status(conduit->channel, status < 256 ? status : 128 + number);
}

/* A connection that could not be made, or was: the client is still waiting to hear. True: there is a
 * channel. */
static bool answer_opening(struct conduit *conduit)
{
	ssh_message message = conduit->opening;

	if (conduit->channel)
		return true;
	if (!conduit->connected) {
		if (conduit->ended)
			conduit_free(conduit);
		return false;
	}
	conduit->opening = NULL;
	conduit->channel = ssh_message_channel_request_open_reply_accept(message);
	ssh_message_free(message);
	if (conduit->channel)
		ssh_set_channel_callbacks(conduit->channel, &conduit->callbacks);
	else
		conduit_free(conduit);
	return conduit->channel;
}

void conduit_pump(struct conduit *conduit)
{
	if (!conduit->channel && !answer_opening(conduit))
		return;
	drain(conduit);
	tell_eof(conduit);
	flush(conduit, &conduit->errors, true);
	flush(conduit, &conduit->out, false);
	bool empty = !conduit->out.length && !conduit->errors.length;
	if (conduit->gone) {
		conduit_free(conduit);
	} else if (conduit->ended && empty) {
		send_status(conduit);
		conduit_free(conduit);
	} else if (conduit->output_ended && empty && !conduit->eof_sent &&
		   conduit->kind == CONDUIT_DIAL) {
		conduit->eof_sent = true;
		ssh_channel_send_eof(conduit->channel);
	}
}

void conduit_say(struct conduit *conduit, const char *format, ...)
{
	struct buf *to = conduit->kind == CONDUIT_SHELL ? &conduit->out : &conduit->errors;
	char text[ERR_MESSAGE_MAX];
	va_list args;

	if (conduit->kind == CONDUIT_DIAL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_fmt(to, conduit->kind == CONDUIT_SHELL ? "\r\nterakoya: %s\r\n" : "terakoya: %s\n", text);
	client_wake(conduit->client);
}

void conduit_end(struct conduit *conduit, int status)
{
	if (conduit->ended)
		return;
	conduit->ended = true;
	conduit->status = status;
	client_wake(conduit->client);
}

/* ---- requests ------------------------------------------------------------------------------- */

struct machine *conduit_machine(struct conduit *conduit, struct err *err)
{
	const struct client *client = conduit->client;
	struct seat *seat = client_seat(client);
	const char *name = *client->machine ? client->machine : NULL;
	struct machine *machine = seat ? seat_machine(seat, name) : NULL;

	if (!machine)
		err_set(err, ERR_NOT_FOUND, "this seat has no machine \"%s\"", name ? name : "");
	else if (!machine->spec || machine->state != MACHINE_READY || !machine->link)
		err_set(err, ERR_UNAVAILABLE, "%s is %s: try again when it is ready",
			machine->row.name, machine_state_names[machine->state]);
	else
		return machine;
	return NULL;
}

const char *conduit_language(const struct conduit *conduit)
{
	struct core *core = conduit->client->gateway->core;
	struct seat *seat = core_seat(core, conduit->client->seat_id);
	AUTO(person) struct person person = { 0 };

	if (seat && seat->row.person &&
	    people_get(core_store(core), seat->row.person, &person, NULL) == 0 &&
	    str_equal(person.language, "ja"))
		return "ja";
	return "en";
}

/* core/access.c's table has a row for each kind of channel. A class that is over is told of later. */
static bool may(const struct client *client, const char *channel)
{
	const struct actor actor = { .role = ROLE_STUDENT, .seat = client->seat_id };
	const struct seat *seat = client_seat(client);

	return !seat || access_check(access_rule_of("ssh", channel), &actor, NULL, seat, NULL) == 0;
}

/* What keeps it from beginning is said in its own output, where people see it. */
static void begin(struct conduit *conduit, ssh_message message, const char *command)
{
	struct err err = ERR_INIT;

	ssh_message_channel_request_reply_success(message);
	int result = conduit->pty ? shell_begin(conduit, command, &err)
				  : run_begin(conduit, command, &err);
	if (result == 0)
		return;
	conduit_say(conduit, "%s", err.message);
	conduit_end(conduit, 255);
}

/* True: it was answered. */
static bool answer_request(struct conduit *conduit, ssh_message message)
{
	bool open = conduit->kind == CONDUIT_OPEN && !conduit->ended;

	switch (ssh_message_subtype(message)) {
	case SSH_CHANNEL_REQUEST_PTY:
		if (open) {
			conduit->pty = true;
			take_size(conduit, message);
			ssh_message_channel_request_reply_success(message);
		}
		return open;
	case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
		take_size(conduit, message);
		return true;
	case SSH_CHANNEL_REQUEST_SHELL:
		open = open && may(conduit->client, "shell");
		if (open)
			begin(conduit, message, NULL);
		return open;
	case SSH_CHANNEL_REQUEST_EXEC:
		open = open && may(conduit->client, "exec");
		if (open)
			begin(conduit, message, ssh_message_channel_request_command(message));
		return open;
	case SSH_CHANNEL_REQUEST_SUBSYSTEM:
		open = open && !conduit->pty && may(conduit->client, "sftp") &&
		       str_equal(ssh_message_channel_request_subsystem(message), "sftp");
		if (open)
			begin(conduit, message, SFTP);
		return open;
	default:
		return false;
	}
}

/* A channel that we have let go already is not answered: libssh may have forgotten it, too. */
void conduit_request(struct client *client, ssh_message message)
{
	ssh_channel channel = ssh_message_channel_request_channel(message);
	struct conduit *conduit;

	TAILQ_FOREACH(conduit, &client->conduits, entry)
		if (conduit->channel == channel)
			break;
	if (conduit && !conduit->gone && !answer_request(conduit, message))
		ssh_message_reply_default(message);
}

/* ---- life ----------------------------------------------------------------------------------- */

static struct conduit *conduit_new(struct client *client)
{
	struct conduit *conduit = mem_alloc(sizeof(*conduit));

	conduit->client = client;
	conduit->status = -1;
	conduit->callbacks.userdata = conduit;
	conduit->callbacks.channel_data_function = on_data;
	conduit->callbacks.channel_eof_function = on_eof;
	conduit->callbacks.channel_close_function = on_close;
	conduit->callbacks.channel_signal_function = on_signal;
	ssh_callbacks_init(&conduit->callbacks);
	TAILQ_INSERT_TAIL(&client->conduits, conduit, entry);
	client->conduit_count++;
	return conduit;
}

void conduit_open(struct client *client, ssh_message message)
{
	int kind = ssh_message_subtype(message);
	struct err err = ERR_INIT;

	if ((kind != SSH_CHANNEL_SESSION && kind != SSH_CHANNEL_DIRECT_TCPIP) ||
	    (kind == SSH_CHANNEL_DIRECT_TCPIP && !may(client, "direct-tcpip")) ||
	    client->conduit_count >= CONDUITS_PER_CLIENT) {
		ssh_message_reply_default(message);
		ssh_message_free(message);
		return;
	}
	struct conduit *conduit = conduit_new(client);
	conduit->opening = message;
	conduit->connected = kind == SSH_CHANNEL_SESSION;
	if (kind == SSH_CHANNEL_DIRECT_TCPIP &&
	    dial_begin(conduit, ssh_message_channel_request_open_destination(message),
		       (unsigned)ssh_message_channel_request_open_destination_port(message), &err) < 0)
		conduit->ended = true;
	answer_opening(conduit);
}

void conduit_free(struct conduit *conduit)
{
	struct client *client = conduit->client;

	TAILQ_REMOVE(&client->conduits, conduit, entry);
	client->conduit_count--;
	if (conduit->viewer)
		viewer_hangup(conduit->viewer);
	if (conduit->stream)
		link_stream_close(conduit->stream);
	if (conduit->opening) {
		ssh_message_reply_default(conduit->opening);
		ssh_message_free(conduit->opening);
	}
	if (conduit->channel) {
		ssh_remove_channel_callbacks(conduit->channel, &conduit->callbacks);
		if (!conduit->gone)
			ssh_channel_close(conduit->channel);
		ssh_channel_free(conduit->channel);
	}
	buf_free(&conduit->in);
	buf_free(&conduit->out);
	buf_free(&conduit->errors);
	free(conduit);
}
