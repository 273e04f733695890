/* A growable run of bytes. Zero-initialise, append, buf_free (or AUTO(buf)). data is always followed
 * by one NUL byte that length does not count, so that text may be used as a string.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data; /* NULL until the first append */
	size_t length; /* bytes in use */
	size_t room;   /* bytes allocated */
};

void buf_free(struct buf *buf); /* frees and zeroes; NULL-safe */
void buf_append(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_fmt(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint8_t *buf_reserve(struct buf *buf, size_t extra); /* where extra bytes may be written */
void buf_written(struct buf *buf, size_t length);    /* so many of them were */
void buf_consume(struct buf *buf, size_t length);    /* drops bytes from the front */

/* Appends a whole file of at most `most` bytes. ERR_NOT_FOUND, ERR_INVALID (no regular file), ERR_TOO_LARGE,
 * ERR_INTERNAL. */
struct err;
int buf_read_file(struct buf *buf, const char *path, size_t most, struct err *err);

static inline void buf_cleanup(struct buf *buf)
{
	buf_free(buf);
}

#endif
