#include "core/archive.h"

#include <stdlib.h>

#define LOG_MODULE "archive"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"

#define DAY_MS (24 * 3600 * 1000ll)

static char *database_path(const struct core *core)
{
	return str_fmt("%s/terakoya.db", core->config.state_dir);
}

int archive_open(struct core *core, struct err *err)
{
	core->archive = lanes_new(core->loop, "archive", 1, err);
	return core->archive ? 0 : -1;
}

void archive_free(struct core *core)
{
	lanes_free(core->archive);
	core->archive = NULL;
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
	lanes_submit(core->archive, &verify->job);
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
