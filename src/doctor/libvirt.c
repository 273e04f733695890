/* The part of libvirt and QEMU: daemons, their limits, what QEMU can do, and what it may reach. */
#include "doctor/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "base/user.h"

#define QEMU_USER      "libvirt-qemu"
#define OPEN_FILES     8192 /* libvirtd: about 12 for each machine, and some */
#define APPARMOR_RULES "/etc/apparmor.d/local/abstractions/libvirt-qemu"

/* ---- the daemons ------------------------------------------------------------------------------ */

static const char *const sockets[] = { "/run/libvirt/virtlogd-sock", "/run/libvirt/libvirt-sock" };
static const char *const daemons[] = { "virtlogd", "libvirtd" };

static bool answers(const char *path)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool systemd_runs(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static void probe_daemons(struct doctor *doctor, struct doctor_result *result)
{
	bool log = answers(sockets[0]), virt = answers(sockets[1]);

	(void)doctor;
	if (log && virt) {
		doctor_ok(result, "virtlogd and libvirtd answer");
		return;
	}
	doctor_fail(result, "%s", log ? "libvirtd does not answer"
				: virt ? "virtlogd does not answer" : "virtlogd and libvirtd do not answer");
	doctor_means(result, "no machine can be started; machines that run go on running");
	doctor_remedy(result, systemd_runs() ? "run: systemctl start virtlogd libvirtd"
					     : "run: ulimit -n 8192; virtlogd -d; libvirtd -d");
}

static int start_daemon(size_t index, struct doctor_result *result)
{
	AUTO_FREE char *command =
		systemd_runs() ? str_fmt("systemctl start %s", daemons[index])
			       : str_fmt("ulimit -n %d 2>/dev/null; exec %s -d >/dev/null 2>&1",
					 OPEN_FILES, daemons[index]);
	char *argv[] = { (char *)"sh", (char *)"-c", command, NULL };
	AUTO(buf) struct buf output = { 0 };
	char line[200];

	if (answers(sockets[index]))
		return 0;
	if (doctor_run_program(argv, NULL, 20000, &output) == 0)
		for (int i = 0; i < 100; i++) {
			if (answers(sockets[index]))
				return 0;
			usleep(100000);
		}
	doctor_last_line(&output, line, sizeof(line));
	return doctor_note(result, -1, "%s was started and does not answer: %s", daemons[index],
			   *line ? line : "see its log");
}

static int fix_daemons(struct doctor *doctor, struct doctor_result *result)
{
	doctor->say("starting virtlogd and libvirtd");
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
		if (start_daemon(i, result) < 0)
			return -1;
	return doctor_note(result, 0, "virtlogd and libvirtd were started");
}

/* ---- libvirtd's limit of open files ----------------------------------------------------------- */

static pid_t libvirtd_pid(void)
{
	AUTO(buf) struct buf text = { 0 };
	long pid = 0;

	if (buf_read_file(&text, "/run/libvirtd.pid", 64, NULL) < 0)
		return 0;
	pid = strtol((char *)text.data, NULL, 10);
	return pid > 1 && pid < INT_MAX ? (pid_t)pid : 0;
}

static void probe_libvirtd_files(struct doctor *doctor, struct doctor_result *result)
{
	struct rlimit limit = { 0 };
	pid_t pid = libvirtd_pid();

	(void)doctor;
	if (!pid || prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0) {
		doctor_ok(result, "not seen: libvirtd runs under another name, or only root may look");
		return;
	}
	if (limit.rlim_cur >= OPEN_FILES) {
		doctor_ok(result, "libvirtd may open %llu files", (unsigned long long)limit.rlim_cur);
		return;
	}
	doctor_warn(result, "libvirtd may open only %llu files", (unsigned long long)limit.rlim_cur);
	doctor_means(result, "it needs about a dozen for each machine: a class of 80 seats would stop halfway");
	doctor_remedy(result, "run: prlimit --pid %d --nofile=%d; and set LimitNOFILE=%d in its service",
		      pid, OPEN_FILES, OPEN_FILES);
}

static int fix_libvirtd_files(struct doctor *doctor, struct doctor_result *result)
{
	struct rlimit limit = { OPEN_FILES, OPEN_FILES }, now = { 0 };
	pid_t pid = libvirtd_pid();

	(void)doctor;
	if (prlimit(pid, RLIMIT_NOFILE, NULL, &now) == 0 && now.rlim_max > limit.rlim_max)
		limit.rlim_max = now.rlim_max;
	if (prlimit(pid, RLIMIT_NOFILE, &limit, NULL) < 0)
		return doctor_note(result, -1, "libvirtd's limit cannot be raised: %m");
	return doctor_note(result, 0, "libvirtd's limit was raised to %d, until it restarts", OPEN_FILES);
}

/* ---- what QEMU can do ------------------------------------------------------------------------- */

static void probe_cloning(struct doctor *doctor, struct doctor_result *result)
{
	static const char words[] = "{\"execute\":\"qmp_capabilities\"}\n"
				    "{\"execute\":\"query-migrate-capabilities\"}\n"
				    "{\"execute\":\"quit\"}\n";
	char *argv[] = { (char *)"qemu-system-x86_64", (char *)"-machine", (char *)"none",
			 (char *)"-nodefaults", (char *)"-display", (char *)"none",
			 (char *)"-qmp", (char *)"stdio", NULL };
	AUTO(buf) struct buf output = { 0 };
	int status;

	(void)doctor;
	buf_text(&output, "");
	status = doctor_run_program(argv, words, 3000, &output);
	if (status == 0 && strstr((char *)output.data, "\"x-ignore-shared\"")) {
		doctor_ok(result, "QEMU can share a template's memory (x-ignore-shared)");
		return;
	}
	if (status != 0)
		doctor_fail(result, "qemu-system-x86_64 does not run");
	else
		doctor_warn(result, "this QEMU does not know x-ignore-shared");
	doctor_means(result, status != 0 ? "no machine can be started"
					 : "machines are booted instead of cloned: minutes for a class "
					   "instead of seconds, and more memory for each seat");
	doctor_remedy(result, "install QEMU 7.2 or newer: apt-get install qemu-system-x86");
}

/* ---- AppArmor --------------------------------------------------------------------------------- */

/* libvirt writes a profile for each machine from its XML, and does not know the files that a template adds
 * on QEMU's command line: its memory, and the sealed copy of it that the daemon's helper holds. */
static char *apparmor_rules(const char *state_dir)
{
	return str_fmt("  # terakoya: templates in %s\n"
		       "  \"%s/templates/**\" rwk,\n"
		       "  @{PROC}/[0-9]*/fd/[0-9]* rw,\n"
		       "  /memfd:* rw,\n", state_dir, state_dir);
}

static bool apparmor_is_on(void)
{
	AUTO(buf) struct buf text = { 0 };

	return buf_read_file(&text, "/sys/module/apparmor/parameters/enabled", 16, NULL) == 0 &&
	       text.length && text.data[0] == 'Y';
}

static void probe_apparmor(struct doctor *doctor, struct doctor_result *result)
{
	AUTO_FREE char *mark = str_fmt("\"%s/templates/**\"", doctor->state_dir);
	AUTO(buf) struct buf text = { 0 };

	if (!apparmor_is_on()) {
		doctor_ok(result, "AppArmor is not in use here");
		return;
	}
	if (buf_read_file(&text, APPARMOR_RULES, 1u << 20, NULL) == 0 && text.length &&
	    strstr((char *)text.data, mark)) {
		doctor_ok(result, "AppArmor lets QEMU read the templates");
		return;
	}
	doctor_fail(result, "AppArmor is on, and does not let QEMU reach the templates of %s",
		    doctor->state_dir);
	doctor_means(result, "clones end with \"Permission denied\" as soon as they are made");
	doctor_remedy(result, "add to %s: \"%s/templates/**\" rwk, and the memory's @{PROC}/[0-9]*/fd/[0-9]* rw,",
		      APPARMOR_RULES, doctor->state_dir);
}

static int fix_apparmor(struct doctor *doctor, struct doctor_result *result)
{
	AUTO_FREE char *rules = apparmor_rules(doctor->state_dir);
	AUTO_FILE FILE *file = NULL;

	mkdir("/etc/apparmor.d/local", 0755);
	mkdir("/etc/apparmor.d/local/abstractions", 0755);
	file = fopen(APPARMOR_RULES, "a");
	if (!file || fputs(rules, file) < 0 || fflush(file) != 0)
		return doctor_note(result, -1, "%s cannot be written: %m", APPARMOR_RULES);
	return doctor_note(result, 0, "rules were added to %s; they hold for machines that start from now on",
			   APPARMOR_RULES);
}

/* ---- the way to the state directory ----------------------------------------------------------- */

/* In a child that has become the user: writes one byte for each directory on the way, blocked or not. Nothing is
 * allocated here: in the daemon, another thread may hold the allocator's lock at the fork. */
static void try_way(char *at, uid_t uid, gid_t gid, int out)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0))
		_exit(1);
	for (char *slash = strchr(at + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = 0;
		char blocked = access(at, X_OK) < 0 && errno == EACCES ? 'b' : '.';
		if (write(out, &blocked, 1) != 1)
			_exit(1);
		if (!slash)
			_exit(0);
		*slash = '/';
	}
}

/* Once one directory is closed to the user, nothing below can be judged: it is opened first, then we look
 * again. So this tells the outermost only; the caller comes back. */
static int first_blocked(const char *path, uid_t uid, gid_t gid, char *directory, size_t size)
{
	AUTO_FREE char *way = str_copy(path);
	char seen[PATH_MAX];
	int out[2], status = -1;
	ssize_t got;
	size_t i;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		try_way(way, uid, gid, out[1]);
	close(out[1]);
	for (got = 0; pid > 0 && (size_t)got < sizeof(seen); got += status) {
		status = (int)read(out[0], seen + got, sizeof(seen) - (size_t)got);
		if (status <= 0)
			break;
	}
	close(out[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		return -1;
	for (i = 0; i < (size_t)got && seen[i] != 'b'; i++)
		;
	if (i == (size_t)got)
		return 0;
	const char *end = path;
	for (size_t n = 0; end && n <= i; n++)
		end = strchr(end + 1, '/');
	snprintf(directory, size, "%.*s", (int)(end ? end - path : (long)strlen(path)), path);
	return 1;
}

/* Parents of a closed directory are judged by the real user; those below it only by their own bits. */
static bool closed_by_mode(const char *directory, uid_t uid, gid_t gid)
{
	struct stat about;

	if (stat(directory, &about) < 0)
		return false;
	if (about.st_uid == uid)
		return !(about.st_mode & S_IXUSR);
	if (about.st_gid == gid)
		return !(about.st_mode & S_IXGRP);
	return !(about.st_mode & S_IXOTH);
}

int doctor_blocked(const char *path, uid_t uid, gid_t gid,
		   void (*each)(void *context, const char *directory), void *context)
{
	char first[PATH_MAX];
	AUTO_FREE char *at = str_copy(path);
	int found = first_blocked(path, uid, gid, first, sizeof(first));

	if (found <= 0)
		return found;
	each(context, first);
	for (char *slash = at + strlen(first); *slash == '/';) {
		slash = strchrnul(slash + 1, '/');
		char kept = *slash;
		*slash = 0;
		if (closed_by_mode(at, uid, gid)) {
			each(context, at);
			found++;
		}
		*slash = kept;
	}
	return found;
}

static void list_directory(void *context, const char *directory)
{
	buf_fmt(context, "%s%s", ((struct buf *)context)->length ? " " : "", directory);
}

static void probe_reach(struct doctor *doctor, struct doctor_result *result)
{
	AUTO(buf) struct buf closed = { 0 };
	uid_t uid;
	gid_t gid;
	int count;

	if (!user_find(QEMU_USER, &uid, &gid)) {
		doctor_warn(result, "there is no user %s", QEMU_USER);
		doctor_means(result, "it cannot be told whether QEMU reaches %s", doctor->state_dir);
		doctor_remedy(result, "install libvirt-daemon-system");
		return;
	}
	if (geteuid() != 0) {
		doctor_ok(result, "not tried: only root can try it as user %s", QEMU_USER);
		return;
	}
	count = doctor_blocked(doctor->state_dir, uid, gid, list_directory, &closed);
	if (count == 0) {
		doctor_ok(result, "QEMU's user %s reaches %s", QEMU_USER, doctor->state_dir);
		return;
	}
	doctor_fail(result, "QEMU's user %s may not pass: %s", QEMU_USER,
		    closed.data ? (char *)closed.data : "(it could not be tried)");
	doctor_means(result, "no machine can open its disk in %s: \"Permission denied\"",
		     doctor->state_dir);
	doctor_remedy(result, "run: setfacl -m u:%s:x %s; or keep the state elsewhere with --state-dir", QEMU_USER,
		      closed.data ? (char *)closed.data : doctor->state_dir);
}

static void open_directory(void *context, const char *directory)
{
	char *argv[] = { (char *)"setfacl", (char *)"-m", (char *)"u:" QEMU_USER ":x",
			 (char *)directory, NULL };
	struct buf *note = context;
	struct stat about;

	if (doctor_run_program(argv, NULL, 5000, NULL) == 0)
		buf_fmt(note, "%s: %s may pass now. ", directory, QEMU_USER);
	else if (stat(directory, &about) == 0 && chmod(directory, (about.st_mode & 07777) | S_IXOTH) == 0)
		buf_fmt(note, "%s: no access lists there, so everybody may pass now (chmod o+x). ",
			directory);
	else
		buf_fmt(note, "%s: %s. ", directory, strerror(errno));
}

static int fix_reach(struct doctor *doctor, struct doctor_result *result)
{
	AUTO(buf) struct buf note = { 0 };
	uid_t uid;
	gid_t gid;

	if (!user_find(QEMU_USER, &uid, &gid))
		return doctor_note(result, -1, "there is no user %s to open the way for", QEMU_USER);
	doctor_blocked(doctor->state_dir, uid, gid, open_directory, &note);
	return doctor_note(result, 0, "%s", note.data ? (char *)note.data : "nothing was closed");
}

/* ---- the table -------------------------------------------------------------------------------- */

const struct doctor_check doctor_libvirt_checks[] = {
	{ "libvirtd", "libvirt's daemons", probe_daemons, fix_daemons },
	{ "libvirtd-files", "libvirtd's open files", probe_libvirtd_files, fix_libvirtd_files },
	{ "cloning", "Cloning", probe_cloning, NULL },
	{ "apparmor", "AppArmor", probe_apparmor, fix_apparmor },
	{ "reach", "The way to the state directory", probe_reach, fix_reach },
};
const size_t doctor_libvirt_count = ARRAY_SIZE(doctor_libvirt_checks);
