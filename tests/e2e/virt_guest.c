#include "virt_guest.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "guest/link.h"

#define ANSWER_MS 10000
#define LOOKS     9 /* at the clock, of which the quickest answered counts */

/* One link at a time, T0's; `answered` and `told` hand over what it heard. */
static struct {
	struct loop *loop;
	struct link *link;
	const char *channel;
	struct link_hello hello;
	double uptime;
	uint64_t asked_us, answered_us;
	atomic_bool answered, told;
} guest;

void guest_begin(struct loop *loop)
{
	guest.loop = loop;
}

static void on_up(void *context, const struct link_hello *hello)
{
	(void)context;
	guest.hello = *hello;
	atomic_store(&guest.answered, true);
}

static void on_down(void *context, const struct err *why)
{
	(void)context, (void)why;
}

static void on_data(void *context, uint16_t channel, uint64_t offset, const uint8_t *data,
		    size_t length)
{
	(void)context, (void)channel, (void)offset, (void)data, (void)length;
}

static void on_exit_of(void *context, uint16_t channel, int status)
{
	(void)context, (void)channel, (void)status;
}

static void on_writable(void *context, uint16_t channel)
{
	(void)context, (void)channel;
}

static void open_link(void *argument)
{
	static const struct link_events events = { .up = on_up,
						   .down = on_down,
						   .pty_data = on_data,
						   .pty_exit = on_exit_of,
						   .pty_writable = on_writable };

	(void)argument;
	guest.link = link_new(guest.loop, guest.channel, &events, NULL);
}

static void close_link(void *argument)
{
	(void)argument;
	link_free(guest.link);
	guest.link = NULL;
}

static bool wait_for(atomic_bool *flag, uint64_t end_ms)
{
	while (!atomic_exchange(flag, false)) {
		if (clock_mono_ms() > end_ms)
			return false;
		usleep(1000);
	}
	return true;
}

static void begin(const struct virt_running *running)
{
	guest.channel = running->channel;
	atomic_store(&guest.answered, false);
	loop_post(guest.loop, open_link, NULL);
}

static void end(void)
{
	loop_post(guest.loop, close_link, NULL);
	usleep(100000);
}

const char *guest_boot_id(const struct virt_running *running, const char *not, unsigned seconds)
{
	static char id[sizeof(guest.hello.boot_id)];
	uint64_t limit = clock_mono_ms() + seconds * 1000u;
	bool found = false;

	begin(running);
	while (!found && wait_for(&guest.answered, limit)) {
		snprintf(id, sizeof(id), "%s", guest.hello.boot_id);
		found = !str_equal(id, not);
	}
	end();
	return found ? id : "";
}

/* ---- its clock ------------------------------------------------------------------------------ */

static void uptime_came(void *context, const struct link_exec_result *result, const struct err *err)
{
	(void)context;
	guest.answered_us = clock_mono_us();
	guest.uptime = err ? 0 : strtod((const char *)result->output, NULL);
	atomic_store(&guest.told, true);
}

static void ask_uptime(void *argument)
{
	(void)argument;
	guest.asked_us = clock_mono_us();
	link_get_file(guest.link, "/proc/uptime", 128, uptime_came, NULL);
}

/* The machine's uptime and when it was so here, in seconds. */
static bool look(double *uptime, double *at)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < LOOKS; i++) {
		loop_post(guest.loop, ask_uptime, NULL);
		if (!wait_for(&guest.told, clock_mono_ms() + ANSWER_MS) || guest.uptime <= 0)
			return false;
		uint64_t took = guest.answered_us - guest.asked_us;
		if (took >= best)
			continue;
		best = took;
		*uptime = guest.uptime;
		*at = (double)(guest.asked_us + took / 2) / 1e6;
	}
	return true;
}

double guest_clock_rate(const struct virt_running *running, unsigned seconds)
{
	double uptime[2], at[2], rate = 0;

	begin(running);
	if (wait_for(&guest.answered, clock_mono_ms() + ANSWER_MS) && look(&uptime[0], &at[0])) {
		sleep(seconds);
		if (look(&uptime[1], &at[1]))
			rate = (uptime[1] - uptime[0]) / (at[1] - at[0]);
	}
	end();
	return rate;
}
