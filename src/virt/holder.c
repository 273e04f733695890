#include "virt/internal.h"
#include "virt/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"

#define LOG_MODULE "holder"
#include "base/log.h"

/* The template's RAM, so that no clone can change it.
 *
 * QEMU before 8.2 opens a memory backend's file read-write even for a private mapping. Were that
 * the template's RAM file, a student who breaks out of QEMU could write into the memory of
 * everybody else's next machine. A sealed memfd is the way out: after F_SEAL_WRITE the kernel
 * refuses every write and every shared writable mapping, for ever and to everyone, while QEMU's
 * O_RDWR open and its private mapping go on working. (From 8.2 on, readonly=on,rom=off on the file
 * would do too. One way that works everywhere is better than two.)
 *
 * QEMU reaches the memfd as /proc/PID/fd/N of a small process that holds it: a holder. The kernel
 * lets one process follow another's descriptors only if it could trace it, so the holder takes the
 * uid and the gid of libvirt's QEMU user and stays dumpable; that is why the daemon itself cannot
 * hold it. A holder is this very program, run again under the name HOLDER_NAME. It owns nothing
 * secret: it is exec'ed with an empty environment and no descriptor but the three below.
 *
 *	fd 0  a pipe whose other end only the daemon has: when it closes, however the daemon died,
 *	      the holder ends (PR_SET_PDEATHSIG would follow the thread that forked, and lanes come
 *	      and go)
 *	fd 1  a pipe on which the holder says "N\n", its memfd's number, when the RAM is sealed
 *	fd 2  the daemon's
 *
 * Running clones need no holder: they have their mapping. */

#define READY_BYTES_MAX 16
#define COPY_STEP       (64u << 20)
#define ALL_SEALS       (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct holder {
	char key[65];
	pid_t pid;
	int life; /* the daemon's end of fd 0 */
	int memory; /* the memfd's number in the holder */
	struct holder *next;
};

/* ---- in the holder -------------------------------------------------------------------------- */

/* sendfile() moves pages without passing them through this process. */
static int copy_run(int from, int to, off_t begin, off_t end)
{
	if (lseek(to, begin, SEEK_SET) < 0)
		return -1;
	while (begin < end) {
		size_t left = (size_t)(end - begin);
		ssize_t done = sendfile(to, from, &begin, left < COPY_STEP ? left : COPY_STEP);
		if (done <= 0)
			return -1;
	}
	return 0;
}

/* Holes stay holes: a guest's RAM is mostly untouched. */
static int copy_extents(int from, int to)
{
	off_t size = lseek(from, 0, SEEK_END);
	off_t end = 0;

	if (size <= 0 || ftruncate(to, size) < 0)
		return -1;
	for (;;) {
		off_t begin = lseek(from, end, SEEK_DATA);
		if (begin < 0)
			return errno == ENXIO ? 0 : -1;
		end = lseek(from, begin, SEEK_HOLE);
		if (end < 0 || copy_run(from, to, begin, end) < 0)
			return -1;
	}
}

static int holder_fail(const char *what)
{
	fprintf(stderr, "error holder: %s: %s\n", what, strerror(errno));
	return 1;
}

static int become(uid_t uid, gid_t gid)
{
	if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 1); /* changing ids has cleared it */
}

int holder_main(int argc, char **argv)
{
	long uid, gid;

	if (argc != 4 || !str_to_number(argv[2], 1, 1L << 31, &uid) ||
	    !str_to_number(argv[3], 1, 1L << 31, &gid)) {
		fprintf(stderr, "usage: " HOLDER_NAME " RAM-FILE UID GID (the daemon runs it)\n");
		return 2;
	}
	int file = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return holder_fail(argv[1]);
	int memory = memfd_create("terakoya-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	/* Owned by the QEMU user, since opening through /proc checks the file's own permissions. */
	if (memory < 0 || fchown(memory, (uid_t)uid, (gid_t)gid) < 0 || fchmod(memory, 0600) < 0)
		return holder_fail("memfd");
	if (become((uid_t)uid, (gid_t)gid) < 0)
		return holder_fail("cannot become libvirt's QEMU user");
	if (copy_extents(file, memory) < 0)
		return holder_fail("cannot copy the template's RAM");
	if (fcntl(memory, F_ADD_SEALS, ALL_SEALS) < 0)
		return holder_fail("cannot seal the template's RAM");
	close(file);
	dprintf(STDOUT_FILENO, "%d\n", memory);
	close(STDOUT_FILENO);
	char byte;
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	return 0;
}

/* ---- in the daemon -------------------------------------------------------------------------- */

static int spawn(const char *ram, const struct host_facts *facts, int life, int say, pid_t *pid)
{
	AUTO_FREE char *uid = str_fmt("%u", (unsigned)facts->uid);
	AUTO_FREE char *gid = str_fmt("%u", (unsigned)facts->gid);
	char *argv[] = { HOLDER_NAME, (char *)ram, uid, gid, NULL };
	char *none[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t empty;

	sigemptyset(&empty);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &empty);
	/* A group of its own: Ctrl-C on the terminal is the daemon's to answer. */
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, life, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, say, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	int code = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, none);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static void holder_free(struct holder *holder)
{
	if (holder->life >= 0)
		close(holder->life);
	if (holder->pid > 0) {
		kill(holder->pid, SIGKILL);
		waitpid(holder->pid, NULL, 0);
	}
	free(holder);
}

static int read_ready(int fd, int *memory)
{
	char text[READY_BYTES_MAX + 1];
	size_t have = 0;
	ssize_t got;
	long number;

	while (have < READY_BYTES_MAX && (got = read(fd, text + have, READY_BYTES_MAX - have)) > 0)
		have += (size_t)got;
	text[have] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!str_to_number(text, 0, 1 << 20, &number))
		return -1;
	*memory = (int)number;
	return 0;
}

static struct holder *holder_start(struct virt *virt, const char *key,
				   const struct host_facts *facts, struct err *err)
{
	AUTO_FREE char *ram = template_file(virt, key, "ram");
	int life[2], say[2];
	uint64_t begin = clock_mono_ms();

	if (pipe2(life, O_CLOEXEC) < 0) {
		err_errno(err, "cannot make a pipe");
		return NULL;
	}
	AUTO_CLOSE int life_read = life[0];
	AUTO_CLOSE int life_write = life[1];
	if (pipe2(say, O_CLOEXEC) < 0) {
		err_errno(err, "cannot make a pipe");
		return NULL;
	}
	AUTO_CLOSE int say_read = say[0];
	AUTO_CLOSE int say_write = say[1];
	struct holder *holder = mem_alloc(sizeof(*holder));
	snprintf(holder->key, sizeof(holder->key), "%s", key);
	holder->life = STEAL_FD(life_write);
	int code = spawn(ram, facts, life_read, say_write, &holder->pid);
	close(STEAL_FD(say_write));
	if (code || read_ready(say_read, &holder->memory) < 0) {
		holder->pid = code ? 0 : holder->pid;
		holder_free(holder);
		err_set(err, ERR_INTERNAL, "the RAM of template %.12s cannot be held%s%s: is there "
			"enough memory?", key, code ? ": " : "", code ? strerror(code) : "");
		return NULL;
	}
	log_info("template %.12s is in sealed memory after %llu ms", key,
		 (unsigned long long)(clock_mono_ms() - begin));
	return holder;
}

/* Takes it out of the list. */
static struct holder *unlink_holder(struct virt *virt, const char *key)
{
	for (struct holder **at = &virt->holders; *at; at = &(*at)->next) {
		struct holder *holder = *at;
		if (str_equal(holder->key, key)) {
			*at = holder->next;
			return holder;
		}
	}
	return NULL;
}

/* Its number cannot have gone to another process: it stays a zombie until we have waited for it. */
static bool is_alive(const struct holder *holder)
{
	return waitpid(holder->pid, NULL, WNOHANG) == 0;
}

int holder_path(struct virt *virt, const char *key, const struct host_facts *facts, char path[64],
		struct err *err)
{
	pthread_mutex_lock(&virt->holder_lock);
	struct holder *holder = unlink_holder(virt, key);
	if (holder && !is_alive(holder)) {
		log_warning("the holder of template %.12s had ended; starting another", key);
		holder->pid = 0;
		holder_free(holder);
		holder = NULL;
	}
	if (!holder)
		holder = holder_start(virt, key, facts, err);
	if (holder) {
		holder->next = virt->holders;
		virt->holders = holder;
		snprintf(path, 64, "/proc/%d/fd/%d", (int)holder->pid, holder->memory);
	}
	pthread_mutex_unlock(&virt->holder_lock);
	return holder ? 0 : -1;
}

void holder_drop(struct virt *virt, const char *key)
{
	pthread_mutex_lock(&virt->holder_lock);
	struct holder *holder = unlink_holder(virt, key);
	if (holder)
		holder_free(holder);
	pthread_mutex_unlock(&virt->holder_lock);
}

void holder_drop_all(struct virt *virt)
{
	while (virt->holders) {
		struct holder *holder = virt->holders;
		virt->holders = holder->next;
		holder_free(holder);
	}
}
