/* Tools: the programs that checks use, known again by what a writer of files cannot choose.
 *
 * A stamp is a line "NAME DEVICE:INODE SIZE CHANGED", or "NAME -" where there is no such file. CHANGED is
 * when the kernel last saw the file change, to the nanosecond: touch(1) does not set it, so whatever was
 * written over, renamed, bound or linked in the file's place has another stamp. A NAME without a slash is
 * looked for as the check's shell will look for it; so something put before the tool has a stamp of its
 * own, too. What is put back is one change more: only a reset helps. The host keeps the stamps from before anybody worked in the machine, and sends them with every
 * check; the agent remembers nothing that could be changed behind its back.
 */
#include "agent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP_MAX 400

static bool is_program(const char *path, struct stat *status)
{
	return !stat(path, status) && S_ISREG(status->st_mode) && (status->st_mode & 0111);
}

static bool tool_find(const char *name, size_t length, struct stat *status)
{
	char path[STAMP_MAX];

	if (memchr(name, '/', length)) {
		snprintf(path, sizeof(path), "%.*s", (int)length, name);
		return !stat(path, status);
	}
	for (const char *folder = FRAME_TOOL_PATH; *folder; folder += *folder == ':') {
		size_t end = strcspn(folder, ":");
		snprintf(path, sizeof(path), "%.*s/%.*s", (int)end, folder, (int)length, name);
		if (is_program(path, status))
			return true;
		folder += end;
	}
	return false;
}

/* name: up to its first blank. */
static void tool_stamp(const char *name, char stamp[STAMP_MAX])
{
	size_t length = strcspn(name, " ");
	struct stat status;

	if (tool_find(name, length, &status))
		snprintf(stamp, STAMP_MAX, "%.*s %llx:%llu %llu %lld.%09ld", (int)length, name,
			 (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
			 (unsigned long long)status.st_size, (long long)status.st_ctim.tv_sec,
			 status.st_ctim.tv_nsec);
	else
		snprintf(stamp, STAMP_MAX, "%.*s -", (int)length, name);
}

const char *tool_changed(const char *const *stamps)
{
	char now[STAMP_MAX];

	for (; *stamps; stamps++) {
		tool_stamp(*stamps, now);
		if (strcmp(now, *stamps))
			return *stamps;
	}
	return NULL;
}

/* The answer is read like a file that was asked for. */
void tool_list(struct agent *agent, struct job *job, struct frame_reader *reader)
{
	static const char *names[FRAME_TOOLS_MAX];
	char stamp[STAMP_MAX];

	frame_get_list(reader, names, FRAME_TOOLS_MAX);
	if (!frame_close(reader)) {
		job_fail(&agent->port, job, EINVAL, "the request for the machine's tools is malformed");
		return;
	}
	job->output = memfd_create("tools", MFD_CLOEXEC);
	for (const char **name = names; *name && job->output >= 0; name++) {
		tool_stamp(*name, stamp);
		if (dprintf(job->output, "%s\n", stamp) < 0)
			break;
	}
	if (job->output < 0 || lseek(job->output, 0, SEEK_SET) < 0)
		job_fail(&agent->port, job, errno, "cannot list the machine's tools: %s", strerror(errno));
}
