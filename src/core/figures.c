#include "core/figures.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "figures"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"

#define MIB             (1ull << 20)
#define EMULATOR        (40 * MIB) /* QEMU's own, per machine */
#define TRANSLATION     (64 * MIB) /* its translation cache under TCG, when it is full */
#define BUSY_PERCENT    20         /* of its memory that a clone makes its own; measured after labs: 119 to
				      139 MB in all, so this leaves a good quarter */
#define DISK            (512 * MIB)
#define DISK_LEAST      (128 * MIB) /* also of machines that wrote nothing: somebody will */
#define SAVED_PERCENT   40          /* of a machine's memory: what is its own, before that is known */
#define CLONE_MS        350         /* of one processor, per machine; measured: docs/measurements.md */
#define MARGIN_PERCENT  125         /* students do more than the one who was measured */
#define ENOUGH          4          /* of so many machines one may be left out */
#define AT_ONCE         6           /* machines that are measured every ten seconds: 1 to 3 ms of a processor each */
#define AGAIN_MS        30000       /* none is measured more often */

/* ---- what is reckoned with -------------------------------------------------------------------- */

struct cost cost_guess(uint64_t memory, bool clones, bool emulated)
{
	uint64_t own = clones ? memory * BUSY_PERCENT / 100 : memory;

	return (struct cost){ .memory = own + EMULATOR + (emulated ? TRANSLATION : 0),
			      .disk = DISK,
			      .saved = memory * SAVED_PERCENT / 100,
			      .ready_ms = CLONE_MS };
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What was seen of an earlier template, or of machines in which nothing was done yet, can only raise the guess. */
struct cost cost_of(const struct figure *figure, const struct cost *guess)
{
	struct cost cost = *guess;
	uint64_t memory = (uint64_t)figure->memory * MARGIN_PERCENT / 100;

	cost.measured = figure->worked && !figure->earlier && figure->memory;
	if (figure->saved)
		cost.saved = (uint64_t)figure->saved * MARGIN_PERCENT / 100;
	uint64_t disk = larger(2 * (uint64_t)figure->disk, DISK_LEAST) + cost.saved;
	cost.memory = cost.measured ? memory : larger(memory, guess->memory);
	cost.disk = cost.measured ? disk : larger(disk, guess->disk);
	if (figure->ready_ms)
		cost.ready_ms = (uint32_t)figure->ready_ms;
	cost.time_measured = figure->ready_ms && !figure->earlier;
	return cost;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t most_but_a_tenth(int64_t *values, size_t count)
{
	size_t apart = count / 10 ? count / 10 : count >= ENOUGH;

	if (!count)
		return 0;
	qsort(values, count, sizeof(*values), compare);
	return values[count - 1 - apart];
}

/* Of those that had worked, or of all, whichever is more: where few had, or those that had not took more, too. */
void figure_fill(struct figure *figure, const struct figure_machine *machines, size_t count)
{
	AUTO_FREE int64_t *memory = mem_alloc((count + 1) * sizeof(*memory));
	AUTO_FREE int64_t *disk = mem_alloc((count + 1) * sizeof(*disk));

	figure->memory = figure->disk = 0;
	figure->worked = false;
	for (int all = 0; all <= 1; all++) {
		size_t these = 0;
		for (size_t i = 0; i < count; i++) {
			figure->worked |= machines[i].worked;
			if (!all && !machines[i].worked)
				continue;
			memory[these] = machines[i].memory;
			disk[these++] = machines[i].disk;
		}
		figure->memory = (int64_t)larger(figure->memory, most_but_a_tenth(memory, these));
		figure->disk = (int64_t)larger(figure->disk, most_but_a_tenth(disk, these));
	}
}

/* ---- the rows --------------------------------------------------------------------------------- */

struct known {
	struct core *core;
	char base[80];
	struct figure_key key;
	struct figure figure;
};

/* false: nothing can be known, since what it is made from is not. */
static bool know(struct known *known, struct core *core, const struct pack *pack, const struct pack_machine *machine)
{
	struct err err = ERR_INIT;

	*known = (struct known){ .core = core };
	known->key = (struct figure_key){ pack->id, machine->name, known->base };
	if (!template_base(core, pack, machine, known->base))
		return false;
	if (figures_find(core->store, &known->key, &known->figure, &err) == 0)
		return true;
	log_error("what %s of %s takes cannot be read: %s", machine->name, pack->id, err.message);
	return false;
}

/* The same, to be changed: what an earlier template took stays with that. */
static bool know_exactly(struct known *known, struct core *core, const struct pack *pack,
			 const struct pack_machine *machine)
{
	if (!know(known, core, pack, machine))
		return false;
	if (known->figure.earlier)
		known->figure = (struct figure){ 0 };
	return true;
}

static void keep(struct known *known)
{
	struct err err = ERR_INIT;

	if (figures_put(known->core->store, &known->key, &known->figure, &err) < 0)
		log_error("what %s of %s takes was not written down: %s", known->key.machine, known->key.course,
			  err.message);
}

struct cost machine_cost(struct core *core, const struct pack *pack, const struct pack_machine *machine)
{
	struct cost guess = cost_guess(machine->memory_mib * MIB, core->host.can_clone,
				       core->host.accel == VIRT_ACCEL_TCG);
	struct known known;

	return know(&known, core, pack, machine) ? cost_of(&known.figure, &guess) : guess;
}

/* By whole megabytes, so that a machine that grows page by page is not written down with each. */
static int64_t whole_mib(int64_t bytes)
{
	return (bytes + (int64_t)MIB - 1) / (int64_t)MIB * (int64_t)MIB;
}

/* In a transaction: it is one write to the disk, not three. */
static int see(struct known *known, const char *domain, const struct figure_machine *took, struct err *err)
{
	const struct figure_machine whole = { whole_mib(took->memory), whole_mib(took->disk), took->worked };
	AUTO_FREE struct figure_machine *machines = NULL;
	size_t count = 0;
	bool news;

	if (figures_see(known->core->store, &known->key, domain, &whole, &news, err) < 0)
		return -1;
	if (!news)
		return 0;
	if (figures_machines(known->core->store, &known->key, &machines, &count, err) < 0)
		return -1;
	figure_fill(&known->figure, machines, count);
	return figures_put(known->core->store, &known->key, &known->figure, err);
}

void figures_seen(struct core *core, const struct pack *pack, const struct pack_machine *machine, const char *domain,
		  const struct figure_machine *took)
{
	struct known known;
	struct err err = ERR_INIT;

	if (!took->memory || !know_exactly(&known, core, pack, machine))
		return;
	if (store_begin(core->store, &err) < 0 || store_end(core->store, see(&known, domain, took, &err), &err) < 0)
		log_error("what %s takes was not written down: %s", domain, err.message);
}

void figures_saved(struct machine *machine, uint64_t bytes)
{
	struct known known;

	if (!know_exactly(&known, machine->core, machine->seat->class->pack, machine->spec))
		return;
	int64_t faded = (known.figure.saved + (int64_t)bytes) / 2;
	known.figure.saved = (int64_t)bytes > faded ? (int64_t)bytes : faded;
	keep(&known);
}

/* Half of it is the last launch, a quarter the one before, and so on: a host that was busy once is forgotten. A small
 * one, whose machines are hardly ever made beside each other, tells too much for each: it is better than nothing. */
void figures_launched(struct class *class)
{
	const struct pack *pack = class->pack;
	size_t machines = class->seats * pack->machines;
	int64_t each = (int64_t)(class->ready_ms / machines) + 1;
	bool small = machines < 2 * (size_t)class->core->config.clones;
	struct known known;

	for (size_t i = 0; i < pack->machines; i++) {
		if (!know_exactly(&known, class->core, pack, &pack->machine[i]) || (small && known.figure.ready_ms))
			continue;
		known.figure.ready_ms = known.figure.ready_ms ? (known.figure.ready_ms + each) / 2 : each;
		keep(&known);
	}
}

/* ---- measuring -------------------------------------------------------------------------------- */

struct measure_job {
	struct virt_job base;
	int64_t machine_id;
	unsigned generation;
	char domain[64];
	int pid;
	struct virt_usage usage;
	uint64_t disk;
	machine_measured_fn *done;
	void *context;
};

static void measure_work(struct job *job)
{
	struct measure_job *measure = (struct measure_job *)job;

	if (virt_machine_usage(measure->pid, &measure->usage, NULL) == 0)
		virt_volume_used(measure->base.virt, measure->domain, &measure->disk, NULL);
}

static void measure_done(struct job *job)
{
	struct measure_job *measure = (struct measure_job *)job;
	struct core *core = measure->base.core;
	struct machine *machine = core->stopping ? NULL : core_machine(core, measure->machine_id);

	if (machine && machine->row.generation == measure->generation && measure->usage.own) {
		machine->own = measure->usage.own;
		machine->disk = measure->disk;
	}
	measure->done(measure->context, &measure->usage, measure->disk);
	free(measure);
}

void machine_measure(struct machine *machine, machine_measured_fn *done, void *context)
{
	struct measure_job *measure = mem_alloc(sizeof(*measure));

	measure->base.job.work = measure_work;
	measure->base.job.done = measure_done;
	measure->machine_id = machine->row.id;
	measure->generation = machine->row.generation;
	measure->pid = machine->running.pid;
	measure->done = done;
	measure->context = context;
	machine_domain(machine, measure->domain);
	machine->measured_at = clock_mono_ms();
	core_submit(machine->core, &measure->base);
}

/* Whether half of the course was done in this machine, as it is since it was made. */
static bool has_worked(const struct machine *machine)
{
	const struct seat *seat = machine->seat;
	size_t tasks = 0, done = 0;

	for (size_t i = 0; i < seat->class->pack->labs; i++)
		tasks += seat->class->pack->lab[i].tasks;
	for (size_t i = 0; i < seat->progresses; i++)
		done += seat->progress[i].done && seat->progress[i].done_at >= machine->made_at;
	return machine->made_at && done && 2 * done >= tasks;
}

static void learn(const struct machine *machine)
{
	const struct figure_machine took = { (int64_t)machine->own, (int64_t)machine->disk, has_worked(machine) };
	char domain[64];

	machine_domain(machine, domain);
	figures_seen(machine->core, machine->seat->class->pack, machine->spec, domain, &took);
}

static void looked_at(void *context, const struct virt_usage *usage, uint64_t disk)
{
	struct awaited *awaited = context;
	struct core *core = awaited->core;
	struct machine *machine = awaited_machine(awaited);

	(void)disk;
	if (machine && usage->own && !core->stopping)
		learn(machine);
}

/* The one that runs and was not looked at for the longest time; NULL: all were, just now. */
static struct machine *next_to_look_at(struct core *core, uint64_t now)
{
	struct machine *machine, *next = NULL;

	LIST_FOREACH(machine, &core->machines, by_id) {
		if ((machine->state != MACHINE_READY && machine->state != MACHINE_LOST) || !machine->running.pid ||
		    (machine->measured_at && now - machine->measured_at < AGAIN_MS))
			continue;
		if (!next || machine->measured_at < next->measured_at)
			next = machine;
	}
	return next;
}

/* A launch is not disturbed. */
void figures_look(struct core *core)
{
	uint64_t now = clock_mono_ms();
	struct machine *machine;

	for (int i = 0; i < AT_ONCE && !core->clones && !core->stopping; i++) {
		machine = next_to_look_at(core, now);
		if (!machine)
			return;
		machine_measure(machine, looked_at, await(machine));
	}
}
