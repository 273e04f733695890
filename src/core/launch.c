/* Making machines, a bounded number at a time.
 *
 * Machines that are wanted stand in one queue; core->config.clones of them are with a lane at any
 * moment. One more than there are processors fills them, since a part of a clone's start is waiting; more at
 * once is not faster, and would starve the terminals of the classes that are open. Resets go to the front.
 *
 * A lane's job carries copies of everything it needs and the machine's id and life. When it returns,
 * the machine may be gone or wanted anew: then what was made is discarded.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "launch"
#include "base/log.h"
#include "base/str.h"

enum how { HOW_CLONE, HOW_BOOT, HOW_START, HOW_THAW };

struct make_job {
	struct virt_job base;
	int64_t machine_id;
	unsigned life, epoch;
	enum how how;
	char domain[64], key[65];
	struct virt_machine machine;
	struct image image;
	unsigned networks;
	char network[VIRT_NICS_MAX][64];
	uint32_t serial[VIRT_NICS_MAX];
	struct virt_running running;
};

static void network_name(const struct seat *seat, const char *network, char name[64])
{
	snprintf(name, 64, "c%lld-s%02u-%.24s", (long long)seat->row.class_id, seat->row.number, network);
}

/* Serial numbers name bridges: unique among all seats' networks, VIRT_NICS_MAX to a seat. */
static uint32_t network_serial(const struct seat *seat, size_t index)
{
	return (uint32_t)seat->row.id * VIRT_NICS_MAX + (uint32_t)index;
}

static size_t network_index(const struct pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->networks; i++)
		if (strcmp(pack->network[i], name) == 0)
			return i;
	return 0;
}

static void add_nic(struct make_job *make, const struct seat *seat, const struct pack_nic *nic)
{
	unsigned i = make->networks++;

	network_name(seat, nic->network, make->network[i]);
	make->serial[i] = network_serial(seat, network_index(seat->class->pack, nic->network));
	make->machine.nic[i].network = make->network[i];
	memcpy(make->machine.nic[i].mac, nic->mac, sizeof(nic->mac));
	make->machine.nic_count = make->networks;
}

static int make_prepare(struct make_job *make, const struct machine *machine, struct err *err)
{
	struct core *core = machine->core;
	const struct pack_machine *spec = machine->spec;
	const char *key = template_key(core, machine->seat->class->pack, spec);

	machine_domain(machine, make->domain);
	if (image_find(core, spec->image, &make->image, err) < 0)
		return -1;
	make->machine = (struct virt_machine){
		.name = make->domain,
		.memory = (uint64_t)spec->memory_mib << 20,
		.vcpus = spec->vcpus,
		.disk = (uint64_t)spec->disk_mib << 20,
		.kernel = make->image.kernel,
		.initrd = make->image.initrd,
		.cmdline = make->image.cmdline,
		.base_disk = make->image.disk,
	};
	memcpy(make->machine.uuid, machine->row.uuid, sizeof(make->machine.uuid));
	for (size_t i = 0; i < spec->nics && i < VIRT_NICS_MAX; i++)
		add_nic(make, machine->seat, &spec->nic[i]);
	if (make->how == HOW_START || make->how == HOW_THAW)
		return 0;
	make->how = key ? HOW_CLONE : HOW_BOOT;
	if (key)
		snprintf(make->key, sizeof(make->key), "%s", key);
	return 0;
}

/* On a lane. */
static void make_work(struct job *job)
{
	struct make_job *make = (struct make_job *)job;
	struct virt *virt = make->base.virt;
	struct err *err = &make->base.err;

	make->base.result = 0;
	for (unsigned i = 0; i < make->networks && make->base.result == 0; i++)
		make->base.result = virt_network_create(virt, make->network[i], make->serial[i], err);
	if (make->base.result < 0)
		return;
	if (make->how == HOW_CLONE)
		make->base.result =
			virt_machine_clone(virt, &make->machine, make->key, &make->running, err);
	else if (make->how == HOW_BOOT)
		make->base.result = virt_machine_boot(virt, &make->machine, &make->running, err);
	else if (make->how == HOW_THAW)
		make->base.result = virt_machine_thaw(virt, &make->machine, &make->running, err);
	else
		make->base.result = virt_machine_start(virt, &make->machine, &make->running, err);
}

/* The machine went another way while the lane was at work. What the lane made goes, unless it is the
 * machine's own present domain, started on a disk that holds somebody's work. */
static void make_discard(struct make_job *make, struct machine *machine)
{
	struct core *core = make->base.core;
	char present[64] = "";

	if (machine && machine->state != MACHINE_REMOVING)
		machine_domain(machine, present);
	if (make->base.result == 0 && strcmp(present, make->domain) != 0)
		launch_discard(core, make->domain);
	if (machine && machine->state == MACHINE_REMOVING)
		class_continue_close(machine->seat->class);
}

static void make_apply(struct make_job *make)
{
	struct core *core = make->base.core;
	struct machine *machine = core_machine(core, make->machine_id);

	if (make->how != HOW_START)
		core->clones--;
	if (machine)
		machine->making = false;
	if (!machine || machine->life != make->life) {
		make_discard(make, machine);
		return;
	}
	if (make->base.result < 0) {
		bool nothing = make->how == HOW_THAW && make->base.err.kind == ERR_NOT_FOUND;
		machine_step(machine, nothing ? EVENT_MISSING : EVENT_NOT_MADE, make->base.err.message);
		return;
	}
	machine->running = make->running;
	if (make->how == HOW_THAW) {
		machine_step(machine, EVENT_THAWED, NULL);
		return;
	}
	bool same = make->how == HOW_CLONE && make->epoch == template_epoch(core);
	machine->epoch = same ? make->epoch : 0;
	log_debug("%s runs: volume %u us, create %u us, state %u us, resume %u us", make->domain,
		  make->running.volume_us, make->running.create_us, make->running.state_us,
		  make->running.resume_us);
	machine_step(machine, make->how == HOW_CLONE ? EVENT_CLONED : EVENT_BOOTED, NULL);
}

static void make_done(struct job *job)
{
	struct make_job *make = (struct make_job *)job;
	struct core *core = make->base.core;

	if (!core->stopping) {
		make_apply(make);
		launch_next(core);
	}
	image_free(&make->image);
	free(make);
}

static void make_submit(struct machine *machine, enum how how)
{
	struct make_job *make = mem_alloc(sizeof(*make));
	struct err err = ERR_INIT;

	make->base.job.work = make_work;
	make->base.job.done = make_done;
	make->machine_id = machine->row.id;
	make->life = machine->life;
	make->how = how;
	make->epoch = template_epoch(machine->core);
	if (make_prepare(make, machine, &err) < 0) {
		image_free(&make->image);
		free(make);
		machine_step(machine, EVENT_NOT_MADE, err.message);
		return;
	}
	if (how != HOW_START)
		machine->core->clones++;
	machine->making = true;
	core_submit(machine->core, &make->base);
}

void launch_start(struct machine *machine)
{
	make_submit(machine, HOW_START);
}

void launch_thaw(struct machine *machine)
{
	make_submit(machine, HOW_THAW);
}

/* ---- the queue ---- */

void launch_enqueue(struct machine *machine, bool first)
{
	struct core *core = machine->core;
	struct queued *queued = mem_alloc(sizeof(*queued));

	queued->machine_id = machine->row.id;
	queued->life = machine->life;
	if (first)
		TAILQ_INSERT_HEAD(&core->queue, queued, entry);
	else
		TAILQ_INSERT_TAIL(&core->queue, queued, entry);
}

bool launch_is_queued(const struct machine *machine)
{
	struct queued *queued;

	TAILQ_FOREACH(queued, &machine->core->queue, entry)
		if (queued->machine_id == machine->row.id && queued->life == machine->life)
			return true;
	return false;
}

static struct machine *queue_take(struct core *core)
{
	for (struct queued *queued; (queued = TAILQ_FIRST(&core->queue));) {
		struct machine *machine = core_machine(core, queued->machine_id);
		bool fresh = machine && machine->life == queued->life;

		TAILQ_REMOVE(&core->queue, queued, entry);
		free(queued);
		if (fresh)
			return machine;
	}
	return NULL;
}

void launch_next(struct core *core)
{
	struct machine *machine;

	while (core_virt_is_up(core) && !core->stopping && core->clones < core->config.clones &&
	       (machine = queue_take(core))) {
		machine_step(machine, EVENT_TURN, NULL);
		if (machine->state == MACHINE_CLONING)
			make_submit(machine, HOW_CLONE);
	}
}

void launch_clear(struct core *core)
{
	for (struct queued *queued; (queued = TAILQ_FIRST(&core->queue));) {
		TAILQ_REMOVE(&core->queue, queued, entry);
		free(queued);
	}
}

/* ---- removing ---- */

struct discard_job {
	struct virt_job base;
	char domain[64];
};

static void discard_work(struct job *job)
{
	struct discard_job *discard = (struct discard_job *)job;

	discard->base.result =
		virt_machine_destroy(discard->base.virt, discard->domain, &discard->base.err);
}

/* What could not be removed is an orphan, which the reconciler finds. */
static void discard_done(struct job *job)
{
	struct discard_job *discard = (struct discard_job *)job;

	if (discard->base.result < 0)
		log_warning("%s was not removed: %s", discard->domain, discard->base.err.message);
	free(discard);
}

void launch_discard(struct core *core, const char *domain)
{
	struct discard_job *discard = mem_alloc(sizeof(*discard));

	discard->base.job.work = discard_work;
	discard->base.job.done = discard_done;
	snprintf(discard->domain, sizeof(discard->domain), "%s", domain);
	core_submit(core, &discard->base);
}
