#include "core/archive.h"

#include <stdlib.h>

#define LOG_MODULE "archive"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"
#include "store/backup.h"

#define DAY_MS  (24 * 3600 * 1000ll)
#define LOOK_MS 200
#define END_MS  1000 /* until who waits for it has heard that it was successful */

static char *database_path(const struct core *core)
{
	return str_fmt("%s/terakoya.db", core->config.state_dir);
}

struct archive {
	struct lanes *lane;
	struct backup *backup; /* the one that is under way, or the way back; NULL */
	bool ending;           /* a backup is to be put in place */
	sd_event_source *timer;
};

int archive_begin(struct core *core, struct err *err)
{
	core->archive = mem_alloc(sizeof(*core->archive));
	core->archive->lane = lanes_new(core->loop, "archive", 1, err);
	return core->archive->lane ? 0 : -1;
}

/* ---- the audit log -------------------------------------------------------------------------- */

struct verify {
	struct job job;
	char *path;
	archive_verified_fn *done;
	void *context;
	int result;
	struct audit_chain chain;
	struct err err;
};

static void verify_work(struct job *job)
{
	struct verify *verify = (struct verify *)job;

	verify->result = audit_verify_file(verify->path, &verify->chain, &verify->err);
}

static void verify_done(struct job *job)
{
	struct verify *verify = (struct verify *)job;

	if (verify->result == 0 && verify->chain.broken)
		log_error("the audit log is broken: row %lld %s", (long long)verify->chain.broken,
			  verify->chain.finding);
	if (verify->result == 0)
		verify->done(verify->context, &verify->chain, NULL);
	else
		verify->done(verify->context, NULL, &verify->err);
	free(verify->path);
	free(verify);
}

void archive_verify(struct core *core, archive_verified_fn *done, void *context)
{
	struct verify *verify = mem_alloc(sizeof(*verify));

	verify->job.work = verify_work;
	verify->job.done = verify_done;
	verify->path = database_path(core);
	verify->done = done;
	verify->context = context;
	lanes_submit(core->archive->lane, &verify->job);
}

int archive_forget(struct core *core, const struct actor *actor, int64_t before, int64_t *removed,
		   struct err *err)
{
	const struct audit_row row = { .person = actor->person, .actor = (char *)actor->name };

	if (before > clock_real_ms() - ARCHIVE_KEEP_DAYS * DAY_MS)
		return err_set(err, ERR_INVALID,
			       "the audit log is kept for at least %d days: name a time before that",
			       ARCHIVE_KEEP_DAYS);
	return audit_forget(core->store, before, &row, removed, err);
}

/* ---- backup, and the way back --------------------------------------------------------------- */

struct backup {
	struct job job;
	struct core *core;
	int64_t work; /* its number */
	char *from, *to;
	char *actor; /* whose wish the way back is, `to` being the database; NULL: a copy is made */
	bool force;
	_Atomic int permille; /* told by the lane, read by T0 */
	_Atomic bool unwanted;
	int result;
	struct err err;
};

static bool backup_told(void *context, double fraction)
{
	struct backup *backup = context;

	backup->permille = (int)(fraction * 1000);
	return !backup->unwanted;
}

static void backup_work(struct job *job)
{
	struct backup *backup = (struct backup *)job;
	struct store_restored restored;

	backup->result = backup->actor ? store_restore_prepare(backup->from, backup->to, backup->actor, backup->force,
							       &restored, &backup->err) :
					 store_copy(backup->from, backup->to, backup->force, backup_told, backup,
						    &backup->err);
}

static int backup_look(sd_event_source *source, uint64_t now, void *context)
{
	struct core *core = context;
	struct backup *backup = core->archive->backup;
	struct work *work = backup ? core_work(backup->core, backup->work) : NULL;

	(void)source, (void)now;
	if (!work)
		return 0;
	bool copied = backup->actor || backup->permille >= 1000;
	work_progress(core, work, backup->permille / 1000.0, copied ? "checking" : "copying");
	return loop_timer(core->loop, &core->archive->timer, LOOK_MS, backup_look, core);
}

static int end_now(sd_event_source *source, uint64_t now, void *context)
{
	struct core *core = context;

	(void)source, (void)now;
	log_info("stopping: a backup is put in the place of the database");
	loop_stop(core->loop, ARCHIVE_RESTORE);
	return 0;
}

static void backup_done(struct job *job)
{
	struct backup *backup = (struct backup *)job;
	struct core *core = backup->core;
	struct work *work = core_work(backup->core, backup->work);

	core->archive->backup = NULL;
	core->archive->timer = sd_event_source_disable_unref(core->archive->timer);
	if (work)
		work_end(core, work, backup->result < 0 ? backup->err.message : NULL);
	if (backup->actor && backup->result == 0 && !core->stopping) {
		core->archive->ending = true;
		loop_timer(core->loop, &core->archive->timer, END_MS, end_now, core);
	}
	free(backup->from);
	free(backup->to);
	free(backup->actor);
	free(backup);
}

static int check_begin(const struct archive *archive, const char *path, struct err *err)
{
	if (archive->ending)
		return err_set(err, ERR_CONFLICT, "a backup is being put in the place of the database: wait a moment");
	if (archive->backup)
		return err_set(err, ERR_CONFLICT, "a backup to %s is under way: wait for it", archive->backup->to);
	if (*path != '/')
		return err_set(err, ERR_INVALID, "the backup's path must begin with a slash");
	return 0;
}

/* Strings are stolen; actor: as in struct backup. */
static void begin(struct core *core, struct work *work, char *from, char *to, char *actor, bool force)
{
	struct backup *backup = core->archive->backup = mem_alloc(sizeof(*backup));

	backup->job.work = backup_work;
	backup->job.done = backup_done;
	backup->core = core;
	backup->work = work->id;
	backup->from = from;
	backup->to = to;
	backup->actor = actor;
	backup->force = force;
	lanes_submit(core->archive->lane, &backup->job);
	loop_timer(core->loop, &core->archive->timer, LOOK_MS, backup_look, core);
}

int archive_backup(struct core *core, const struct actor *actor, const char *path, bool force,
		   struct work **work, struct err *err)
{
	if (check_begin(core->archive, path, err) < 0)
		return -1;
	note(core, actor, "database.backup", 0, 0, path, "");
	*work = work_start(core, "backup", path);
	begin(core, *work, database_path(core), str_copy(path), NULL, force);
	return 0;
}

int archive_restore(struct core *core, const struct actor *actor, const char *path, bool foreign, struct work **work,
		    struct err *err)
{
	if (check_begin(core->archive, path, err) < 0)
		return -1;
	*work = work_start(core, "restore", path);
	begin(core, *work, str_copy(path), database_path(core), str_copy(actor->name), foreign);
	return 0;
}

void archive_end(struct core *core)
{
	if (!core->archive)
		return;
	if (core->archive->backup)
		core->archive->backup->unwanted = true;
	lanes_free(core->archive->lane);
	sd_event_source_disable_unref(core->archive->timer);
	free(core->archive);
	core->archive = NULL;
}
