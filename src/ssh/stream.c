/* Channels that lead to a stream: a command with its three streams, sftp, or a connection. */
#include "ssh/inside.h"

#include "base/str.h"

/* ---- what the machine says ------------------------------------------------------------------ */

static void on_connected(void *context)
{
	struct conduit *conduit = context;

	conduit->connected = true;
	client_wake(conduit->client);
}

static void on_output(void *context, bool errors, const uint8_t *data, size_t length)
{
	struct conduit *conduit = context;

	buf_append(errors ? &conduit->errors : &conduit->out, data, length);
	client_wake(conduit->client);
}

static void on_output_end(void *context)
{
	struct conduit *conduit = context;

	conduit->output_ended = true;
	client_wake(conduit->client);
}

static void on_writable(void *context)
{
	client_wake(((struct conduit *)context)->client);
}

static void on_ended(void *context, int status, const struct err *err)
{
	struct conduit *conduit = context;

	conduit->stream = NULL;
	if (err)
		conduit_say(conduit, "%s", err->message);
	conduit_end(conduit, err ? 255 : status);
}

static const struct link_stream_events events = {
	on_connected, on_output, on_output_end, on_writable, on_ended,
};

/* ---- the beginning -------------------------------------------------------------------------- */

int run_begin(struct conduit *conduit, const char *command, struct err *err)
{
	const char *const env[] = {
		str_equal(conduit_language(conduit), "ja") ? "LANG=ja_JP.UTF-8" : "LANG=en_US.UTF-8",
		NULL,
	};
	struct machine *machine = conduit_machine(conduit, err);

	conduit->kind = CONDUIT_RUN;
	if (!machine)
		return -1;
	const struct link_stream_spec spec = {
		.user = machine->spec->user,
		.command = command,
		.env = env,
	};
	conduit->stream = link_stream_run(machine->link, &spec, &events, conduit, err);
	return conduit->stream ? 0 : -1;
}

int dial_begin(struct conduit *conduit, const char *host, unsigned port, struct err *err)
{
	struct machine *machine = conduit_machine(conduit, err);
	char address[64];

	conduit->kind = CONDUIT_DIAL;
	if (!machine)
		return -1;
	if (!host || port < 1 || port > 65535)
		return err_set(err, ERR_INVALID, "a port is 1 to 65535");
	if (reach(machine->seat->class->pack, machine->spec, host, address, err) < 0)
		return -1;
	conduit->stream = link_stream_dial(machine->link, address, (uint16_t)port, &events, conduit, err);
	return conduit->stream ? 0 : -1;
}
