#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"

#define READ_STEP 65536 /* bytes of a file that are asked for at once */

void buf_free(struct buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = (struct buf){ 0 };
}

uint8_t *buf_reserve(struct buf *buf, size_t extra)
{
	size_t need = buf->length + extra + 1;

	if (need <= extra)
		abort(); /* wrapped round */
	if (need > buf->room) {
		size_t room = buf->room ? buf->room : 64;
		while (room < need)
			room *= 2;
		buf->data = mem_grow(buf->data, room, 1);
		buf->room = room;
	}
	return buf->data + buf->length;
}

void buf_written(struct buf *buf, size_t length)
{
	buf->length += length;
	buf->data[buf->length] = 0;
}

void buf_append(struct buf *buf, const void *bytes, size_t length)
{
	uint8_t *end = buf_reserve(buf, length);

	if (length)
		memcpy(end, bytes, length);
	buf_written(buf, length);
}

void buf_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_fmt(struct buf *buf, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	buf_text(buf, text);
	free(text);
}

void buf_consume(struct buf *buf, size_t length)
{
	if (length >= buf->length) {
		buf->length = 0;
	} else {
		buf->length -= length;
		memmove(buf->data, buf->data + length, buf->length);
	}
	if (buf->data)
		buf->data[buf->length] = 0;
}

int buf_read_file(struct buf *buf, const char *path, size_t most, struct err *err)
{
	/* O_NONBLOCK: a named pipe in a pack must not hold us until somebody writes. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "there is no file %s", path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_errno(err, "cannot read %s", path);
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a regular file", path);
	if ((size_t)status.st_size > most)
		return err_set(err, ERR_TOO_LARGE, "%s has %lld bytes; at most %zu are allowed", path,
			       (long long)status.st_size, most);
	for (size_t total = 0; total <= most;) {
		ssize_t got = read(fd, buf_reserve(buf, READ_STEP), READ_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, "cannot read %s", path);
		buf_written(buf, (size_t)got);
		if (got == 0)
			return 0;
		total += (size_t)got;
	}
	return err_set(err, ERR_TOO_LARGE, "%s grew over %zu bytes while being read", path, most);
}
