/* Baking: how a course's machines become templates.
 *
 * For each machine of the course in turn: its image (built first if it is missing), a cold boot, identity,
 * the course's setup scripts, a warm-up with what students run first (so that the pages are in the cache
 * that every clone shares), settling, sync; then virt/ freezes it. Everything that waits does so on T0 by
 * callbacks; the calls into libvirt run on a lane.
 *
 *   BAKE_IMAGE -> BAKE_BOOT -> BAKE_IDENTIFY -> BAKE_SETUP* -> BAKE_WARM -> BAKE_REHEARSE*
 *        ^                                                                      |
 *        +------------ next machine ------------ BAKE_FREEZE <- BAKE_SETTLE <---+
 *
 * Only one bake runs at a time: it fills a processor, and the boot time of two would double.
 */
#include "core/bake_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "bake"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define TICK_MS       500
#define BOOT_MS       300000
#define QUIET_MS      3000 /* of rest after everything, before it is frozen */
#define DEFAULT_MS    75000 /* how long one machine takes when none was ever baked here */

static const char *const stage_names[] = { "preparing the image",      "starting the machine",
					   "making its identity",      "setting the course up",
					   "warming its memory",       "rehearsing how it wakes",
					   "waiting until it is quiet", "freezing it" };
static_assert(ARRAY_SIZE(stage_names) == BAKE_FREEZE + 1, "every stage has a name");

static void bake_machine(struct bake *bake);
static void freeze_submit(struct bake *bake);

/* ---- lanes ------------------------------------------------------------------------------------ */

struct bake_job {
	struct virt_job base;
	struct bake *bake; /* outlives its jobs: only one is in flight, and it ends after it */
	struct virt_machine machine;
	struct image image;
	char digest[65], key[65], domain[64];
	char network[VIRT_NICS_MAX][64];
	struct virt_running running;
	struct virt_template template;
	bool exists, force;
};

/* Everything of this bake that is on the host, whatever happened before. */
static void remove_all(struct bake_job *job)
{
	virt_machine_destroy(job->base.virt, job->domain, NULL);
	for (unsigned i = 0; i < job->machine.nic_count; i++)
		virt_network_destroy(job->base.virt, job->network[i], NULL);
}

static int template_exists(struct bake_job *job, struct err *err)
{
	struct virt_template *list = NULL;
	size_t count;

	if (virt_template_key(job->base.virt, job->digest, job->key, err) < 0 ||
	    virt_template_list(job->base.virt, &list, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		job->exists |= strcmp(list[i].key, job->key) == 0;
	free(list);
	if (job->exists && job->force) {
		job->exists = false;
		return virt_template_remove(job->base.virt, job->key, err);
	}
	return 0;
}

static void boot_work(struct job *base)
{
	struct bake_job *job = (struct bake_job *)base;
	struct err *err = &job->base.err;

	job->base.result = template_exists(job, err);
	if (job->base.result < 0 || job->exists)
		return;
	remove_all(job);
	for (unsigned i = 0; i < job->machine.nic_count && job->base.result == 0; i++)
		job->base.result = virt_network_create(job->base.virt, job->network[i],
						       0xffff00u + i, err);
	if (job->base.result == 0)
		job->base.result = virt_template_boot(job->base.virt, &job->machine, job->key,
						      &job->running, err);
	if (job->base.result < 0)
		remove_all(job);
}

static void freeze_work(struct job *base)
{
	struct bake_job *job = (struct bake_job *)base;

	job->base.result = virt_template_freeze(job->base.virt, job->domain, job->key, &job->template,
						&job->base.err);
	remove_all(job);
}

static void remove_work(struct job *base)
{
	remove_all((struct bake_job *)base);
}

static void job_free(struct bake_job *job)
{
	image_free(&job->image);
	free(job);
}

/* ---- stages ----------------------------------------------------------------------------------- */

static uint64_t expected_ms(const struct bake *bake)
{
	AUTO_FREE char *key = str_fmt("took.template.%s", bake->pack->id);
	AUTO_FREE char *value = store_setting(bake->core->store, key);
	long took = DEFAULT_MS * (long)bake->pack->machines;

	str_to_number(value, 1000, 3600000, &took);
	return (uint64_t)took;
}

static void remember_time(const struct bake *bake)
{
	AUTO_FREE char *key = str_fmt("took.template.%s", bake->pack->id);
	AUTO_FREE char *value =
		str_fmt("%llu", (unsigned long long)(clock_mono_ms() - bake->started - bake->image_ms));

	store_set_setting(bake->core->store, key, value, NULL);
}

/* By the time of the last run. While an image is built first, its own progress counts as one part of the
 * whole, as large as its share of the time that both will take. */
static void bake_show(struct bake *bake)
{
	struct work *work = core_work(bake->core, bake->work_id);
	struct work *image = core_work(bake->core, bake->image_work);
	uint64_t elapsed = clock_mono_ms() - bake->started, expected = expected_ms(bake);

	if (!work)
		return;
	if (bake->image_work && image)
		expected += elapsed + image->left_ms;
	else
		expected += bake->image_ms;
	double fraction = (double)elapsed / (double)expected;
	work->left_ms = elapsed < expected ? expected - elapsed : 0;
	AUTO_FREE char *step = bake->image_work && image ?
				       str_fmt("image %s: %s", image->object, image->step) :
				       str_fmt("%s: %s", bake_spec(bake)->name, stage_names[bake->stage]);
	work_progress(bake->core, work, fraction < 0.98 ? fraction : 0.98, step);
}

void bake_stage(struct bake *bake, enum bake_stage stage)
{
	bake->stage = stage;
	bake->stage_at = clock_mono_ms();
	bake_show(bake);
	switch (stage) {
	case BAKE_SETUP:
		bake_set_up(bake);
		break;
	case BAKE_WARM:
		bake_warm(bake);
		break;
	case BAKE_SETTLE:
		bake_settle(bake);
		break;
	case BAKE_REHEARSE:
		bake_rehearse(bake);
		break;
	case BAKE_FREEZE: /* after QUIET_MS: see bake_tick() */
	case BAKE_IMAGE:
	case BAKE_BOOT:
	case BAKE_IDENTIFY:
		break;
	}
}

static void freeze_done(struct job *base)
{
	struct bake_job *job = (struct bake_job *)base;
	struct bake *bake = job->bake;
	struct err err = ERR_INIT;

	if (bake->core->stopping) {
		/* bake_finish() is not called any more: works are gone. */
	} else if (job->base.result < 0) {
		bake->domain[0] = 0;
		bake_finish(bake, job->base.err.message);
	} else if (template_is_there(bake->core, bake->pack, bake_spec(bake), bake->digest, &err) < 0) {
		bake_finish(bake, err.message);
	} else {
		log_info("%s/%s is baked: memory %llu MB, device state %llu kB", bake->pack->id,
			 bake_spec(bake)->name, (unsigned long long)job->template.ram_bytes >> 20,
			 (unsigned long long)job->template.state_bytes >> 10);
		bake->index++;
		bake_machine(bake);
	}
	job_free(job);
}

static struct bake_job *job_new(struct bake *bake, void (*work)(struct job *), void (*done)(struct job *))
{
	struct bake_job *job = mem_alloc(sizeof(*job));
	const struct pack_machine *spec = bake_spec(bake);

	job->base.job.work = work;
	job->base.job.done = done;
	job->bake = bake;
	job->force = bake->force;
	memcpy(job->digest, bake->digest, sizeof(job->digest));
	memcpy(job->key, bake->key, sizeof(job->key));
	snprintf(job->domain, sizeof(job->domain), "bake-%.20s-%.20s", bake->pack->id, spec->name);
	job->machine.name = job->domain;
	for (size_t i = 0; i < spec->nics && i < VIRT_NICS_MAX; i++) {
		snprintf(job->network[i], sizeof(job->network[i]), "bake-%.20s-%.20s", bake->pack->id,
			 spec->nic[i].network);
		job->machine.nic[i].network = job->network[i];
		memcpy(job->machine.nic[i].mac, spec->nic[i].mac, sizeof(spec->nic[i].mac));
		job->machine.nic_count++;
	}
	return job;
}

/* The link goes first: the clones' agents find a new connection, never an old one. */
static void freeze_submit(struct bake *bake)
{
	struct bake_job *job = job_new(bake, freeze_work, freeze_done);

	bake->ending = true; /* what is pending on the link is nobody's business any more */
	link_free(STEAL(bake->link));
	bake->ending = false;
	core_submit(bake->core, &job->base);
}

static void boot_done(struct job *base)
{
	struct bake_job *job = (struct bake_job *)base;
	struct bake *bake = job->bake;

	if (bake->core->stopping) {
		/* nothing: the domain is an orphan of the next start */
	} else if (job->base.result < 0) {
		bake_finish(bake, job->base.err.message);
	} else if (job->exists) {
		bake->index++;
		bake_machine(bake);
	} else {
		memcpy(bake->key, job->key, sizeof(bake->key));
		memcpy(bake->domain, job->domain, sizeof(bake->domain));
		bake->running = job->running;
		bake_connect(bake);
	}
	job_free(job);
}

static void boot_submit(struct bake *bake, struct image *image)
{
	const struct pack_machine *spec = bake_spec(bake);
	struct bake_job *job = job_new(bake, boot_work, boot_done);

	job->image = *image;
	job->machine.memory = (uint64_t)spec->memory_mib << 20;
	job->machine.vcpus = spec->vcpus;
	job->machine.disk = (uint64_t)spec->disk_mib << 20;
	job->machine.kernel = job->image.kernel;
	job->machine.initrd = job->image.initrd;
	job->machine.cmdline = job->image.cmdline;
	job->machine.base_disk = job->image.disk;
	machine_new_uuid(job->machine.uuid);
	core_submit(bake->core, &job->base);
}

/* ---- one machine after the other -------------------------------------------------------------- */

static void bake_machine(struct bake *bake)
{
	struct core *core = bake->core;
	struct image image = { 0 };
	struct work *building = NULL;
	struct err err = ERR_INIT;

	bake->domain[0] = 0;
	bake->setup = 0;
	if (bake->index == bake->pack->machines) {
		bake->index--;
		remember_time(bake);
		bake_finish(bake, NULL);
		return;
	}
	bake_stage(bake, BAKE_IMAGE);
	if (image_find(core, bake_spec(bake)->image, &image, &err) < 0) {
		if (err.kind != ERR_NOT_FOUND ||
		    image_build(core, bake_spec(bake)->image, false, &building, &err) < 0 || !building)
			bake_finish(bake, err.message);
		else
			bake->image_work = building->id; /* bake_tick() looks after it */
		return;
	}
	/* By force another edition, beside the one that may be there: machines stand on that, also frozen ones. */
	if (template_new_key(core, bake->pack, bake_spec(bake), bake->force, bake->digest, &err) < 0) {
		image_free(&image);
		bake_finish(bake, err.message);
		return;
	}
	bake_stage(bake, BAKE_BOOT);
	boot_submit(bake, &image);
}

static void look_after_image(struct bake *bake)
{
	struct work *work = core_work(bake->core, bake->image_work);

	if (work && work->state == WORK_RUNNING)
		return;
	bake->image_work = 0;
	bake->image_ms += clock_mono_ms() - bake->stage_at;
	if (work && work->state == WORK_FAILED)
		bake_finish(bake, work->message);
	else
		bake_machine(bake);
}

static int bake_tick(sd_event_source *source, uint64_t now, void *context)
{
	struct bake *bake = context;
	uint64_t in_stage = clock_mono_ms() - bake->stage_at;

	(void)source, (void)now;
	loop_timer(bake->core->loop, &bake->tick, TICK_MS, bake_tick, bake);
	bake_show(bake);
	if (bake->stage == BAKE_IMAGE && bake->image_work)
		look_after_image(bake);
	else if (bake->stage == BAKE_BOOT && in_stage > BOOT_MS)
		bake_finish(bake, "the machine's agent did not answer within five minutes; look at its "
				  "console with virsh, and build the image again");
	else if (bake->stage == BAKE_FREEZE && bake->link && in_stage > QUIET_MS)
		freeze_submit(bake);
	return 0;
}

static void bake_free(struct bake *bake)
{
	bake->ending = true;
	link_free(STEAL(bake->link));
	sd_event_source_disable_unref(bake->tick);
	free(bake);
}

static void remove_done(struct job *base)
{
	job_free((struct bake_job *)base);
}

void bake_finish(struct bake *bake, const char *message)
{
	struct core *core = bake->core;
	struct work *work = core_work(bake->core, bake->work_id);
	AUTO_FREE char *why = str_copy(message);

	if (why)
		log_error("baking %s: %s", bake->pack->id, why);
	if (bake->domain[0] && why)
		core_submit(core, &job_new(bake, remove_work, remove_done)->base);
	if (work && why)
		work_end(core, work, why);
	core->bake = NULL;
	bake_free(bake);
	if (work && !why)
		templates_baked(core, work->id);
	else
		templates_refresh(core);
}

/* At the end of the daemon: the domain stays, and the next start removes it. */
void bake_abandon(struct core *core)
{
	if (core->bake)
		bake_free(STEAL(core->bake));
}

static int check_bake(struct core *core, struct err *err)
{
	if (!core->virt_up || !core->host_known)
		return err_set(err, ERR_UNAVAILABLE,
			       "libvirtd does not answer; start it, or run `terakoya doctor --fix`");
	if (!core->host.can_clone)
		return err_set(err, ERR_CONFLICT, "this host cannot clone machines (%s); they are booted instead",
			       core->host.clone_reason);
	return 0;
}

int template_bake(struct core *core, const char *course, const char *version, bool force,
		  struct work **work, struct err *err)
{
	const struct pack *pack = course_version(core, course, version);

	if (!pack)
		return err_set(err, ERR_NOT_FOUND, "there is no such course \"%s\" here; see `terakoya pack list`",
			       course);
	return template_bake_pack(core, pack, force, work, err);
}

int template_bake_pack(struct core *core, const struct pack *pack, bool force, struct work **work,
		       struct err *err)
{
	if (check_bake(core, err) < 0)
		return -1;
	*work = work_running(core, "template", pack->id);
	if (*work)
		return 0;
	if (core->bake)
		return err_set(err, ERR_CONFLICT, "%s is being baked now; try again when it is done",
			       core->bake->pack->id);
	if (!force && template_all_baked(core, pack))
		return 0;
	struct bake *bake = mem_alloc(sizeof(*bake));
	bake->core = core;
	bake->pack = pack;
	bake->force = force;
	bake->started = clock_mono_ms();
	*work = work_start(core, "template", pack->id);
	bake->work_id = (*work)->id;
	core->bake = bake;
	core->bakes++;
	loop_timer(core->loop, &bake->tick, TICK_MS, bake_tick, bake);
	bake_machine(bake);
	return 0;
}
