/* Any bytes, cut anywhere: the parser hands out only frames that its rules allow, and comes back in step
 * when asked to scan. The first byte says whose frames they are and how the rest is cut. Seeds are text,
 * hexadecimal, in seeds/frame/: a seed that begins with '#' is decoded first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guest/frame.h"

static struct frame_parser parser;

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t decode(const uint8_t *text, size_t length, uint8_t *to, size_t room)
{
	size_t count = 0;

	for (size_t i = 1; i + 1 < length && count < room; i++)
		if (digit(text[i]) >= 0 && digit(text[i + 1]) >= 0) {
			to[count++] = (uint8_t)(digit(text[i]) << 4 | digit(text[i + 1]));
			i++;
		}
	return count;
}

static void read_payload(const struct frame *frame)
{
	const char *list[16];
	struct frame_reader reader;

	if (frame->length > FRAME_PAYLOAD_MAX || frame->type <= FRAME_NONE ||
	    frame->type >= FRAME_TYPES)
		abort();
	frame_open(&reader, frame);
	frame_get_u16(&reader);
	const char *text = frame_get_text(&reader, 64);
	if (strlen(text) > 64)
		abort();
	unsigned count = frame_get_list(&reader, list, 16);
	for (unsigned i = 0; i < count; i++)
		if (strlen(list[i]) > FRAME_PAYLOAD_MAX)
			abort();
	frame_get_u64(&reader);
	if (!reader.bad && reader.next + reader.left != frame->payload + frame->length)
		abort();
}

static void drain(enum frame_type wanted, uint8_t whim)
{
	struct frame frame;
	int got;

	while ((got = frame_parser_next(&parser, &frame))) {
		if (got < 0) {
			frame_parser_scan(&parser, wanted);
			continue;
		}
		read_payload(&frame);
		if (parser.scan_for && frame.type != parser.scan_for)
			abort();
		if (frame_sum(frame.payload, frame.length) % 7 == whim % 7)
			frame_parser_reject(&parser, &frame, wanted);
		else
			frame_parser_scan(&parser, FRAME_NONE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static uint8_t decoded[4096];

	if (length && data[0] == '#') {
		length = decode(data, length, decoded, sizeof(decoded));
		data = decoded;
	}
	if (!length)
		return 0;
	bool host = data[0] & 1;
	size_t step = 1 + data[0] / 2 % 64, at = 1;
	frame_parser_init(&parser, host ? FRAME_FROM_HOST : FRAME_FROM_AGENT);
	while (at < length) {
		size_t room, piece = length - at < step ? length - at : step;
		uint8_t *to = frame_parser_room(&parser, &room);
		if (room < FRAME_MAX)
			abort();
		memcpy(to, data + at, piece);
		frame_parser_add(&parser, piece);
		drain(host ? FRAME_HELLO : FRAME_HELLO_REPLY, data[0]);
		at += piece;
	}
	return 0;
}
