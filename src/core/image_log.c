/* The script images/build keeps what its tools print in the file "log" of its working directory, one step after
 * the other: each step begins the file anew. So the file is looked at several times a second, on from where it
 * was; when it is shorter than that, or another, a new step has begun. What a very short step printed between
 * two looks is lost, unless it is the last: a failing build leaves its file, which is read to the end. */
#include "core/image_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

#define LOOK_MS  300
#define LINE_MAX_BYTES 400
#define LOOK_BYTES (256 << 10) /* at most, in one look */

struct image_log {
	struct loop *loop;
	sd_event_source *timer;
	char *path;
	ino_t inode;
	off_t offset;
	char half[LINE_MAX_BYTES + 1]; /* of a line whose end has not come */
	size_t half_length;
	char *line[IMAGE_LOG_LINES];   /* number n is at n % IMAGE_LOG_LINES */
	uint64_t next;                 /* number of the next line */
	uint64_t begun;                /* number of the present build's first */
};

struct image_log *image_log_new(struct loop *loop)
{
	struct image_log *log = mem_alloc(sizeof(*log));

	log->loop = loop;
	return log;
}

void image_log_free(struct image_log *log)
{
	if (!log)
		return;
	sd_event_source_disable_unref(log->timer);
	for (size_t i = 0; i < IMAGE_LOG_LINES; i++)
		free(log->line[i]);
	free(log->path);
	free(log);
}

/* Tools print what they like; the page takes text. */
void image_log_add(struct image_log *log, const char *line)
{
	char **place = &log->line[log->next++ % IMAGE_LOG_LINES];

	free(*place);
	*place = str_copy(line);
	str_scrub(*place);
}

static void end_line(struct image_log *log)
{
	log->half[log->half_length] = 0;
	if (log->half_length)
		image_log_add(log, log->half);
	log->half_length = 0;
}

static void take(struct image_log *log, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '\n' || bytes[i] == '\r')
			end_line(log);
		else if (log->half_length < LINE_MAX_BYTES)
			log->half[log->half_length++] = bytes[i];
}

static void look(struct image_log *log)
{
	AUTO_CLOSE int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char bytes[4096];
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		return;
	if (status.st_ino != log->inode || status.st_size < log->offset) {
		end_line(log);
		log->offset = 0;
	}
	log->inode = status.st_ino;
	for (size_t all = 0; all < LOOK_BYTES; all += (size_t)got) {
		got = pread(fd, bytes, sizeof(bytes), log->offset);
		if (got <= 0)
			break;
		take(log, bytes, (size_t)got);
		log->offset += got;
	}
}

static int look_again(sd_event_source *source, uint64_t now, void *context)
{
	struct image_log *log = context;

	(void)source, (void)now;
	look(log);
	return loop_timer(log->loop, &log->timer, LOOK_MS, look_again, log);
}

void image_log_begin(struct image_log *log, const char *path)
{
	free(log->path);
	log->path = str_copy(path);
	log->begun = log->next;
	log->inode = 0;
	log->offset = 0;
	log->half_length = 0;
	loop_timer(log->loop, &log->timer, LOOK_MS, look_again, log);
}

void image_log_end(struct image_log *log)
{
	if (!log->path)
		return;
	look(log);
	end_line(log);
	sd_event_source_set_enabled(log->timer, SD_EVENT_OFF);
	free(STEAL(log->path));
}

json_t *image_log_view(const struct image_log *log, uint64_t after)
{
	json_t *lines = json_array();
	uint64_t from = log->next > IMAGE_LOG_LINES ? log->next - IMAGE_LOG_LINES : 0;

	if (from < log->begun)
		from = log->begun;
	for (uint64_t n = after > from ? after : from; n < log->next; n++)
		json_array_append_new(lines, json_string(log->line[n % IMAGE_LOG_LINES]));
	return json_pack("{s:I, s:o}", "next", (json_int_t)log->next, "lines", lines);
}
