/* Copies of the whole database, and the way back from one.
 *
 * A copy is of one moment, by SQLite's backup API (https://sqlite.org/backup.html) on connections
 * of its own: it may be made on any thread while a daemon works, and neither waits for the other.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

/* Told between steps, 0..1; false gives the copy up (ERR_UNAVAILABLE). */
typedef bool backup_told_fn(void *context, double fraction);

/* Writes the database of file `from` to file `to`, one file of mode 0600: under a temporary name
 * beside it, checked (integrity_check), synced, and only then under its own. ERR_CONFLICT when `to`
 * is there and replace is false, ERR_INVALID when it is no ordinary file, or the database itself;
 * ERR_CAPACITY when the disk is full. told may be NULL. */
int store_copy(const char *from, const char *to, bool replace, backup_told_fn *told, void *context,
	       struct err *err);

struct store_restored {
	char kept[4096];  /* where the database of before is now; "" when there was none */
	char damage[256]; /* why that one could not be read; "" */
};
/* Puts a copy of `backup` in the place of `database`, which nobody may have open, keeps the one of
 * before beside it, and notes in the restored audit log that `actor` did so. A backup of an older
 * schema is brought to ours. ERR_CONFLICT, with nothing changed: it is of a newer version of
 * Terakoya, is no database of ours, or, unless `foreign`, is of another installation. */
int store_restore(const char *backup, const char *database, const char *actor, bool foreign,
		  struct store_restored *restored, struct err *err);
/* Its two halves, for who has the database open until the second. The first may take long, changes nothing but a file
 * beside the database, and says whether that one can be read; the second takes that file, and says what was kept. */
int store_restore_prepare(const char *backup, const char *database, const char *actor, bool foreign,
			  struct store_restored *restored, struct err *err);
int store_restore_finish(const char *database, struct store_restored *restored, struct err *err);

#endif
