/* Copies of the database, and the way back. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/audit.h"
#include "store/backup.h"

/* The daemon's working directory is another. */
static char *absolute(const char *path)
{
	AUTO_FREE char *here = getcwd(NULL, 0);

	return *path == '/' || !here ? str_copy(path) : str_fmt("%s/%s", here, path);
}

int cmd_backup(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = absolute(invocation->argument[0]);
	json_t *body = json_pack("{s:s, s:b}", "path", path, "force",
				 option_value(invocation, "force") != NULL),
	       *work = NULL;

	if (client_call(invocation->client, "POST", "/backup", body, &work, err) < 0)
		return -1;
	int result = show_work(invocation, work, err);
	json_decref(work);
	return result;
}

/* The daemon holds this lock as long as it lives. */
static int state_lock(const char *state_dir, int *lock, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/terakoyad.lock", state_dir);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK ? err_errno(err, "cannot lock %s", path) :
			err_set(err, ERR_CONFLICT,
				"terakoyad works on %s: stop it first (systemctl stop terakoyad)",
				state_dir);
	*lock = STEAL_FD(fd);
	return 0;
}

/* A broken chain is no reason not to restore, but one to know. */
static void tell_chain(const char *path)
{
	struct audit_chain chain;
	struct err ignored = ERR_INIT;

	if (audit_verify_file(path, &chain, &ignored) == 0 && chain.broken)
		fprintf(stderr, "terakoya: the audit log of this backup was changed: row %lld %s\n",
			(long long)chain.broken, chain.finding);
}

static void tell_restored(const struct store_restored *restored)
{
	if (*restored->damage)
		printf("the database of before could not be read (%s)\n", restored->damage);
	if (*restored->kept)
		printf("the database of before is kept as %s\n", restored->kept);
	printf("restored. Start the daemon: systemctl start terakoyad\n"
	       "At its start it removes machines that the backup does not know. Seats whose machines are gone "
	       "since say so: reset them.\n");
}

static int restore_locked(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *database = str_fmt("%s/terakoya.db", invocation->state_dir);
	const struct passwd *user = getpwuid(getuid());
	struct store_restored restored;

	tell_chain(invocation->argument[0]);
	if (!confirm(invocation, "Put this backup in the place of the present database? What was done since "
				 "it was made is not in it."))
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	if (store_restore(invocation->argument[0], database, user ? user->pw_name : "root",
			  option_value(invocation, "force") != NULL, &restored, err) < 0)
		return -1;
	json_t *result = json_pack("{s:s, s:s}", "kept", restored.kept, "damage", restored.damage);
	if (!show_json(invocation, result))
		tell_restored(&restored);
	json_decref(result);
	return 0;
}

int cmd_restore(struct invocation *invocation, struct err *err)
{
	int lock = -1;

	if (state_lock(invocation->state_dir, &lock, err) < 0)
		return -1;
	int result = restore_locked(invocation, err);
	close(lock);
	return result;
}
