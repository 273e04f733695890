#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define USER_PATH   "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

/* ---- accounts: the files themselves, because static glibc has no name service ------------ */

int account_find(const char *name, struct account *account)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;

	if (!file)
		return errno;
	if (!name || !*name)
		name = "root";
	while ((entry = fgetpwent(file)) && strcmp(entry->pw_name, name))
		;
	if (entry) {
		snprintf(account->name, sizeof(account->name), "%s", entry->pw_name);
		snprintf(account->home, sizeof(account->home), "%s", entry->pw_dir);
		snprintf(account->shell, sizeof(account->shell), "%s",
			 *entry->pw_shell ? entry->pw_shell : "/bin/sh");
		account->uid = entry->pw_uid;
		account->gid = entry->pw_gid;
	}
	fclose(file);
	return entry ? 0 : ENOENT;
}

static bool group_has(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

static int take_groups(const struct account *account)
{
	gid_t groups[64] = { account->gid };
	size_t count = 1;
	FILE *file = fopen("/etc/group", "re");
	struct group *entry;

	while (file && count < 64 && (entry = fgetgrent(file)))
		if (entry->gr_gid != account->gid && group_has(entry, account->name))
			groups[count++] = entry->gr_gid;
	if (file)
		fclose(file);
	return setgroups(count, groups);
}

/* ---- what a child's life begins with ----------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return !strncmp(a, b, length + 1);
}

/* Later entries replace earlier ones of the same name. */
static void env_add(const char **env, size_t *count, const char *entry)
{
	for (size_t i = 0; i < *count; i++) {
		if (same_name(entry, env[i])) {
			env[i] = entry;
			return;
		}
	}
	env[(*count)++] = entry;
	env[*count] = NULL;
}

static const char *entry_of(const char *name, const char *value)
{
	char *entry;

	return asprintf(&entry, "%s=%s", name, value) < 0 ? "NONE=" : entry;
}

static const char **env_of(const struct spawn *spawn)
{
	static const char *env[AGENT_ARGUMENTS + 16];
	size_t count = 0;

	env_add(env, &count,
		(spawn->terminal || spawn->at_home) && spawn->account.uid ? "PATH=" USER_PATH
									  : "PATH=" SYSTEM_PATH);
	env_add(env, &count, "LANG=C.UTF-8");
	env_add(env, &count, entry_of("HOME", spawn->account.home));
	env_add(env, &count, entry_of("USER", spawn->account.name));
	env_add(env, &count, entry_of("LOGNAME", spawn->account.name));
	env_add(env, &count, entry_of("SHELL", spawn->account.shell));
	if (spawn->terminal)
		env_add(env, &count, "TERM=xterm-256color");
	for (size_t i = 0; spawn->env && spawn->env[i] && i < AGENT_ARGUMENTS; i++)
		if (strchr(spawn->env[i], '='))
			env_add(env, &count, spawn->env[i]);
	return env;
}

static void leave_agent_behind(void)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		close(fd);
	}
	setpriority(PRIO_PROCESS, 0, 0);
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
}

/* The descriptors may be 0 to 2 already, in any order: move them out of the way first. */
static int take_descriptors(const struct spawn *spawn)
{
	int input = fcntl(spawn->input, F_DUPFD_CLOEXEC, 3);
	int output = fcntl(spawn->output, F_DUPFD_CLOEXEC, 3);
	int errors = fcntl(spawn->errors, F_DUPFD_CLOEXEC, 3);

	return input < 0 || output < 0 || errors < 0 || dup2(input, 0) < 0 ||
			       dup2(output, 1) < 0 || dup2(errors, 2) < 0
		       ? -1
		       : 0;
}

static int take_account(const struct account *account)
{
	const struct rlimit processes = { AGENT_USER_PROCESSES, AGENT_USER_PROCESSES };

	if (account->uid)
		setrlimit(RLIMIT_NPROC, &processes);
	return take_groups(account) || setgid(account->gid) || setuid(account->uid) ? -1 : 0;
}

/* In the child. Returns the step that failed. */
static const char *become(const struct spawn *spawn)
{
	const char *argv[AGENT_ARGUMENTS + 1] = { NULL };
	const char **env = env_of(spawn);

	for (size_t i = 0; i < AGENT_ARGUMENTS && spawn->argv[i]; i++)
		argv[i] = spawn->argv[i];
	if (spawn->argv0)
		argv[0] = spawn->argv0;
	setsid();
	leave_agent_behind();
	if (take_descriptors(spawn))
		return "hand over input and output to";
	if (spawn->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
		return "give a terminal to";
	if (take_account(&spawn->account))
		return "take the account to run";
	if (chdir(spawn->directory) < 0 && ((!spawn->terminal && !spawn->at_home) || chdir("/") < 0))
		return "enter the directory to run";
	setenv("PATH", spawn->account.uid ? USER_PATH ":/usr/sbin:/sbin" : SYSTEM_PATH, 1);
	execvpe(spawn->argv[0], (char *const *)argv, (char *const *)env);
	return "run";
}

/* ---- starting ---------------------------------------------------------------------------- */

static void describe(char why[FRAME_MESSAGE_MAX], const char *step, const char *name)
{
	if (errno == EAGAIN)
		snprintf(why, FRAME_MESSAGE_MAX, "cannot %s %s: the machine has no free processes",
			 step, name);
	else if (errno == ENOMEM)
		snprintf(why, FRAME_MESSAGE_MAX, "cannot %s %s: the machine has no free memory",
			 step, name);
	else
		snprintf(why, FRAME_MESSAGE_MAX, "cannot %s %s: %s", step, name, strerror(errno));
}

/* The child's end of the pipe closes by itself when its program starts; what it says before is why
 * that failed. Waiting for it takes as long as vfork() would. */
static bool child_says(int fd, char why[FRAME_MESSAGE_MAX])
{
	struct { int error; char why[FRAME_MESSAGE_MAX]; } said;
	ssize_t got;

	while ((got = read(fd, &said, sizeof(said))) < 0 && errno == EINTR)
		;
	if (got != sizeof(said))
		return false;
	memcpy(why, said.why, sizeof(said.why));
	errno = said.error;
	return true;
}

static void child_main(const struct spawn *spawn, int tell)
{
	struct { int error; char why[FRAME_MESSAGE_MAX]; } said = { 0 };
	const char *step = become(spawn);

	said.error = errno;
	describe(said.why, step, spawn->argv[0]);
	(void)!write(tell, &said, sizeof(said));
	_exit(127);
}

pid_t spawn_start(const struct spawn *spawn, char why[FRAME_MESSAGE_MAX])
{
	int tell[2];

	if (pipe2(tell, O_CLOEXEC) < 0) {
		describe(why, "start", spawn->argv[0]);
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		child_main(spawn, tell[1]);
	if (pid < 0)
		describe(why, "start", spawn->argv[0]);
	int error = errno;
	close(tell[1]);
	if (pid > 0 && child_says(tell[0], why)) {
		error = errno;
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(tell[0]);
	errno = error;
	return pid;
}

int spawn_wait(const char *const *argv, uint64_t most_ms)
{
	const struct timespec moment = { .tv_nsec = 5 * 1000 * 1000 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = -1;
	struct spawn spawn = { .argv = argv, .directory = "/", .input = null, .output = null,
			       .errors = null };
	char why[FRAME_MESSAGE_MAX];
	uint64_t deadline = now_ms() + most_ms;

	account_find(NULL, &spawn.account);
	pid_t pid = null < 0 ? -1 : spawn_start(&spawn, why);
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > deadline)
			kill(-pid, SIGKILL);
		nanosleep(&moment, NULL);
	}
	if (null >= 0)
		close(null);
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
