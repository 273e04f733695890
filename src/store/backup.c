#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/audit.h"
#include "store/query.h"
#include "store/schema.h"

#define STEP_PAGES 256 /* 1 MiB: some milliseconds of a disk */

/* ---- copying -------------------------------------------------------------------------------- */

static int copy_failed(sqlite3 *copy, const char *path, struct err *err)
{
	if ((sqlite3_errcode(copy) & 0xff) == SQLITE_FULL)
		return err_set(err, ERR_CAPACITY, "no room is left on the disk for %s", path);
	return err_set(err, ERR_INTERNAL, "cannot copy the database to %s: %s", path,
		       sqlite3_errmsg(copy));
}

static double fraction_of(sqlite3_backup *backup)
{
	int all = sqlite3_backup_pagecount(backup);

	return all ? 1 - (double)sqlite3_backup_remaining(backup) / all : 0;
}

/* The source stands in a read transaction, so that what others write meanwhile does not make the
 * copy begin again. */
static int copy_pages(struct store *from, sqlite3 *copy, const char *path, backup_told_fn *told,
		      void *context, struct err *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(copy, "main", from->db, "main");
	bool wanted = true;

	while (backup && wanted && sqlite3_backup_step(backup, STEP_PAGES) == SQLITE_OK)
		wanted = !told || told(context, fraction_of(backup));
	if (backup)
		sqlite3_backup_finish(backup);
	if (!wanted)
		return err_set(err, ERR_UNAVAILABLE, "the copy to %s was given up", path);
	return sqlite3_errcode(copy) == SQLITE_OK ? 0 : copy_failed(copy, path, err);
}

static int copy_write(struct store *from, const char *path, backup_told_fn *told, void *context,
		      struct err *err)
{
	sqlite3 *copy = NULL;
	int result = -1;

	if (sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		err_set(err, ERR_INTERNAL, "cannot write the copy %s", path);
	else if (copy_pages(from, copy, path, told, context, err) == 0)
		/* One file: no journal beside it. */
		result = sqlite3_exec(copy, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) ?
				 copy_failed(copy, path, err) :
				 store_check(copy, path, "PRAGMA integrity_check(1)", err);
	sqlite3_close(copy);
	return result;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int directory_sync(const char *path)
{
	AUTO_FREE char *directory = str_copy(path);
	char *slash = strrchr(directory, '/');

	if (slash)
		slash[slash == directory] = 0;
	AUTO_CLOSE int fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

static int file_may_be_written(const char *from, const char *to, bool replace, struct err *err)
{
	struct stat source, target;

	if (lstat(to, &target) < 0)
		return 0;
	if (stat(from, &source) == 0 && source.st_dev == target.st_dev &&
	    source.st_ino == target.st_ino)
		return err_set(err, ERR_INVALID, "%s is the database itself: name another file",
			       to);
	if (!S_ISREG(target.st_mode))
		return err_set(err, ERR_INVALID, "%s is no ordinary file: name another", to);
	if (!replace)
		return err_set(err, ERR_CONFLICT,
			       "%s is there already: name another file, or give --force", to);
	return 0;
}

/* The name may have been taken while the copy was made. */
static int file_name(const char *partial, const char *to, bool replace, struct err *err)
{
	if (renameat2(AT_FDCWD, partial, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE) < 0)
		return err_errno(err, "cannot put the copy at %s", to);
	return directory_sync(to) < 0 ? err_errno(err, "cannot sync the directory of %s", to) : 0;
}

static int copy_make(struct store *from, const char *partial, backup_told_fn *told, void *context,
		     struct err *err)
{
	AUTO_CLOSE int fd = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, "cannot make %s", partial);
	if (copy_write(from, partial, told, context, err) < 0)
		return -1;
	return fsync(fd) < 0 ? err_errno(err, "cannot sync %s", partial) : 0;
}

int store_copy(const char *from, const char *to, bool replace, backup_told_fn *told, void *context,
	       struct err *err)
{
	AUTO_FREE char *partial = str_fmt("%s.partial", to);

	if (file_may_be_written(from, to, replace, err) < 0)
		return -1;
	struct store *source = store_open_to_look(from, err);
	if (!source)
		return -1;
	unlink(partial);
	int result = copy_make(source, partial, told, context, err);
	store_close(source);
	if (result == 0)
		result = file_name(partial, to, replace, err);
	if (result < 0)
		unlink(partial);
	return result;
}

/* ---- the way back --------------------------------------------------------------------------- */

static int backup_fits(struct store *backup, struct err *err)
{
	int64_t version;

	if (schema_version(backup, &version, err) < 0)
		return -1;
	if (version <= (int64_t)schema_current.steps)
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "%s was written by a newer version of Terakoya (schema %lld, this program knows "
		       "%zu): install that version first",
		       backup->path, (long long)version, schema_current.steps);
}

/* Machines are known by the instance: with another one, those that run here would be nobody's. */
static int instance_fits(struct store *backup, const char *database,
			 struct store_restored *restored, struct err *err)
{
	struct err why = ERR_INIT;
	struct store *present = access(database, F_OK) == 0 ? store_open_to_look(database, &why) :
							      NULL;
	bool same = !present || str_equal(store_instance(present), store_instance(backup));

	store_close(present);
	if (why.kind == ERR_UNAVAILABLE) /* it is only busy */
		return err_set(err, why.kind, "%s", why.message);
	snprintf(restored->damage, sizeof(restored->damage), "%.255s", why.message);
	return same ? 0 :
		err_set(err, ERR_CONFLICT,
			"%s is a backup of another installation: machines that run here would be "
			"known to nobody. Close all classes first, then give --force",
			backup->path);
}

static int backup_acceptable(const char *backup, const char *database, bool foreign,
			     struct store_restored *restored, struct err *err)
{
	struct store *store = store_open_to_look(backup, err);

	if (!store)
		return -1;
	int result = backup_fits(store, err);
	if (result == 0 && instance_fits(store, database, restored, err) < 0 && !foreign)
		result = -1;
	store_close(store);
	return result;
}

/* Migrates it, too, under its temporary name. */
static int restored_note(const char *path, const char *backup, const char *actor, struct err *err)
{
	struct store *store = store_open(path, err);
	const struct audit_row row = { .actor = (char *)actor,
				       .action = (char *)"database.restore",
				       .object = (char *)backup };

	if (!store)
		return -1;
	int result = audit_add(store, &row, err);
	store_close(store);
	return result;
}

/* So that the file alone is the database: a journal left beside would be taken for the new one's. */
static int journal_fold(const char *database)
{
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(database, &db, SQLITE_OPEN_READWRITE, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	sqlite3_close(db);
	return code == SQLITE_OK ? 0 : -1;
}

static int journal_move(const char *database, const char *kept, const char *suffix, struct err *err)
{
	AUTO_FREE char *from = str_fmt("%s%s", database, suffix);
	AUTO_FREE char *to = str_fmt("%s%s", kept, suffix);

	return rename(from, to) == 0 || errno == ENOENT ? 0 :
							  err_errno(err, "cannot move %s", from);
}

/* One that nothing has yet: two may be kept in one second. */
static void kept_name(const char *database, struct store_restored *restored)
{
	time_t now = time(NULL);
	struct tm local;
	char stamp[32];

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &local));
	snprintf(restored->kept, sizeof(restored->kept), "%s.before-%s", database, stamp);
	for (unsigned again = 2; access(restored->kept, F_OK) == 0 && again < 100; again++)
		snprintf(restored->kept, sizeof(restored->kept), "%s.before-%s-%u", database, stamp, again);
}

/* The old one gets a second name, and keeps the first until the new one takes it. */
static int old_keep(const char *database, struct store_restored *restored, struct err *err)
{
	*restored->kept = 0;
	if (access(database, F_OK) < 0)
		return 0;
	kept_name(database, restored);
	if (journal_fold(database) < 0 &&
	    (journal_move(database, restored->kept, "-wal", err) < 0 ||
	     journal_move(database, restored->kept, "-shm", err) < 0))
		return -1;
	if (link(database, restored->kept) < 0)
		return err_errno(err, "cannot keep the present database as %s", restored->kept);
	return 0;
}

/* The daemon may run as another user than who restores. */
static void owner_like(const char *path, const char *model)
{
	struct stat about;

	if (stat(model, &about) == 0 && chown(path, about.st_uid, about.st_gid) < 0)
		return; /* only root can, and only root has to */
}

static char *coming_path(const char *database)
{
	return str_fmt("%s.restoring", database);
}

int store_restore_prepare(const char *backup, const char *database, const char *actor, bool foreign,
			  struct store_restored *restored, struct err *err)
{
	AUTO_FREE char *coming = coming_path(database);

	*restored = (struct store_restored){ 0 };
	if (backup_acceptable(backup, database, foreign, restored, err) < 0 ||
	    store_copy(backup, coming, true, NULL, NULL, err) < 0)
		return -1;
	owner_like(coming, database);
	if (restored_note(coming, backup, actor, err) == 0)
		return 0;
	unlink(coming);
	return -1;
}

int store_restore_finish(const char *database, struct store_restored *restored, struct err *err)
{
	AUTO_FREE char *coming = coming_path(database);

	if (old_keep(database, restored, err) == 0 && file_name(coming, database, true, err) == 0)
		return 0;
	unlink(coming);
	return -1;
}

int store_restore(const char *backup, const char *database, const char *actor, bool foreign,
		  struct store_restored *restored, struct err *err)
{
	return store_restore_prepare(backup, database, actor, foreign, restored, err) < 0 ?
		       -1 :
		       store_restore_finish(database, restored, err);
}
