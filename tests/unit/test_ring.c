/* The arithmetic of scroll-back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "term/ring.h"

/* What the byte at an offset should be: no period that a power of two could hide. */
static uint8_t expected(uint64_t offset)
{
	return (uint8_t)(offset * 31 % 251);
}

static void feed(struct ring *ring, size_t length)
{
	struct buf bytes = { 0 };
	uint8_t *data = buf_reserve(&bytes, length);

	for (size_t i = 0; i < length; i++)
		data[i] = expected(ring->next + i);
	ring_append(ring, data, length);
	buf_free(&bytes);
}

static void check(const struct ring *ring)
{
	const uint8_t *data;
	uint64_t at = ring->first;

	while (at < ring->next) {
		size_t length = ring_peek(ring, at, &data);
		assert_in_range(length, 1, ring->room);
		for (size_t i = 0; i < length; i++)
			assert_int_equal(data[i], expected(at + i));
		at += length;
	}
	assert_int_equal(at, ring->next);
	assert_int_equal(ring_peek(ring, ring->next, &data), 0);
}

static void it_grows_from_4_kib_and_keeps_everything_until_its_bound(void **state)
{
	struct ring ring = { .most = 32768 };

	(void)state;
	feed(&ring, 1);
	assert_int_equal(ring.room, 4096);
	while (ring.next + 777 < 32768) {
		feed(&ring, 777);
		assert_int_equal(ring.first, 0);
		check(&ring);
	}
	feed(&ring, 5000);
	assert_int_equal(ring.room, 32768);
	assert_int_equal(ring.first, ring.next - 32768);
	check(&ring);
	ring_free(&ring);
}

static void odd_sizes_wrap_where_they_should(void **state)
{
	struct ring ring = { .most = 8192 };

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		feed(&ring, i * 37 % 1999);
		check(&ring);
	}
	ring_free(&ring);
}

static void more_than_it_can_hold_leaves_the_end(void **state)
{
	struct ring ring = { .most = 4096 };

	(void)state;
	feed(&ring, 10);
	feed(&ring, 100000);
	assert_int_equal(ring.next, 100010);
	assert_int_equal(ring.first, 100010 - 4096);
	check(&ring);
	feed(&ring, 4096);
	check(&ring);
	ring_free(&ring);
}

static void a_stream_may_begin_anywhere(void **state)
{
	struct ring ring = { .most = 8192 };

	(void)state;
	ring_restart(&ring, 0xfffffffff123ull);
	feed(&ring, 3000);
	assert_int_equal(ring.first, 0xfffffffff123ull);
	check(&ring);
	feed(&ring, 9000);
	check(&ring);
	ring_restart(&ring, 5);
	assert_int_equal(ring.first, 5);
	feed(&ring, 6000);
	check(&ring);
	ring_free(&ring);
}

static void who_missed_something_begins_at_a_line(void **state)
{
	struct ring ring = { .most = 4096 };
	char line[101];

	(void)state;
	assert_int_equal(ring_safe_start(&ring), 0);
	for (int i = 0; i < 60; i++) {
		snprintf(line, sizeof(line), "%099d\n", i);
		ring_append(&ring, (uint8_t *)line, 100);
	}
	uint64_t start = ring_safe_start(&ring);
	assert_int_equal(start % 100, 0);
	assert_in_range(start, ring.first, ring.first + 100);
	ring_free(&ring);
}

static void without_lines_no_character_is_cut(void **state)
{
	struct ring ring = { .most = 4096 };

	(void)state;
	for (int i = 0; i < 2000; i++)
		ring_append(&ring, (const uint8_t *)"\xe6\x98\x9f", 3);
	assert_int_equal(ring_safe_start(&ring) % 3, 0);
	assert_in_range(ring_safe_start(&ring), ring.first, ring.first + 2);
	ring_free(&ring);
}

static void from_the_start_nothing_is_left_out(void **state)
{
	struct ring ring = { .most = 4096 };

	(void)state;
	ring_append(&ring, (const uint8_t *)"\x80line\nline", 10);
	assert_int_equal(ring_safe_start(&ring), 0);
	ring_free(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_from_4_kib_and_keeps_everything_until_its_bound),
		cmocka_unit_test(odd_sizes_wrap_where_they_should),
		cmocka_unit_test(more_than_it_can_hold_leaves_the_end),
		cmocka_unit_test(a_stream_may_begin_anywhere),
		cmocka_unit_test(who_missed_something_begins_at_a_line),
		cmocka_unit_test(without_lines_no_character_is_cut),
		cmocka_unit_test(from_the_start_nothing_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
