#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "core"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/capacity.h"
#include "core/figures.h"
#include "core/throttle.h"

#define LANES         4     /* libvirtd serves five requests of one connection at once */
#define HOST_EVERY_MS 10000 /* memory, disk and acceleration are looked at this often */
#define PULSE_MS      5000  /* silent machines are looked for this often */

struct store *core_store(struct core *core)
{
	return core->store;
}

struct loop *core_loop(struct core *core)
{
	return core->loop;
}

const struct core_config *core_config(const struct core *core)
{
	return &core->config;
}

const struct virt_host *core_host(const struct core *core)
{
	return &core->host;
}

bool core_virt_is_up(const struct core *core)
{
	return core->virt_up && core->host_known && templates_known(core);
}

struct work_list *core_works(struct core *core)
{
	return &core->works;
}

void core_set_terminals(struct core *core, const struct core_terminals *terminals, void *context)
{
	core->terminals = terminals;
	core->terminals_context = context;
}

void core_submit(struct core *core, struct virt_job *job)
{
	job->core = core;
	job->virt = core->virt;
	lanes_submit(core->lanes, &job->job);
}

/* ---- looking things up ---- */

struct class_list *core_classes(struct core *core)
{
	return &core->classes;
}

struct class *core_class(struct core *core, int64_t id)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (class->row.id == id)
			return class;
	return NULL;
}

struct class *core_class_by_code(struct core *core, const char *code)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (class->state != CLASS_CLOSED && str_equal(class->row.code, code))
			return class;
	return NULL;
}

struct seat *core_seat(struct core *core, int64_t id)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		for (size_t i = 0; i < class->seats; i++)
			if (class->seat[i].row.id == id)
				return &class->seat[i];
	return NULL;
}

struct machine *core_machine(struct core *core, int64_t id)
{
	struct machine *machine;

	LIST_FOREACH(machine, &core->machines, by_id)
		if (machine->row.id == id)
			return machine;
	return NULL;
}

struct machine *core_machine_by_domain(struct core *core, const char *name)
{
	struct machine *machine;
	char domain[64];

	LIST_FOREACH(machine, &core->machines, by_id) {
		machine_domain(machine, domain);
		if (strcmp(domain, name) == 0)
			return machine;
	}
	return NULL;
}

/* ---- the host ---- */

struct host_job {
	struct virt_job base;
	struct virt_host host;
};

static void host_look(struct job *job)
{
	struct host_job *look = (struct host_job *)job;

	look->base.result = virt_host(look->base.virt, &look->host, &look->base.err);
}

static void host_seen(struct job *job)
{
	struct host_job *look = (struct host_job *)job;
	struct core *core = look->base.core;
	bool first = !core->host_known;

	if (look->base.result == 0) {
		core->host = look->host;
		core->host_known = true;
		if (core->config.never_clone && core->host.can_clone) {
			core->host.can_clone = false;
			snprintf(core->host.clone_reason, sizeof(core->host.clone_reason),
				 "the daemon was started with --no-clone");
		}
	}
	if (first && core->host_known && !core->stopping) {
		log_info("QEMU %s, libvirt %s, %s%s%s", core->host.qemu_version, core->host.libvirt_version,
			 core->host.accel == VIRT_ACCEL_KVM ? "KVM" : "software emulation: ",
			 core->host.accel_reason,
			 core->host.can_clone ? "" : "; machines are booted, not cloned");
	}
	if (core->host_known && !core->stopping && !templates_known(core))
		templates_refresh(core);
	capacity_look(core);
	if (!core->stopping)
		bus_publish(core, "host", 0, 0, view_host(core));
	free(look);
}

void core_refresh_host(struct core *core)
{
	struct host_job *look;

	if (!core->virt_up || core->stopping)
		return;
	look = mem_alloc(sizeof(*look));
	look->base.job.work = host_look;
	look->base.job.done = host_seen;
	core_submit(core, &look->base);
}

static int host_tick(sd_event_source *source, uint64_t now, void *context)
{
	struct core *core = context;

	(void)source, (void)now;
	core_refresh_host(core);
	figures_look(core);
	return loop_timer(core->loop, &core->host_timer, HOST_EVERY_MS, host_tick, core);
}

static int pulse_tick(sd_event_source *source, uint64_t now, void *context)
{
	struct core *core = context;

	(void)source, (void)now;
	machine_pulse(core);
	return loop_timer(core->loop, &core->pulse_timer, PULSE_MS, pulse_tick, core);
}

/* ---- what virt/ tells ---- */

static void machine_stopped(void *context, const char *name, bool crashed)
{
	struct core *core = context;
	struct machine *machine = core_machine_by_domain(core, name);

	if (machine && !core->stopping)
		machine_step(machine, EVENT_STOPPED,
			     crashed ? "its emulator ended unexpectedly" : "it was powered off");
}

static void machine_rebooted(void *context, const char *name)
{
	struct machine *machine = core_machine_by_domain(context, name);

	if (machine)
		machine_step(machine, EVENT_REBOOTED, NULL);
}

static void virt_connection(void *context, bool up, const struct err *why)
{
	struct core *core = context;

	core->virt_up = up;
	if (core->stopping)
		return;
	if (up)
		log_info("libvirtd answers");
	else
		log_warning("libvirtd is away: %s", why ? why->message : "no reason given");
	bus_publish(core, "host", 0, 0, view_host(core));
	if (up) {
		core_refresh_host(core);
		reconcile_from_now_on(core);
	}
}

/* ---- start and stop ---- */

static void config_copy(struct core_config *to, const struct core_config *from)
{
	*to = *from;
	to->state_dir = str_copy(from->state_dir);
	to->packs_dir = str_copy(from->packs_dir);
	to->images_dir = str_copy(from->images_dir);
	to->agent = str_copy(from->agent);
	to->uri = str_copy(from->uri);
	to->time_zone = str_copy(from->time_zone);
	if (!to->clones) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);
		/* One more than processors: some of a clone's start is waiting. */
		to->clones = processors < 1 ? 1 : processors >= LANES ? LANES : (unsigned)processors + 1;
	}
}

static void config_free(struct core_config *config)
{
	free((char *)config->state_dir);
	free((char *)config->packs_dir);
	free((char *)config->images_dir);
	free((char *)config->agent);
	free((char *)config->uri);
	free((char *)config->time_zone);
}

static int open_virt(struct core *core, struct err *err)
{
	static const struct virt_events events = {
		.machine_stopped = machine_stopped,
		.machine_rebooted = machine_rebooted,
		.connection = virt_connection,
	};
	struct virt_config config = {
		.uri = core->config.uri,
		.state_dir = core->config.state_dir,
		.instance = store_instance(core->store),
	};

	core->virt = virt_open(core->loop, &config, &events, core, err);
	return core->virt ? 0 : -1;
}

static int core_open(struct core *core, struct err *err)
{
	AUTO_FREE char *database = str_fmt("%s/terakoya.db", core->config.state_dir);

	core->store = store_open(database, err);
	if (!core->store)
		return -1;
	settings_open(core);
	core->lanes = lanes_new(core->loop, "virt", LANES, err);
	core->checkups = lanes_new(core->loop, "checkup", 1, err);
	if (!core->lanes || !core->checkups || archive_begin(core, err) < 0 || images_open(core, err) < 0 ||
	    packs_open(core, err) < 0 || courses_open(core, err) < 0 || organisations_load(core, err) < 0 ||
	    classes_load(core, err) < 0)
		return -1;
	if (open_virt(core, err) < 0)
		return -1;
	if (schedule_begin(core, err) < 0)
		return -1;
	if (loop_timer(core->loop, &core->host_timer, HOST_EVERY_MS, host_tick, core) < 0 ||
	    loop_timer(core->loop, &core->pulse_timer, PULSE_MS, pulse_tick, core) < 0)
		return err_set(err, ERR_INTERNAL, "cannot arm the daemon's timers");
	retention_look(core);
	return 0;
}

struct core *core_new(struct loop *loop, const struct core_config *config, struct err *err)
{
	struct core *core = mem_alloc(sizeof(*core));

	core->loop = loop;
	LIST_INIT(&core->classes);
	LIST_INIT(&core->machines);
	LIST_INIT(&core->works);
	LIST_INIT(&core->trials);
	TAILQ_INIT(&core->queue);
	config_copy(&core->config, config);
	core->bus = bus_new();
	if (core_open(core, err) < 0) {
		core_free(core);
		return NULL;
	}
	return core;
}

void core_free(struct core *core)
{
	struct machine *machine;
	struct class *class;

	if (!core)
		return;
	core->stopping = true;
	sd_event_source_disable_unref(core->host_timer);
	sd_event_source_disable_unref(core->pulse_timer);
	sd_event_source_disable_unref(core->look_timer);
	schedule_end(core);
	sd_event_source_disable_unref(core->retention_timer);
	LIST_FOREACH(machine, &core->machines, by_id)
		machine_release(machine);
	lanes_free(core->lanes);
	lanes_free(core->checkups);
	archive_end(core);
	packs_close(core);
	bake_abandon(core);
	proof_free(core);
	throttle_free(core->guesses);
	throttle_free(core->lookups);
	images_free(core);
	works_free(core);
	organisations_free(core);
	launch_clear(core);
	templates_free(core);
	tools_free(core);
	labs_end(core);
	everyone_stop(core);
	freeze_stop(core);
	while ((class = LIST_FIRST(&core->classes)))
		class_free(class);
	virt_close(core->virt);
	trials_free(core);
	courses_free(core);
	bus_free(core->bus);
	settings_free(core);
	store_close(core->store);
	config_free(&core->config);
	free(core);
}
