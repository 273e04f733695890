/* Copies of the database, and the way back. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/audit.h"
#include "store/backup.h"

#define RESTORE_MS 600000 /* a large database is checked for minutes */

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

/* The daemon holds this lock as long as it lives: ERR_CONFLICT. */
static int state_lock(const char *state_dir, int *lock, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/terakoyad.lock", state_dir);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK ? err_errno(err, "cannot lock %s", path) :
					      err_set(err, ERR_CONFLICT, "terakoyad works on %s", state_dir);
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

static void show_restored(struct invocation *invocation, const char *kept, const char *damage, const char *then)
{
	json_t *result = json_pack("{s:s, s:s}", "kept", kept, "damage", damage);

	if (!show_json(invocation, result)) {
		if (*damage)
			printf("the database of before could not be read (%s)\n", damage);
		if (*kept)
			printf("the database of before is kept as %s\n", kept);
		printf("restored. %s.\n"
		       "At its start it removes machines that the backup does not know. Seats whose machines are gone "
		       "since say so: reset them.\n",
		       then);
	}
	json_decref(result);
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
	show_restored(invocation, restored.kept, restored.damage, "Start the daemon: systemctl start terakoyad");
	return 0;
}

/* ---- while the daemon runs -------------------------------------------------------------------- */

/* Whether the restored database says so: only then the daemon works with it. */
static bool is_restored(struct invocation *invocation, const char *path, int64_t since)
{
	AUTO_FREE char *wish = str_fmt("/audit?limit=20&since=%lld", (long long)since);
	json_t *rows = NULL, *row;
	struct err not_yet = ERR_INIT;
	bool found = false;
	size_t i;

	if (client_call(invocation->client, "GET", wish, NULL, &rows, &not_yet) == 0)
		json_array_foreach(rows, i, row)
			found |= str_equal(text_of(row, "action"), "database.restore") &&
				 str_equal(text_of(row, "object"), path);
	json_decref(rows);
	return found;
}

/* -1: it was not accepted. A daemon that does not answer is about to begin anew. */
static int check_work(struct invocation *invocation, const char *work_path, struct err *err)
{
	json_t *work = NULL;
	struct err away = ERR_INIT;
	int result = 0;

	if (client_call(invocation->client, "GET", work_path, NULL, &work, &away) == 0 &&
	    str_equal(text_of(work, "state"), "failed"))
		result = err_set(err, ERR_INVALID, "%s", text_of(work, "message"));
	json_decref(work);
	return result;
}

static int await_restored(struct invocation *invocation, const char *path, const char *work_path, int64_t since,
			  struct err *err)
{
	for (uint64_t end = clock_mono_ms() + RESTORE_MS; clock_mono_ms() < end; usleep(200000)) {
		if (is_restored(invocation, path, since))
			return 0;
		if (check_work(invocation, work_path, err) < 0)
			return -1;
	}
	return err_set(err, ERR_UNAVAILABLE, "terakoyad has not come back with the backup within %d minutes: its log says why",
		       RESTORE_MS / 60000);
}

/* Names of what is kept go by the time. */
static char *last_kept(const char *state_dir)
{
	AUTO_FREE char *pattern = str_fmt("%s/terakoya.db.before-*[0-9]", state_dir);
	glob_t found;
	char *last;

	if (glob(pattern, 0, NULL, &found) != 0)
		return str_copy("");
	last = str_copy(found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return last;
}

static int restore_running(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = absolute(invocation->argument[0]);
	json_t *work = NULL;

	tell_chain(path);
	if (!confirm(invocation, "Put this backup in the place of the present database? What was done since it was made is not "
				 "in it; machines that it does not know are removed. The daemon begins anew with it: "
				 "pages and shells come back by themselves, builds, bakes and tests that are under way "
				 "end."))
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	int64_t since = clock_real_ms();
	json_t *body = json_pack("{s:s, s:b}", "path", path, "force", option_value(invocation, "force") != NULL);
	if (client_call(invocation->client, "POST", "/restore", body, &work, err) < 0)
		return -1;
	AUTO_FREE char *work_path = str_fmt("/works/%lld", (long long)json_integer_value(json_object_get(work, "id")));
	json_decref(work);
	if (await_restored(invocation, path, work_path, since, err) < 0)
		return -1;
	AUTO_FREE char *kept = last_kept(invocation->state_dir);
	show_restored(invocation, kept, "", "The daemon works with it");
	return 0;
}

int cmd_restore(struct invocation *invocation, struct err *err)
{
	int lock = -1, result;

	if (state_lock(invocation->state_dir, &lock, err) == 0) {
		result = restore_locked(invocation, err);
		close(lock);
		return result;
	}
	if (err->kind != ERR_CONFLICT)
		return -1;
	*err = (struct err)ERR_INIT;
	return restore_running(invocation, err);
}
