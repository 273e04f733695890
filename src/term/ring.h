/* The last bytes of an endless stream, addressed by their offset from its start. Grows from 4 KiB
 * by doubling, to a bound; then the oldest bytes go.
 */
#ifndef TERM_RING_H
#define TERM_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *data;
	size_t room;	/* a power of two, or 0: nothing was ever put in */
	size_t most;	/* the bound, a power of two */
	uint64_t start; /* offset of the stream's first byte ever */
	uint64_t first; /* offset of the oldest byte that is kept */
	uint64_t next;	/* one past the newest */
};

void ring_free(struct ring *ring);
/* Forgets everything; the stream goes on at offset. */
void ring_restart(struct ring *ring, uint64_t offset);
/* Forgets everything; another stream begins at offset, which a stream does at 0 by itself. */
void ring_begin(struct ring *ring, uint64_t offset);
void ring_append(struct ring *ring, const uint8_t *data, size_t length);
/* The run of bytes in one piece at offset (first <= offset <= next); its length, 0 at the end. */
size_t ring_peek(const struct ring *ring, uint64_t offset, const uint8_t **data);

/* Where somebody who missed something may begin to read: the stream's start, else behind the first
 * newline, so that no escape sequence or character is cut in half; where there is no newline, at a
 * byte that can begin a character. */
uint64_t ring_safe_start(const struct ring *ring);

#endif
