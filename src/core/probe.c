/* Probing: what the environment promises of a machine, looked at in the machine, one thing after the other.
 *
 * Files and ports are looked at by the agent itself, as files that it reads. Scripts are run. The
 * difference is worth an element of its own in course.xml: under emulation a clone that starts its first
 * shell spends half a second of processor time on it, more than on everything else together.
 */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"

#define FILE_MOST      (4 * 1024 * 1024) /* a longer file cannot be probed */
#define SCRIPT_TIME_MS 20000
#define TCP_LISTEN     "0A"

static void probe_step(struct machine *machine, size_t step);

static const struct pack_probe *probe_of(const struct machine *machine, size_t step)
{
	return &machine->spec->probe[step];
}

/* The connection went: the agent answers anew, or the deadline comes. */
static bool connection_went(const struct err *err)
{
	return err && err->kind == ERR_UNAVAILABLE;
}

static void refuse(struct machine *machine, const char *what, const char *why)
{
	char reason[400];

	snprintf(reason, sizeof(reason), "its probe %.120s %.200s", what, why);
	machine_step(machine, EVENT_REFUSED, reason);
}

/* ---- files ------------------------------------------------------------------------------------ */

static void file_read(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct awaited *awaited = context;
	size_t step = awaited->step;
	struct machine *machine = awaited_machine(awaited);

	(void)result;
	if (!machine || connection_went(err))
		return;
	if (err)
		refuse(machine, probe_of(machine, step)->what, err->message);
	else
		probe_step(machine, step + 1);
}

/* ---- ports ------------------------------------------------------------------------------------ */

/* A line of /proc/net/tcp: "sl: local:PORT remote:PORT state ...", numbers in hexadecimal. */
static bool line_listens(const char *line, unsigned port)
{
	char local[64], state[8];
	unsigned number;

	if (sscanf(line, " %*[0-9]: %63s %*s %7s", local, state) != 2)
		return false;
	const char *colon = strrchr(local, ':');
	return colon && sscanf(colon, ":%x", &number) == 1 && number == port && strcmp(state, TCP_LISTEN) == 0;
}

/* Line by line in a place of its own: sscanf() measures all that is behind what it reads, and the table is
 * as long as the machine says. */
bool probe_table_listens(const char *table, unsigned port)
{
	while (*table) {
		char line[160];
		size_t length = strcspn(table, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, table);
		if (line_listens(line, port))
			return true;
		table += length + (table[length] == '\n');
	}
	return false;
}

static void port_looked(struct awaited *awaited, const struct link_exec_result *result,
			const struct err *err, link_exec_fn *next)
{
	size_t step = awaited->step;
	struct machine *machine = awaited_machine(awaited);
	char what[32];

	if (!machine || connection_went(err))
		return;
	unsigned port = probe_of(machine, step)->port;
	if (!err && probe_table_listens((const char *)result->output, port)) {
		probe_step(machine, step + 1);
	} else if (next) {
		awaited = await(machine);
		awaited->step = step;
		link_get_file(machine->link, "/proc/net/tcp6", FILE_MOST, next, awaited);
	} else {
		snprintf(what, sizeof(what), "of TCP port %u", port);
		refuse(machine, what, err ? err->message : "failed: nothing listens on it");
	}
}

static void port_in_tcp6(void *context, const struct link_exec_result *result, const struct err *err)
{
	port_looked(context, result, err, NULL);
}

static void port_in_tcp(void *context, const struct link_exec_result *result, const struct err *err)
{
	port_looked(context, result, err, port_in_tcp6);
}

/* ---- scripts ---------------------------------------------------------------------------------- */

static void script_ran(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct awaited *awaited = context;
	size_t step = awaited->step;
	struct machine *machine = awaited_machine(awaited);
	char why[300];

	if (!machine || connection_went(err))
		return;
	if (!err && result->status == 0 && !result->timed_out) {
		probe_step(machine, step + 1);
		return;
	}
	if (err)
		snprintf(why, sizeof(why), "could not run: %.200s", err->message);
	else
		snprintf(why, sizeof(why), "%s (status %d): %.150s",
			 result->timed_out ? "took too long" : "failed", result->status,
			 result->error_length ? (const char *)result->errors : "it said nothing");
	refuse(machine, probe_of(machine, step)->what, why);
}

static void run_script(struct machine *machine, const char *path, struct awaited *awaited)
{
	static const char *const argv[] = { "/bin/sh", "-s", NULL };
	AUTO(buf) struct buf text = { 0 };
	struct err err = ERR_INIT;

	if (pack_script(machine->seat->class->pack, path, &text, &err) < 0) {
		awaited_machine(awaited);
		refuse(machine, path, err.message);
		return;
	}
	struct link_exec exec = { .argv = argv,
				  .input = text.data,
				  .input_length = text.length,
				  .timeout_ms = SCRIPT_TIME_MS };
	link_exec(machine->link, &exec, script_ran, awaited);
}

/* ---- one after the other ---------------------------------------------------------------------- */

static void probe_step(struct machine *machine, size_t step)
{
	if (step == machine->spec->probes) {
		machine_step(machine, EVENT_PROBED, NULL);
		return;
	}
	const struct pack_probe *probe = probe_of(machine, step);
	struct awaited *awaited = await(machine);
	awaited->step = step;
	if (probe->kind == PACK_PROBE_SCRIPT)
		run_script(machine, probe->what, awaited);
	else if (probe->kind == PACK_PROBE_FILE)
		link_get_file(machine->link, probe->what, FILE_MOST, file_read, awaited);
	else
		link_get_file(machine->link, "/proc/net/tcp", FILE_MOST, port_in_tcp, awaited);
}

void probe_begin(struct machine *machine)
{
	probe_step(machine, 0);
}
