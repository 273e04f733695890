#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "guest/frame.h"

static struct frame_parser parser;

static void feed(const void *bytes, size_t length)
{
	size_t room;
	uint8_t *to = frame_parser_room(&parser, &room);

	assert_true(room >= length);
	memcpy(to, bytes, length);
	frame_parser_add(&parser, length);
}

static size_t hello(uint8_t *to, uint8_t fill)
{
	uint8_t nonce[FRAME_NONCE];
	struct frame_writer writer;

	memset(nonce, fill, sizeof(nonce));
	frame_begin(&writer, to, FRAME_MAX, FRAME_HELLO, 0);
	frame_put_u16(&writer, FRAME_VERSION);
	frame_put_bytes(&writer, nonce, sizeof(nonce));
	return frame_end(&writer);
}

static void what_is_written_is_read_back(void **state)
{
	static uint8_t wire[FRAME_MAX];
	const char *const list[] = { "/bin/echo", "", "日本語", NULL };
	const char *read[8];
	struct frame_writer writer;
	struct frame_reader reader;
	struct frame frame;

	(void)state;
	frame_begin(&writer, wire, sizeof(wire), FRAME_EXEC, 513);
	frame_put_u32(&writer, 0xdeadbeef);
	frame_put_text(&writer, "student");
	frame_put_text(&writer, NULL);
	frame_put_list(&writer, list);
	frame_put_list(&writer, NULL);
	frame_parser_init(&parser, FRAME_FROM_HOST);
	feed(wire, frame_end(&writer));
	assert_int_equal(frame_parser_next(&parser, &frame), 1);
	assert_int_equal(frame.type, FRAME_EXEC);
	assert_int_equal(frame.channel, 513);
	frame_open(&reader, &frame);
	assert_int_equal(frame_get_u32(&reader), 0xdeadbeef);
	assert_string_equal(frame_get_text(&reader, 63), "student");
	assert_string_equal(frame_get_text(&reader, 63), "");
	assert_int_equal(frame_get_list(&reader, read, 8), 3);
	assert_string_equal(read[2], "日本語");
	assert_null(read[3]);
	assert_int_equal(frame_get_list(&reader, read, 8), 0);
	assert_true(frame_close(&reader));
	assert_int_equal(frame_parser_next(&parser, &frame), 0);
}

static void a_frame_that_comes_byte_by_byte_is_whole(void **state)
{
	uint8_t wire[FRAME_MAX];
	struct frame frame;
	size_t length = hello(wire, 7);

	(void)state;
	frame_parser_init(&parser, FRAME_FROM_HOST);
	for (size_t i = 0; i + 1 < length; i++) {
		feed(wire + i, 1);
		assert_int_equal(frame_parser_next(&parser, &frame), 0);
	}
	feed(wire + length - 1, 1);
	assert_int_equal(frame_parser_next(&parser, &frame), 1);
	assert_int_equal(frame.length, 18);
}

/* One header field at a time is made wrong. */
static void what_is_not_known_is_refused(void **state)
{
	static const struct { size_t at; uint8_t value; } wrong[] = {
		{ 0, 'X' }, { 3, 0 }, { 4, 17 }, { 4, 19 }, { 6, 1 }, { 8, 1 },
		{ 10, FRAME_TYPES }, { 10, 255 }, { 10, 0 }, { 10, FRAME_HELLO_REPLY }, { 11, 1 },
	};
	uint8_t wire[FRAME_MAX];
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t length = hello(wire, 1);
		wire[wrong[i].at] = wrong[i].value;
		frame_parser_init(&parser, FRAME_FROM_HOST);
		feed(wire, length);
		assert_int_equal(frame_parser_next(&parser, &frame), -1);
	}
}

static void frames_over_32_kib_are_refused(void **state)
{
	uint8_t header[FRAME_HEADER] = { 'T', 'K', 'a', 0xf7, 1, 0x80, 0, 0, 1, 0, FRAME_EXEC, 0 };
	static uint8_t wire[2 * FRAME_MAX], payload[FRAME_PAYLOAD_MAX];
	struct frame_writer writer;
	struct frame frame;

	(void)state;
	frame_parser_init(&parser, FRAME_FROM_HOST);
	feed(header, sizeof(header));
	assert_int_equal(frame_parser_next(&parser, &frame), -1);
	frame_begin(&writer, wire, sizeof(wire), FRAME_EXEC, 1);
	frame_put_bytes(&writer, payload, FRAME_PAYLOAD_MAX);
	assert_int_equal(frame_end(&writer), FRAME_MAX);
	frame_put_u16(&writer, 0);
	assert_int_equal(frame_end(&writer), 0);
}

static void zeros_bring_a_parser_back_in_step(void **state)
{
	static uint8_t zeros[FRAME_MAX];
	uint8_t start[FRAME_HEADER] = { 'T', 'K', 'a', 0xf7, 0, 0x80, 0, 0, 1, 0, FRAME_EXEC, 0 };
	uint8_t wire[FRAME_MAX];
	struct frame frame;
	int got;

	(void)state;
	frame_parser_init(&parser, FRAME_FROM_HOST);
	feed(start, sizeof(start)); /* 32 KiB are to follow, but the host is gone */
	assert_int_equal(frame_parser_next(&parser, &frame), 0);
	feed(zeros, sizeof(zeros));
	while ((got = frame_parser_next(&parser, &frame)) > 0)
		assert_int_equal(frame.type, FRAME_EXEC);
	assert_int_equal(got, -1);
	frame_parser_scan(&parser, FRAME_HELLO);
	assert_int_equal(frame_parser_next(&parser, &frame), 0);
	feed(wire, hello(wire, 9));
	assert_int_equal(frame_parser_next(&parser, &frame), 1);
	assert_int_equal(frame.payload[2], 9);
}

static void a_rejected_frame_gives_up_what_it_swallowed(void **state)
{
	uint8_t wire[128], inner[64];
	struct frame_writer writer;
	struct frame frame;
	size_t length = hello(inner, 5);

	(void)state;
	frame_begin(&writer, wire, sizeof(wire), FRAME_PTY_INPUT, 1);
	frame_put_u32(&writer, 0);
	frame_put_bytes(&writer, inner, length);
	frame_parser_init(&parser, FRAME_FROM_HOST);
	feed(wire, frame_end(&writer));
	assert_int_equal(frame_parser_next(&parser, &frame), 1);
	assert_int_not_equal(frame_sum(frame.payload + 4, frame.length - 4), 0);
	frame_parser_reject(&parser, &frame, FRAME_HELLO);
	assert_int_equal(frame_parser_next(&parser, &frame), 1);
	assert_int_equal(frame.type, FRAME_HELLO);
	assert_int_equal(frame.payload[2], 5);
}

static void a_payload_is_never_read_beyond_its_end(void **state)
{
	static const uint8_t payload[] = { 3, 0, 'a', 'b', 'c', 'd', 0 }, hidden[] = { 2, 0, 0, 'x', 0 };
	struct frame frame = { FRAME_EXEC, 1, payload, sizeof(payload) };
	struct frame_reader reader;
	const char *list[2];

	(void)state;
	frame_open(&reader, &frame);
	assert_string_equal(frame_get_text(&reader, 100), ""); /* no NUL where it belongs */
	assert_true(reader.bad);
	assert_int_equal(frame_get_u64(&reader), 0);
	frame = (struct frame){ FRAME_EXEC, 1, hidden, sizeof(hidden) };
	frame_open(&reader, &frame);
	assert_string_equal(frame_get_text(&reader, 100), "");
	assert_true(reader.bad);
	frame_open(&reader, &frame);
	assert_int_equal(frame_get_list(&reader, list, 2), 0);
	assert_false(frame_close(&reader));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_frame_that_comes_byte_by_byte_is_whole),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(frames_over_32_kib_are_refused),
		cmocka_unit_test(zeros_bring_a_parser_back_in_step),
		cmocka_unit_test(a_rejected_frame_gives_up_what_it_swallowed),
		cmocka_unit_test(a_payload_is_never_read_beyond_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
