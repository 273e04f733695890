/* The reconciler: level-triggered, idempotent, run at start and whenever libvirtd comes back, again a few
 * seconds later, since libvirtd finishes what a daemon that was killed had asked for, and then every minute.
 *
 *   a machine that the database wants and libvirt has      its agent is asked who it is
 *   a machine that was ready and does not run              off: its disk is there, Start boots it
 *   a machine that was being made                          made anew, under a new name
 *   a machine that is frozen                               left alone: it is a file
 *   a class that was being frozen or resumed               goes on with that
 *   a domain, volume or network that nobody wants          removed
 *   a class that was being closed                          goes on being closed
 *
 * The list of what is there is taken on a lane and may be a moment old when it comes back. That is safe
 * because names are never used twice: a domain that nobody knew then is either still unknown now (and
 * goes) or has been made since by a job that knows it (and its machine's domain has that name). Of a
 * machine that has changed its state since the look began, nothing is believed.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "reconcile"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define AGAIN_MS 3000
#define EVERY_MS 60000

struct found {
	char name[64];
	struct virt_running running;
	bool runs;
};

struct look_job {
	struct virt_job base;
	uint64_t begun; /* clock_mono_ms() */
	struct virt_inventory seen;
	struct found *found; /* seen.machines of them */
};

static void look_work(struct job *job)
{
	struct look_job *look = (struct look_job *)job;

	look->base.result = virt_list(look->base.virt, &look->seen, &look->base.err);
	if (look->base.result < 0)
		return;
	look->found = mem_alloc(look->seen.machines * sizeof(*look->found));
	for (size_t i = 0; i < look->seen.machines; i++) {
		struct found *found = &look->found[i];
		snprintf(found->name, sizeof(found->name), "%s", look->seen.machine[i].name);
		found->runs = look->seen.machine[i].running &&
			      virt_machine_find(look->base.virt, found->name, &found->running, NULL) == 0;
	}
}

static struct found *find_found(struct look_job *look, const char *name)
{
	for (size_t i = 0; i < look->seen.machines; i++)
		if (strcmp(look->found[i].name, name) == 0)
			return &look->found[i];
	return NULL;
}

/* ---- what is wanted ---- */

static bool is_saved(const struct look_job *look, const char *domain)
{
	for (size_t i = 0; i < look->seen.saveds; i++)
		if (strcmp(look->seen.saved[i], domain) == 0)
			return true;
	return false;
}

/* It is to be made, and nobody is at it: also where the daemon was killed as soon as its class was launched. */
static bool is_forgotten(const struct machine *machine)
{
	if (machine->state == MACHINE_ABSENT)
		return machine->seat->class->state == CLASS_PREPARING;
	return machine->state == MACHINE_WAITING && !launch_is_queued(machine);
}

static void reconcile_machine(struct machine *machine, struct look_job *look)
{
	char domain[64];

	if (machine->making || machine->stage_at >= look->begun || machine->state == MACHINE_FAILED ||
	    machine->state == MACHINE_REMOVING || machine->state == MACHINE_FROZEN)
		return;
	if (machine->state == MACHINE_ABSENT || machine->state == MACHINE_WAITING) {
		if (is_forgotten(machine))
			machine_step(machine, EVENT_WANT, NULL);
		return;
	}
	machine_domain(machine, domain);
	struct found *found = find_found(look, domain);
	if (is_saved(look, domain))
		return; /* its class is about to find out */
	if (found && found->runs) {
		machine->running = found->running;
		machine_step(machine, EVENT_FOUND, NULL);
	} else {
		machine_step(machine, EVENT_MISSING, NULL);
	}
}

static void reconcile_wanted(struct core *core, struct look_job *look)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry) {
		if (class->state == CLASS_CLOSING)
			class_continue_close(class);
		if (!class_has_machines(class))
			continue;
		for (size_t i = 0; i < class->seats; i++)
			for (size_t k = 0; k < class->seat[i].machines; k++)
				reconcile_machine(&class->seat[i].machine[k], look);
		class_settled(class);
		freeze_continue(class);
		pause_reconcile(class);
	}
	proof_tidy(core);
}

/* ---- what is not wanted ---- */

/* Keeps the present generation of every machine of a running class, and what is being replaced. */
static bool domain_is_wanted(struct core *core, const char *name)
{
	struct machine *machine;
	char domain[64];

	if (!str_starts(name, "c"))
		return work_running(core, "template", NULL) != NULL; /* a bake's own, while one runs */
	LIST_FOREACH(machine, &core->machines, by_id) {
		if (machine->state == MACHINE_REMOVING)
			continue;
		machine_domain(machine, domain);
		if (strcmp(domain, name) == 0 || strcmp(machine->doomed, name) == 0)
			return true;
	}
	return false;
}

static bool network_is_wanted(struct core *core, const char *name)
{
	struct class *class;
	char prefix[32];

	if (!str_starts(name, "c"))
		return work_running(core, "template", NULL) != NULL;
	LIST_FOREACH(class, &core->classes, entry) {
		snprintf(prefix, sizeof(prefix), "c%lld-", (long long)class->row.id);
		if (str_starts(name, prefix))
			return class_has_machines(class);
	}
	return false;
}

/* Removing runs on the lane with its own list, and asks nothing of T0. */
struct sweep_job {
	struct virt_job base;
	size_t domains, volumes, networks;
	char (*name)[64]; /* in this order */
};

static void sweep_work(struct job *job)
{
	struct sweep_job *sweep = (struct sweep_job *)job;
	struct virt *virt = sweep->base.virt;
	char(*name)[64] = sweep->name;

	for (size_t i = 0; i < sweep->domains; i++)
		sweep->base.result |= virt_machine_destroy(virt, *name++, &sweep->base.err);
	for (size_t i = 0; i < sweep->volumes; i++)
		sweep->base.result |= virt_volume_remove(virt, *name++, &sweep->base.err);
	for (size_t i = 0; i < sweep->networks; i++)
		sweep->base.result |= virt_network_destroy(virt, *name++, &sweep->base.err);
}

static void sweep_done(struct job *job)
{
	struct sweep_job *sweep = (struct sweep_job *)job;

	if (sweep->base.result < 0)
		log_warning("not every orphan could be removed: %s", sweep->base.err.message);
	free(sweep->name);
	free(sweep);
}

static void sweep_add(struct sweep_job *sweep, size_t *kind, const char *name)
{
	size_t total = sweep->domains + sweep->volumes + sweep->networks;

	log_info("%s belongs to nobody and is removed", name);
	sweep->name = mem_grow(sweep->name, total + 1, sizeof(*sweep->name));
	snprintf(sweep->name[total], sizeof(sweep->name[total]), "%s", name);
	++*kind;
}

static void reconcile_unwanted(struct core *core, struct look_job *look)
{
	struct sweep_job *sweep = mem_alloc(sizeof(*sweep));

	sweep->base.job.work = sweep_work;
	sweep->base.job.done = sweep_done;
	for (size_t i = 0; i < look->seen.machines; i++)
		if (!domain_is_wanted(core, look->seen.machine[i].name))
			sweep_add(sweep, &sweep->domains, look->seen.machine[i].name);
	for (size_t i = 0; i < look->seen.volumes; i++)
		if (!domain_is_wanted(core, look->seen.volume[i]))
			sweep_add(sweep, &sweep->volumes, look->seen.volume[i]);
	for (size_t i = 0; i < look->seen.networks; i++)
		if (!network_is_wanted(core, look->seen.network[i]))
			sweep_add(sweep, &sweep->networks, look->seen.network[i]);
	if (sweep->name)
		core_submit(core, &sweep->base);
	else
		free(sweep);
}

static void look_done(struct job *job)
{
	struct look_job *look = (struct look_job *)job;
	struct core *core = look->base.core;

	core->reconciling = false;
	if (look->base.result < 0) {
		log_warning("what libvirt has could not be listed: %s", look->base.err.message);
	} else if (!core->stopping) {
		/* Unwanted first: what is wanted anew takes a new name, and its old one becomes an orphan
		 * that machine->doomed still names. */
		reconcile_unwanted(core, look);
		reconcile_wanted(core, look);
		launch_next(core);
	}
	virt_inventory_free(&look->seen);
	free(look->found);
	free(look);
	if (core->reconcile_again && !core->stopping)
		reconcile(core);
}

static int look_again(sd_event_source *source, uint64_t now, void *context)
{
	struct core *core = context;

	(void)source, (void)now;
	if (core->virt_up)
		reconcile(core);
	return loop_timer(core->loop, &core->look_timer, EVERY_MS, look_again, core);
}

void reconcile_from_now_on(struct core *core)
{
	reconcile(core);
	loop_timer(core->loop, &core->look_timer, AGAIN_MS, look_again, core);
}

void reconcile(struct core *core)
{
	struct look_job *look;

	core->reconcile_again = core->reconciling;
	if (core->reconciling)
		return;
	core->reconciling = true;
	look = mem_alloc(sizeof(*look));
	look->begun = clock_mono_ms();
	look->base.job.work = look_work;
	look->base.job.done = look_done;
	core_submit(core, &look->base);
}
