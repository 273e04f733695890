/* Baking: how a course's machines become templates.
 *
 * For each machine of the course in turn: its image (built first if it is missing), a cold boot, identity,
 * the course's setup scripts, a warm-up with what students run first (so that the pages are in the cache
 * that every clone shares), settling, sync; then virt/ freezes it. Everything that waits does so on T0 by
 * callbacks; the calls into libvirt run on a lane.
 *
 *   BAKE_IMAGE -> BAKE_BOOT -> BAKE_IDENTIFY -> BAKE_SETUP* -> BAKE_WARM -> BAKE_SETTLE -> BAKE_FREEZE
 *        ^                                                                                    |
 *        +------------------------------ next machine ----------------------------------------+
 *
 * Only one bake runs at a time: it fills a processor, and the boot time of two would double.
 */
#include "core/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "bake"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/hostkey.h"

#define TICK_MS       500
#define BOOT_MS       300000
#define IDENTIFY_MS   120000 /* longer than the agent waits for its useradd */
#define SETUP_MS      300000
#define SETTLE_MS     120000
#define QUIET_MS      3000 /* of rest after everything, before it is frozen */
#define DEFAULT_MS    75000 /* how long one machine takes when none was ever baked here */

enum bake_stage { BAKE_IMAGE, BAKE_BOOT, BAKE_IDENTIFY, BAKE_SETUP, BAKE_WARM, BAKE_SETTLE, BAKE_FREEZE };

struct bake {
	struct core *core;
	int64_t work_id;
	const struct pack *pack;
	bool force;
	size_t index, setup; /* the machine that is being baked, its script that runs */
	enum bake_stage stage;
	uint64_t started, stage_at;
	uint64_t image_ms; /* of it went into building images */
	char digest[65], key[65], domain[64];
	struct link *link;
	struct link_identity *identity;
	struct virt_running running;
	sd_event_source *tick;
	int64_t image_work;
	bool ending;
};

static const char *const stage_names[] = { "preparing the image",      "starting the machine",
					   "making its identity",      "setting the course up",
					   "warming its memory",       "waiting until it is quiet",
					   "freezing it" };
static_assert(ARRAY_SIZE(stage_names) == BAKE_FREEZE + 1, "every stage has a name");

static void bake_stage(struct bake *bake, enum bake_stage stage);
static void bake_machine(struct bake *bake);
static void agent_up(void *context, const struct link_hello *hello);
static void freeze_submit(struct bake *bake);
static void bake_finish(struct bake *bake, const char *message);

static const struct pack_machine *bake_spec(const struct bake *bake)
{
	return &bake->pack->machine[bake->index];
}

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

/* ---- events of the machine -------------------------------------------------------------------- */

static void agent_down(void *context, const struct err *why)
{
	(void)context;
	log_debug("connection to the agent: %s", why->message);
}

static void bake_connect(struct bake *bake)
{
	static const struct link_events events = { .up = agent_up, .down = agent_down };

	bake->link = link_new(bake->core->loop, bake->running.channel, &events, bake);
}

static void identified(void *context, const struct err *err)
{
	struct bake *bake = context;

	if (bake->ending)
		return;
	if (err)
		bake_finish(bake, err->message);
	else
		bake_stage(bake, BAKE_SETUP);
}

/* As the machine's first seat, so that its disk and memory know the user, the cards and the names; every
 * clone is made somebody else before a student sees it. No clone keeps this host key, but has its files:
 * overwriting is cheaper than making them. */
static void agent_up(void *context, const struct link_hello *hello)
{
	struct bake *bake = context;
	struct seat seat = { .class = &(struct class){ .pack = (struct pack *)bake->pack } };
	struct machine machine = { .core = bake->core, .seat = &seat, .spec = bake_spec(bake) };

	(void)hello;
	if (bake->stage != BAKE_BOOT)
		return;
	bake_stage(bake, BAKE_IDENTIFY);
	struct link_identity *identity = mem_alloc(sizeof(*identity));
	struct host_key key = { 0 };
	machine_fill_identity(&machine, identity);
	identity->instance = 1;
	host_key_make(&key, identity);
	link_identify(bake->link, identity, IDENTIFY_MS, identified, bake);
	host_key_free(&key);
	free(identity);
}

/* ---- scripts in it ---------------------------------------------------------------------------- */

static void script_ran(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct bake *bake = context;
	AUTO_FREE char *message = NULL;

	if (bake->ending)
		return;
	if (err || run->status != 0 || run->timed_out) {
		const char *script = bake->stage == BAKE_SETUP ? bake_spec(bake)->setup[bake->setup] :
								 "the warm-up";
		message = err ? str_fmt("%s: %s", script, err->message) :
				str_fmt("%s ended with status %d: %.300s", script, run->status,
					(const char *)run->errors);
		bake_finish(bake, message);
		return;
	}
	if (bake->stage == BAKE_SETUP) {
		bake->setup++;
		bake_stage(bake, BAKE_SETUP);
	} else {
		bake_stage(bake, bake->stage + 1);
	}
}

static void run_script(struct bake *bake, const char *text, size_t length, uint64_t timeout_ms)
{
	static const char *const argv[] = { "/bin/sh", "-s", NULL };
	AUTO_FREE char *user = str_fmt("TK_USER=%s", bake_spec(bake)->user ? bake_spec(bake)->user : "root");
	AUTO_FREE char *name = str_fmt("TK_MACHINE=%s", bake_spec(bake)->name);
	const char *const env[] = { user, name, NULL };
	struct link_exec exec = { .argv = argv,
				  .env = env,
				  .input = (const uint8_t *)text,
				  .input_length = length,
				  .timeout_ms = timeout_ms };

	link_exec(bake->link, &exec, script_ran, bake);
}

static void run_setup(struct bake *bake)
{
	const struct pack_machine *spec = bake_spec(bake);
	AUTO(buf) struct buf text = { 0 };
	struct err err = ERR_INIT;

	if (bake->setup == spec->setups) {
		bake_stage(bake, BAKE_WARM);
		return;
	}
	if (pack_script(bake->pack, spec->setup[bake->setup], &text, &err) < 0)
		bake_finish(bake, err.message);
	else
		run_script(bake, (const char *)text.data, text.length, SETUP_MS);
}

/* What a student and the daemon run first. Reading it once here puts it into the memory that all clones
 * share; otherwise each clone would read it from its disk into memory of its own. */
static const char warm_up[] =
	"[ -n \"$TK_USER\" ] && runuser -u \"$TK_USER\" -- env LANG=ja_JP.UTF-8 TERM=xterm-256color"
	" bash -lic 'ls -la --color=auto; man ls | cat; history; true' </dev/null >/dev/null 2>&1\n"
	"for c in cat cp mv rm mkdir ls find grep less man nano vi tar sort id stat sudo; do\n"
	"\tp=$(command -v $c) && cat \"$p\" >/dev/null\n"
	"done\n"
	"cat /usr/share/bash-completion/bash_completion >/dev/null 2>&1 </dev/null\n"
	"sudo -n true </dev/null; runuser -u nobody -- true </dev/null\n"
	"exit 0\n";

/* Nothing that would fire at once in all clones; nothing that is still being done. */
static const char settle[] =
	"systemctl is-system-running --wait >/dev/null 2>&1 </dev/null\n"
	"systemctl stop 'apt-daily*.timer' man-db.timer logrotate.timer fstrim.timer dpkg-db-backup.timer"
	" e2scrub_all.timer systemd-tmpfiles-clean.timer >/dev/null 2>&1 </dev/null\n"
	"rm -f /var/lib/systemd/random-seed\n"
	"journalctl --rotate --vacuum-time=1s >/dev/null 2>&1 </dev/null\n"
	"sync\nexit 0\n";

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

static void bake_stage(struct bake *bake, enum bake_stage stage)
{
	bake->stage = stage;
	bake->stage_at = clock_mono_ms();
	bake_show(bake);
	switch (stage) {
	case BAKE_SETUP:
		run_setup(bake);
		break;
	case BAKE_WARM:
		run_script(bake, warm_up, sizeof(warm_up) - 1, SETTLE_MS);
		break;
	case BAKE_SETTLE:
		run_script(bake, settle, sizeof(settle) - 1, SETTLE_MS);
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

	if (bake->core->stopping) {
		/* bake_finish() is not called any more: works are gone. */
	} else if (job->base.result < 0) {
		bake->domain[0] = 0;
		bake_finish(bake, job->base.err.message);
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
	if (template_new_key(core, bake->pack, bake_spec(bake), bake->digest, &err) < 0) {
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

static void bake_finish(struct bake *bake, const char *message)
{
	struct core *core = bake->core;
	struct work *work = core_work(bake->core, bake->work_id);
	AUTO_FREE char *why = str_copy(message);

	if (why)
		log_error("baking %s: %s", bake->pack->id, why);
	if (bake->domain[0] && why)
		core_submit(core, &job_new(bake, remove_work, remove_done)->base);
	if (work)
		work_end(core, work, why);
	core->bake = NULL;
	bake_free(bake);
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
