#include "guest/frame.h"

#include <assert.h>
#include <string.h>

static const uint8_t magic[4] = { 'T', 'K', 'a', 0xf7 };

/* What each type may look like. The parser knows nothing else about types. */
static const struct rule {
	const char *name;
	enum frame_side from;
	bool channel;
	uint16_t least, most; /* bytes of payload */
} rules[] = {
	[FRAME_NONE] = { "none", FRAME_FROM_HOST, false, 1, 0 },
	[FRAME_HELLO] = { "hello", FRAME_FROM_HOST, false, 18, 18 },
	[FRAME_HELLO_REPLY] = { "hello-reply", FRAME_FROM_AGENT, false, 34, 1024 },
	[FRAME_BOOTED] = { "booted", FRAME_FROM_AGENT, false, 0, 0 },
	[FRAME_PING] = { "ping", FRAME_FROM_HOST, false, 8, 8 },
	[FRAME_PONG] = { "pong", FRAME_FROM_AGENT, false, FRAME_PONG_LENGTH, FRAME_PONG_LENGTH },
	[FRAME_IDENTIFY] = { "identify", FRAME_FROM_HOST, true, 64, FRAME_PAYLOAD_MAX },
	[FRAME_EXEC] = { "exec", FRAME_FROM_HOST, true, 14, FRAME_PAYLOAD_MAX },
	[FRAME_PUT] = { "put", FRAME_FROM_HOST, true, 10, FRAME_PAYLOAD_MAX },
	[FRAME_GET] = { "get", FRAME_FROM_HOST, true, 7, FRAME_PAYLOAD_MAX },
	[FRAME_JOB_INPUT] = { "job-input", FRAME_FROM_HOST, true, 5, FRAME_INPUT_MAX + 4 },
	[FRAME_JOB_EOF] = { "job-eof", FRAME_FROM_HOST, true, 0, 0 },
	[FRAME_JOB_KILL] = { "job-kill", FRAME_FROM_HOST, true, 0, 0 },
	[FRAME_JOB_CREDIT] = { "job-credit", FRAME_FROM_AGENT, true, 4, 4 },
	[FRAME_JOB_OUTPUT] = { "job-output", FRAME_FROM_AGENT, true, 1, FRAME_INPUT_MAX },
	[FRAME_JOB_ERRORS] = { "job-errors", FRAME_FROM_AGENT, true, 1, FRAME_INPUT_MAX },
	[FRAME_JOB_EXIT] = { "job-exit", FRAME_FROM_AGENT, true, 12, 12 },
	[FRAME_JOB_FAIL] = { "job-fail", FRAME_FROM_AGENT, true, 7, FRAME_MESSAGE_MAX + 8 },
	[FRAME_PTY_OPEN] = { "pty-open", FRAME_FROM_HOST, true, 11, FRAME_PAYLOAD_MAX },
	[FRAME_PTY_OPENED] = { "pty-opened", FRAME_FROM_AGENT, true, 0, 0 },
	[FRAME_PTY_FAIL] = { "pty-fail", FRAME_FROM_AGENT, true, 7, FRAME_MESSAGE_MAX + 8 },
	[FRAME_PTY_ATTACH] = { "pty-attach", FRAME_FROM_HOST, true, 8, 8 },
	[FRAME_PTY_INPUT] = { "pty-input", FRAME_FROM_HOST, true, 5, FRAME_INPUT_MAX + 4 },
	[FRAME_PTY_CREDIT] = { "pty-credit", FRAME_FROM_AGENT, true, 4, 4 },
	[FRAME_PTY_RESIZE] = { "pty-resize", FRAME_FROM_HOST, true, 4, 4 },
	[FRAME_PTY_DATA] = { "pty-data", FRAME_FROM_AGENT, true, 9, FRAME_INPUT_MAX + 8 },
	[FRAME_PTY_ACK] = { "pty-ack", FRAME_FROM_HOST, true, 8, 8 },
	[FRAME_PTY_CLOSE] = { "pty-close", FRAME_FROM_HOST, true, 0, 0 },
	[FRAME_PTY_EXIT] = { "pty-exit", FRAME_FROM_AGENT, true, 4, 4 },
	[FRAME_STREAM] = { "stream", FRAME_FROM_HOST, true, 8, FRAME_PAYLOAD_MAX },
	[FRAME_DIAL] = { "dial", FRAME_FROM_HOST, true, 5, 128 },
	[FRAME_DIALLED] = { "dialled", FRAME_FROM_AGENT, true, 0, 0 },
	[FRAME_JOB_GRANT] = { "job-grant", FRAME_FROM_HOST, true, 4, 4 },
	[FRAME_JOB_SIGNAL] = { "job-signal", FRAME_FROM_HOST, true, 4, 4 },
	[FRAME_JOB_END] = { "job-end", FRAME_FROM_AGENT, true, 0, 0 },
	[FRAME_CHECK] = { "check", FRAME_FROM_HOST, true, 16, FRAME_PAYLOAD_MAX },
	[FRAME_TOOLS] = { "tools", FRAME_FROM_HOST, true, 2, FRAME_PAYLOAD_MAX },
};
static_assert(sizeof(rules) / sizeof(rules[0]) == FRAME_TYPES, "a rule for every type");

const char *frame_type_name(enum frame_type type)
{
	return (unsigned)type < FRAME_TYPES ? rules[type].name : "unknown";
}

uint32_t frame_sum(const uint8_t *data, size_t length)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ data[i]) * 16777619u;
	return sum;
}

static uint64_t number_at(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void number_put(uint8_t *bytes, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		bytes[i] = (uint8_t)value;
}

/* ---- reading a stream -------------------------------------------------------------------- */

void frame_parser_init(struct frame_parser *parser, enum frame_side from)
{
	parser->from = from;
	parser->scan_for = FRAME_NONE;
	parser->skipped = 0;
	parser->start = parser->end = 0;
}

void frame_parser_scan(struct frame_parser *parser, enum frame_type type)
{
	parser->scan_for = type;
	parser->skipped = 0;
}

uint8_t *frame_parser_room(struct frame_parser *parser, size_t *room)
{
	if (parser->start) {
		parser->end -= parser->start;
		memmove(parser->data, parser->data + parser->start, parser->end);
		parser->start = 0;
	}
	*room = sizeof(parser->data) - parser->end;
	return parser->data + parser->end;
}

void frame_parser_add(struct frame_parser *parser, size_t length)
{
	parser->end += length;
}

/* 1 a good header, 0 too few bytes to say, -1 not a header. Says no at the first wrong byte. */
static int header_read(const struct frame_parser *parser, const uint8_t *at, size_t there,
		       struct frame *frame)
{
	size_t compare = there < sizeof(magic) ? there : sizeof(magic);

	if (memcmp(at, magic, compare))
		return -1;
	if (there < FRAME_HEADER)
		return 0;
	*frame = (struct frame){ at[10], (uint16_t)number_at(at + 8, 2), at + FRAME_HEADER,
				 (size_t)number_at(at + 4, 4) };
	if (at[10] >= FRAME_TYPES || at[11])
		return -1;
	const struct rule *rule = &rules[frame->type];
	bool good = rule->from == parser->from && frame->length >= rule->least &&
		    frame->length <= rule->most && rule->channel == (frame->channel != 0) &&
		    (!parser->scan_for || frame->type == parser->scan_for);
	return good ? 1 : -1;
}

int frame_parser_next(struct frame_parser *parser, struct frame *frame)
{
	int good = 0;

	while (parser->start < parser->end) {
		good = header_read(parser, parser->data + parser->start,
				   parser->end - parser->start, frame);
		if (good >= 0)
			break;
		if (!parser->scan_for)
			return -1;
		parser->start++;
		parser->skipped++;
	}
	if (good <= 0 || parser->end - parser->start < FRAME_HEADER + frame->length)
		return 0;
	parser->start += FRAME_HEADER + frame->length;
	return 1;
}

void frame_parser_reject(struct frame_parser *parser, const struct frame *frame,
			 enum frame_type scan_for)
{
	if (parser->scan_for != scan_for)
		frame_parser_scan(parser, scan_for);
	parser->start = (size_t)(frame->payload - FRAME_HEADER - parser->data) + 1;
	parser->skipped++;
}

/* ---- writing one payload ----------------------------------------------------------------- */

static uint8_t *writer_take(struct frame_writer *writer, size_t length)
{
	if (writer->full || length > writer->room - writer->length) {
		writer->full = true;
		return NULL;
	}
	writer->length += length;
	return writer->data + writer->length - length;
}

static void writer_number(struct frame_writer *writer, size_t size, uint64_t value)
{
	uint8_t *to = writer_take(writer, size);

	if (to)
		number_put(to, size, value);
}

void frame_begin(struct frame_writer *writer, void *data, size_t room, enum frame_type type,
		 uint16_t channel)
{
	if (room > FRAME_MAX)
		room = FRAME_MAX;
	*writer = (struct frame_writer){ data, room, 0, false };
	frame_put_bytes(writer, magic, sizeof(magic));
	frame_put_u32(writer, 0);
	frame_put_u16(writer, channel);
	frame_put_u16(writer, type);
}

void frame_put_u16(struct frame_writer *writer, uint16_t value)
{
	writer_number(writer, 2, value);
}

void frame_put_u32(struct frame_writer *writer, uint32_t value)
{
	writer_number(writer, 4, value);
}

void frame_put_u64(struct frame_writer *writer, uint64_t value)
{
	writer_number(writer, 8, value);
}

void frame_put_bytes(struct frame_writer *writer, const void *bytes, size_t length)
{
	uint8_t *to = writer_take(writer, length);

	if (to && length)
		memcpy(to, bytes, length);
}

void frame_put_text(struct frame_writer *writer, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length > UINT16_MAX)
		writer->full = true;
	frame_put_u16(writer, (uint16_t)length);
	frame_put_bytes(writer, text ? text : "", length + 1);
}

void frame_put_list(struct frame_writer *writer, const char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	if (count > UINT16_MAX)
		writer->full = true;
	frame_put_u16(writer, (uint16_t)count);
	for (size_t i = 0; i < count && !writer->full; i++)
		frame_put_text(writer, list[i]);
}

size_t frame_end(struct frame_writer *writer)
{
	if (writer->full)
		return 0;
	number_put(writer->data + 4, 4, writer->length - FRAME_HEADER);
	return writer->length;
}

/* ---- reading one payload ----------------------------------------------------------------- */

void frame_open(struct frame_reader *reader, const struct frame *frame)
{
	*reader = (struct frame_reader){ frame->payload, frame->length, false };
}

const uint8_t *frame_get_bytes(struct frame_reader *reader, size_t length)
{
	const uint8_t *from = reader->next;

	if (reader->bad || length > reader->left) {
		reader->bad = true;
		return NULL;
	}
	reader->next += length;
	reader->left -= length;
	return from;
}

static uint64_t reader_number(struct frame_reader *reader, size_t size)
{
	const uint8_t *from = frame_get_bytes(reader, size);

	return from ? number_at(from, size) : 0;
}

uint16_t frame_get_u16(struct frame_reader *reader)
{
	return (uint16_t)reader_number(reader, 2);
}

uint32_t frame_get_u32(struct frame_reader *reader)
{
	return (uint32_t)reader_number(reader, 4);
}

uint64_t frame_get_u64(struct frame_reader *reader)
{
	return reader_number(reader, 8);
}

const char *frame_get_text(struct frame_reader *reader, size_t most)
{
	size_t length = frame_get_u16(reader);
	const uint8_t *text = frame_get_bytes(reader, length + 1);

	if (!text || length > most || memchr(text, 0, length + 1) != text + length) {
		reader->bad = true;
		return "";
	}
	return (const char *)text;
}

unsigned frame_get_list(struct frame_reader *reader, const char **list, unsigned most)
{
	unsigned count = frame_get_u16(reader);

	if (count >= most) {
		reader->bad = true;
		count = 0;
	}
	for (unsigned i = 0; i < count; i++)
		list[i] = frame_get_text(reader, FRAME_PAYLOAD_MAX);
	list[count] = NULL;
	return count;
}

bool frame_close(const struct frame_reader *reader)
{
	return !reader->bad && !reader->left;
}
