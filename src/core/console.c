/* The serial line of a machine, from when it runs until it does not. Whoever waits for what it says
 * is above (term/); here it is opened and closed with the machine, whether its agent answers or
 * not.
 */
#include "core/internal.h"

#define LOG_MODULE "console"
#include "base/auto.h"
#include "base/log.h"

static const struct core_terminals *listeners(const struct machine *machine)
{
	return machine->core->stopping ? NULL : machine->core->terminals;
}

static void on_data(void *context, const uint8_t *data, size_t length)
{
	struct machine *machine = context;

	if (listeners(machine))
		listeners(machine)->console_data(machine->core->terminals_context, machine, data,
						 length);
}

static void on_room(void *context)
{
	struct machine *machine = context;

	if (listeners(machine))
		listeners(machine)->console_room(machine->core->terminals_context, machine);
}

/* Its QEMU has ended. libvirt tells so, too, and then it is known whether the machine is off or
 * frozen. */
static void on_gone(void *context)
{
	machine_console_close(context, false);
}

void machine_console_open(struct machine *machine)
{
	static const struct console_events events = { on_data, on_room, on_gone };
	struct err err = ERR_INIT;

	if (machine->console || !machine->running.console[0])
		return;
	machine->console = console_open(machine->core->loop, machine->running.console,
					machine->running.pid, &events, machine, &err);
	if (!machine->console)
		log_warning("seat %u %s has no console: %s", machine->seat->row.number,
			    machine->row.name, err.message);
	else if (listeners(machine))
		listeners(machine)->console_up(machine->core->terminals_context, machine);
}

void machine_console_close(struct machine *machine, bool gone)
{
	bool was = machine->console;

	console_free(STEAL(machine->console));
	if ((was || gone) && listeners(machine))
		listeners(machine)->console_down(machine->core->terminals_context, machine, gone);
}
