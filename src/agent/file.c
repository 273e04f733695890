/* Whole files. A put goes to a temporary name beside its goal and is renamed at the end, so that
 * nobody in the machine ever sees half a file. Only regular files are read. */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096 /* the least that a file system of a machine writes at once */

static void fail(struct agent *agent, struct job *job, int error, const char *what)
{
	port_send_fail(&agent->port, FRAME_JOB_FAIL, job->channel, error, "%s: %s", what,
		       error == EINVAL ? "the request is malformed" : strerror(error));
	job->silent = true;
	job_silence(job);
}

static int temporary_open(const char *path, char **name)
{
	static unsigned counter;

	if (asprintf(name, "%s.tk%d-%u", path, (int)getpid(), counter++) < 0) {
		*name = NULL;
		return -1;
	}
	return open(*name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void file_put(struct agent *agent, struct job *job, struct frame_reader *reader)
{
	const char *path = frame_get_text(reader, 4000);
	uint32_t mode = frame_get_u32(reader);
	const char *owner = frame_get_text(reader, 63);
	struct account account;
	char what[400];

	snprintf(what, sizeof(what), "cannot write %.300s", path);
	if (!frame_close(reader) || *path != '/' || mode > 07777) {
		fail(agent, job, EINVAL, what);
		return;
	}
	if (account_find(owner, &account)) {
		snprintf(what, sizeof(what), "cannot write %.200s for user %.63s", path, owner);
		fail(agent, job, ENOENT, what);
		return;
	}
	job->input = temporary_open(path, &job->temporary);
	job->path = strdup(path);
	if (job->input < 0 || !job->path || fchown(job->input, account.uid, account.gid) < 0 ||
	    fchmod(job->input, mode) < 0)
		fail(agent, job, errno, what);
}

bool file_input(struct job *job, const uint8_t *data, size_t length)
{
	while (length) {
		ssize_t wrote = write(job->input, data, length);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return false;
		data += wrote;
		length -= (size_t)wrote;
	}
	return true;
}

bool file_finish(struct job *job)
{
	if (rename(job->temporary, job->path) < 0)
		return false;
	free(job->temporary);
	job->temporary = NULL;
	return true;
}

void file_discard(struct job *job)
{
	if (job->temporary)
		unlink(job->temporary);
	free(job->temporary);
	free(job->path);
	job->temporary = job->path = NULL;
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
void file_get(struct agent *agent, struct job *job, struct frame_reader *reader)
{
	const char *path = frame_get_text(reader, 4000);
	uint32_t most = frame_get_u32(reader);
	struct stat status;
	char what[400];

	snprintf(what, sizeof(what), "cannot read %.300s", path);
	if (!frame_close(reader) || *path != '/') {
		fail(agent, job, EINVAL, what);
		return;
	}
	job->output = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	job->output_most = most;
	if (job->output < 0 || fstat(job->output, &status) < 0)
		fail(agent, job, errno, what);
	else if (!S_ISREG(status.st_mode))
		fail(agent, job, S_ISDIR(status.st_mode) ? EISDIR : EPERM, what);
	else if ((uint64_t)status.st_size > most)
		fail(agent, job, EFBIG, what);
}

/* True when the file is as it shall be, without a new one being made. A clone has all its files from
 * its template, most of them right, the others of the right size; and under software emulation making,
 * renaming and removing a file, and the blocks that ext4 submits at once when one replaces another, cost
 * a clone a good part of all it does before it is ready. Within one block an overwrite is as whole as a
 * rename: the file system writes blocks, not bytes. */
static bool overwrite(const char *path, mode_t mode, const void *data, size_t length)
{
	char there[BLOCK];
	struct stat status;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool fits = fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) &&
		    status.st_nlink == 1 && (status.st_mode & 07777) == mode && !status.st_uid &&
		    (size_t)status.st_size == length && length <= sizeof(there) &&
		    pread(fd, there, length, 0) == (ssize_t)length;
	bool done = fits && (!memcmp(there, data, length) ||
			     pwrite(fd, data, length, 0) == (ssize_t)length);

	if (fd >= 0)
		close(fd);
	return done;
}

int file_write(const char *path, mode_t mode, const void *data, size_t length)
{
	char *name;

	if (overwrite(path, mode, data, length))
		return 0;
	struct job job = { .input = temporary_open(path, &name) };
	int error = 0;

	if (job.input < 0 || fchmod(job.input, mode) < 0 || !file_input(&job, data, length) ||
	    rename(name, path) < 0)
		error = errno;
	if (job.input >= 0)
		close(job.input);
	if (error && name)
		unlink(name);
	free(name);
	return error;
}
