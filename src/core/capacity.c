#include "core/capacity.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "capacity"
#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/class.h"
#include "core/figures.h"
#include "core/internal.h"
#include "core/setting.h"
#include "store/plans.h"

#define MIB          (1ull << 20)
#define GIGA         (1024.0 * MIB)
#define DISK_RESERVE (2048 * MIB)
#define DAY_MS       (12ll * 60 * 60 * 1000) /* how long a class goes on of which nothing is planned */

uint64_t memory_reserve(const struct core *core)
{
	return (uint64_t)setting_number(core, SETTING_MEMORY_RESERVE) * MIB;
}

/* ---- arithmetic ------------------------------------------------------------------------------- */

static uint64_t less(uint64_t from, uint64_t taken)
{
	return from > taken ? from - taken : 0;
}

static unsigned seats_in(uint64_t free, uint64_t once, uint64_t each)
{
	uint64_t seats = each ? less(free, once) / each : CLASS_SEATS_MAX;

	return seats > CLASS_SEATS_MAX ? CLASS_SEATS_MAX : (unsigned)seats;
}

void capacity_weigh(struct capacity *capacity, const struct load *load)
{
	*capacity = (struct capacity){ .seats = load->seats,
				       .memory_needed = load->once + load->seats * load->seat_memory,
				       .disk_needed = load->seats * load->seat_disk,
				       .memory_free = less(load->memory, load->memory_kept),
				       .disk_free = less(load->disk, load->disk_kept),
				       .memory_kept = load->memory_kept,
				       .disk_kept = load->disk_kept,
				       .kept_for = load->kept_for,
				       .launch_ms = load->launch_ms };
	unsigned by_memory = seats_in(capacity->memory_free, load->once, load->seat_memory);
	unsigned by_disk = seats_in(capacity->disk_free, 0, load->seat_disk);
	capacity->seats_that_fit = by_memory < by_disk ? by_memory : by_disk;
	capacity->fits = load->seats <= capacity->seats_that_fit;
}

/* ---- what others will still take -------------------------------------------------------------- */

/* When a class is planned to do something next; 0: never. from: not before that. */
static int64_t planned(const struct class *class, enum plan_action action, enum plan_action or, int64_t from)
{
	struct plan_row *row = NULL;
	size_t rows = 0;
	int64_t at = 0;

	plans_list(class->core->store, class->row.id, &row, &rows, NULL);
	for (size_t i = 0; i < rows; i++) {
		bool wanted = str_equal(row[i].action, plan_action_names[action]) ||
			      str_equal(row[i].action, plan_action_names[or]);
		if (wanted && !row[i].outcome && row[i].at >= from && !at)
			at = row[i].at;
		plan_row_free(&row[i]);
	}
	free(row);
	return at;
}

/* class NULL: one that is not there yet. */
static int64_t end_of(const struct class *class)
{
	int64_t now = clock_real_ms();
	int64_t end = class ? planned(class, PLAN_FREEZE, PLAN_CLOSE, now) : 0;

	return end ? end : now + DAY_MS;
}

/* Whether machines that do not exist now will be there before `end`. */
static bool is_to_come(const struct class *class, int64_t end, bool resuming)
{
	int64_t at;

	if (class->state == CLASS_DRAFT) {
		at = planned(class, PLAN_PREPARE, PLAN_OPEN, 0);
		return at && at <= end;
	}
	at = planned(class, PLAN_RESUME, PLAN_RESUME, 0);
	return at ? at <= end : !resuming;
}

static void add_machine(struct load *load, const struct machine *machine, const struct cost *cost, bool to_come)
{
	bool dormant = machine->seat->class->state == CLASS_DRAFT || machine->seat->class->state == CLASS_FROZEN;

	switch (machine->state) {
	case MACHINE_REMOVING:
		return;
	case MACHINE_ABSENT:
		load->memory_kept += to_come ? cost->memory : 0;
		load->disk_kept += to_come ? cost->disk : 0;
		return;
	case MACHINE_FROZEN:
		/* What it takes on disk, it has. */
		load->memory_kept += !dormant || to_come ? cost->memory : 0;
		return;
	case MACHINE_WAITING:
	case MACHINE_CLONING:
	case MACHINE_OFF:
	case MACHINE_FAILED:
		load->memory_kept += !dormant || to_come ? cost->memory : 0;
		load->disk_kept += less(cost->disk, machine->disk);
		return;
	default:
		load->memory_kept += less(cost->memory, machine->own);
		load->disk_kept += less(cost->disk, machine->disk);
	}
}

static void add_class(struct load *load, struct class *class, int64_t end, bool resuming)
{
	AUTO_FREE struct cost *cost = mem_alloc(class->pack->machines * sizeof(*cost));
	bool dormant = class->state == CLASS_DRAFT || class->state == CLASS_FROZEN;
	bool to_come = dormant && is_to_come(class, end, resuming);
	uint64_t before = load->memory_kept + load->disk_kept;

	if (class->state >= CLASS_CLOSING || (class->state == CLASS_DRAFT && !to_come))
		return;
	for (size_t i = 0; i < class->pack->machines; i++)
		cost[i] = machine_cost(class->core, class->pack, &class->pack->machine[i]);
	for (size_t i = 0; i < class->seats; i++)
		for (size_t k = 0; k < class->seat[i].machines; k++) {
			const struct machine *machine = &class->seat[i].machine[k];
			if (machine->spec)
				add_machine(load, machine, &cost[machine->spec - class->pack->machine], to_come);
		}
	if (class->state == CLASS_DRAFT)
		load->memory_kept += template_memory(class->core, class->pack);
	load->kept_for += load->memory_kept + load->disk_kept > before;
}

/* ---- the verdict ------------------------------------------------------------------------------ */

/* Whether it would be another one if the others were not there. */
static bool others_matter(const struct capacity *capacity, const struct load *load)
{
	struct load alone = *load;
	struct capacity if_alone;

	alone.memory_kept = alone.disk_kept = 0;
	capacity_weigh(&if_alone, &alone);
	return load->kept_for && if_alone.seats_that_fit != capacity->seats_that_fit;
}

static const char *source_of(const struct capacity *capacity)
{
	if (!capacity->launch_ms || capacity->measured == capacity->time_measured)
		return capacity->measured ? "measured on this host" : "estimated; not measured on this host yet";
	return capacity->measured ? "measured on this host, the time is estimated" :
				    "estimated; the time was measured on this host";
}

static void say_need(struct buf *text, const struct capacity *capacity, const struct class *frozen, const char *course)
{
	double needed = (double)capacity->memory_needed / GIGA, there = (double)capacity->memory_free / GIGA;

	if (frozen)
		buf_fmt(text, "bringing back class %lld needs %.1f GB of memory, and %.1f GB are free",
			(long long)frozen->row.id, needed, there);
	else if (capacity->fits)
		buf_fmt(text, "%u %s %.1f GB of %.1f GB free memory, ready in about %u s; %u would fit", capacity->seats,
			capacity->seats == 1 ? "seat needs" : "seats need", needed, there,
			(capacity->launch_ms + 999) / 1000, capacity->seats_that_fit);
	else
		buf_fmt(text, "%u seat%s of %s do not fit on this host now: they need %.1f GB of memory and %.1f GB of "
			"disk, and %.1f and %.1f GB are free; %u seats fit", capacity->seats,
			capacity->seats == 1 ? "" : "s", course, needed, (double)capacity->disk_needed / GIGA, there, (double)capacity->disk_free / GIGA,
			capacity->seats_that_fit);
}

/* frozen: the class that is to be brought back; NULL: one is to be launched. */
static void say(struct capacity *capacity, const struct load *load, const struct class *frozen, const char *course)
{
	AUTO(buf) struct buf text = { 0 };
	bool crowded = others_matter(capacity, load);

	say_need(&text, capacity, frozen, course);
	if (crowded)
		buf_fmt(&text, "; %.1f GB of memory and %.1f GB of disk are kept for %u other %s",
			(double)capacity->memory_kept / GIGA, (double)capacity->disk_kept / GIGA, capacity->kept_for,
			capacity->kept_for == 1 ? "class" : "classes");
	buf_fmt(&text, " (%s)", source_of(capacity));
	if (!capacity->fits)
		buf_fmt(&text, ": %s", frozen	? "freeze or close another class first" :
				       crowded	? "close another class, freeze one that is planned to come back "
						  "later, or make fewer seats" :
						  "make fewer seats, or make room on the host");
	snprintf(capacity->verdict, sizeof(capacity->verdict), "%.*s", (int)text.length, (const char *)text.data);
}

static void weigh(struct core *core, const struct pack *pack, bool frozen, struct load *load,
		  struct capacity *capacity)
{
	bool measured = true, timed = true;
	uint64_t ms = LAUNCH_MS;

	for (size_t i = 0; i < pack->machines; i++) {
		struct cost cost = machine_cost(core, pack, &pack->machine[i]);
		load->seat_memory += cost.memory;
		load->seat_disk += frozen ? 0 : cost.disk; /* a frozen one has it */
		ms += (uint64_t)cost.ready_ms * load->seats;
		measured &= cost.measured;
		timed &= cost.time_measured;
	}
	load->once = template_memory(core, pack);
	load->memory = less(core->host.memory_available, memory_reserve(core));
	load->disk = less(core->host.disk_free, DISK_RESERVE);
	load->launch_ms = frozen ? 0 : (uint32_t)ms;
	capacity_weigh(capacity, load);
	capacity->measured = measured;
	capacity->time_measured = timed;
}

/* self NULL: a class that is not there yet. */
static void judge(struct core *core, const struct pack *pack, unsigned seats, const struct class *self,
		  struct capacity *capacity)
{
	const struct class *frozen = self && self->state == CLASS_FROZEN ? self : NULL;
	struct load load = { .seats = seats };
	int64_t end = end_of(self);
	struct class *class;

	*capacity = (struct capacity){ .seats = seats };
	if (!pack || !core->host_known) {
		snprintf(capacity->verdict, sizeof(capacity->verdict), "%s",
			 pack ? "the host is not known yet: libvirtd does not answer" : "no such course");
		return;
	}
	LIST_FOREACH(class, &core->classes, entry)
		if (class != self)
			add_class(&load, class, end, frozen != NULL);
	weigh(core, pack, frozen != NULL, &load, capacity);
	say(capacity, &load, frozen, pack->id);
}

void pack_capacity(struct core *core, const struct pack *pack, unsigned seats, struct capacity *capacity)
{
	judge(core, pack, seats, NULL, capacity);
}

void class_capacity(struct class *class, struct capacity *capacity)
{
	judge(class->core, class->pack, (unsigned)class->seats, class, capacity);
}

int capacity_check(struct class *class, struct err *err)
{
	struct capacity capacity;

	class_capacity(class, &capacity);
	return capacity.fits ? 0 : err_set(err, ERR_CAPACITY, "%s", capacity.verdict);
}

/* ---- while classes run ------------------------------------------------------------------------ */

static bool any_machines(struct core *core)
{
	struct machine *machine;

	LIST_FOREACH(machine, &core->machines, by_id)
		if (machine->link)
			return true;
	return false;
}

/* It is over only when there is a quarter more: a warning that comes and goes helps nobody. */
void capacity_look(struct core *core)
{
	uint64_t reserve = memory_reserve(core), there = core->host.memory_available;
	bool low = there < (core->memory_low ? reserve + reserve / 4 : reserve) && any_machines(core);

	if (low && !core->memory_low)
		log_warning("only %.1f GB of memory are free, less than the reserve of %.1f GB: freeze or close a class",
			    (double)there / GIGA, (double)reserve / GIGA);
	core->memory_low = low;
}
