/* A machine's connection to its agent: made when the machine may run, ended when it may not. What the agent says of
 * the machine is a step of its life; what it says of terminals goes to the hub. */
#include "core/internal.h"

#define LOG_MODULE "machine"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"

uint64_t machine_instance(const struct machine *machine)
{
	return (uint64_t)machine->row.id << 24 | (machine->row.generation & 0xffffff);
}

/* The step may lead straight to ready, where somebody waits to open a terminal that lives in the guest
 * already: none is opened until the hub has heard which do. It may as well end the link. */
static void link_up(void *context, const struct link_hello *hello)
{
	struct machine *machine = context;
	bool known = hello->instance == machine_instance(machine);

	machine->hello = *hello;
	machine->down_at = 0;
	machine_step(machine, known ? EVENT_KNOWN : EVENT_UP, NULL);
	if (known && machine->state != MACHINE_RESUMING) /* it may have stood still; one that resumes is told anyway */
		freeze_set_clock(machine);
	machine->announced = machine->link;
	if (machine->announced && machine->core->terminals)
		machine->core->terminals->up(machine->core->terminals_context, machine, hello);
}

static void link_down(void *context, const struct err *why)
{
	struct machine *machine = context;

	log_debug("%s: connection to the agent: %s", machine->row.name, why->message);
	if (!machine->down_at)
		machine->down_at = clock_mono_ms();
	machine->announced = false;
	if (machine->core->terminals)
		machine->core->terminals->down(machine->core->terminals_context, machine, false);
}

static void link_data(void *context, uint16_t channel, uint64_t offset, const uint8_t *data,
		      size_t length)
{
	struct machine *machine = context;

	if (machine->core->terminals)
		machine->core->terminals->data(machine->core->terminals_context, machine, channel,
					       offset, data, length);
}

static void link_exit(void *context, uint16_t channel, int status)
{
	struct machine *machine = context;

	if (machine->core->terminals)
		machine->core->terminals->exit(machine->core->terminals_context, machine, channel,
					       status);
}

static void link_writable(void *context, uint16_t channel)
{
	struct machine *machine = context;

	if (machine->core->terminals)
		machine->core->terminals->writable(machine->core->terminals_context, machine, channel);
}

void machine_connect(struct machine *machine)
{
	static const struct link_events events = {
		.up = link_up,
		.down = link_down,
		.pty_data = link_data,
		.pty_exit = link_exit,
		.pty_writable = link_writable,
	};

	machine_console_open(machine);
	if (machine->link)
		return;
	machine->down_at = clock_mono_ms();
	machine->link = link_new(machine->core->loop, machine->running.channel, &events, machine);
}

void machine_unlink(struct machine *machine, bool gone)
{
	struct core *core = machine->core;
	struct link *link = STEAL(machine->link);

	machine_console_close(machine, gone);
	if (!link)
		return;
	link_free(link);
	machine->announced = false;
	machine->health = (struct link_health){ 0 };
	if (core->terminals && !core->stopping)
		core->terminals->down(core->terminals_context, machine, gone);
}

void machine_disconnect(struct machine *machine)
{
	machine_unlink(machine, true);
}
