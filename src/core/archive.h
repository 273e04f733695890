/* What is done with the database as a whole, beside the running daemon: copies of it, and walking the
 * audit chain. On
 * a lane of its own with a connection of its own that only reads, so that neither T0 nor those who
 * write wait for it. */
#ifndef CORE_ARCHIVE_H
#define CORE_ARCHIVE_H

#include "core/core.h"
#include "store/audit.h"

/* Exactly one of chain and err is not NULL. */
typedef void archive_verified_fn(void *context, const struct audit_chain *chain,
				 const struct err *err);
/* done is called once, later, on T0; core_free() calls those that are left. */
void archive_verify(struct core *core, archive_verified_fn *done, void *context);

/* Rows of the audit log are kept at least that long, whoever asks. */
#define ARCHIVE_KEEP_DAYS 90

/* audit_forget() in somebody's name. ERR_INVALID for a time that is not that long ago. */
int archive_forget(struct core *core, const struct actor *actor, int64_t before, int64_t *removed,
		   struct err *err);

/* A copy of the database in file `path` (absolute, on this host), as store_copy() makes it; *work is
 * of the kind "backup". ERR_CONFLICT while another is under way; what else goes wrong the work
 * tells. core_free() gives it up. */
struct work;
int archive_backup(struct core *core, const struct actor *actor, const char *path, bool force,
		   struct work **work, struct err *err);

/* The way back while everything runs: the backup in file `path` is checked and laid beside the database, then the loop ends
 * with ARCHIVE_RESTORE, a moment after *work (of the kind "restore") has ended. Who runs the loop ends all parts, puts the
 * file in place (store_restore_finish()) and begins anew. Conflicts as above; what is wrong with the backup the work tells,
 * and then nothing has changed. foreign: store/backup.h. */
#define ARCHIVE_RESTORE 1000
int archive_restore(struct core *core, const struct actor *actor, const char *path, bool foreign, struct work **work,
		    struct err *err);

#endif
