#include "term/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define ROOM_LEAST 4096

void ring_free(struct ring *ring)
{
	free(ring->data);
	*ring = (struct ring){ 0 };
}

void ring_restart(struct ring *ring, uint64_t offset)
{
	ring->first = ring->next = offset;
}

void ring_begin(struct ring *ring, uint64_t offset)
{
	ring->start = offset;
	ring_restart(ring, offset);
}

size_t ring_peek(const struct ring *ring, uint64_t offset, const uint8_t **data)
{
	if (offset >= ring->next)
		return 0;
	size_t at = offset & (ring->room - 1), left = ring->next - offset;

	*data = ring->data + at;
	return left < ring->room - at ? left : ring->room - at;
}

static void put(uint8_t *room_data, size_t room, uint64_t offset, const uint8_t *data,
		size_t length)
{
	size_t at = offset & (room - 1), straight = room - at < length ? room - at : length;

	memcpy(room_data + at, data, straight);
	memcpy(room_data, data + straight, length - straight);
}

static void grow(struct ring *ring, size_t need)
{
	size_t room = ring->room ? ring->room : ROOM_LEAST;
	const uint8_t *run;

	while (room < need && room < ring->most)
		room *= 2;
	if (room == ring->room)
		return;
	uint8_t *data = mem_alloc(room);
	for (uint64_t at = ring->first; at < ring->next;) {
		size_t length = ring_peek(ring, at, &run);
		put(data, room, at, run, length);
		at += length;
	}
	free(ring->data);
	ring->data = data;
	ring->room = room;
}

void ring_append(struct ring *ring, const uint8_t *data, size_t length)
{
	grow(ring, ring->next - ring->first + length);
	if (length > ring->room) {
		ring->next += length - ring->room;
		data += length - ring->room;
		length = ring->room;
	}
	if (length)
		put(ring->data, ring->room, ring->next, data, length);
	ring->next += length;
	if (ring->next - ring->first > ring->room)
		ring->first = ring->next - ring->room;
}

static uint8_t byte_at(const struct ring *ring, uint64_t offset)
{
	return ring->data[offset & (ring->room - 1)];
}

uint64_t ring_safe_start(const struct ring *ring)
{
	uint64_t at = ring->first;

	if (at == ring->start || at == ring->next)
		return at;
	for (; at < ring->next; at++)
		if (byte_at(ring, at) == '\n')
			return at + 1;
	for (at = ring->first; at < ring->next && (byte_at(ring, at) & 0xc0) == 0x80;)
		at++;
	return at;
}
