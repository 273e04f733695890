/* Frames: what travels between the daemon and a machine's agent. Shared by both, so it depends on
 * libc only. docs/agent-protocol.md has the meaning of every frame and the reasons.
 *
 * A frame is a header of 12 bytes and a payload of at most 32 KiB:
 *
 *	0  magic     4 bytes, 'T' 'K' 'a' 0xf7: never part of UTF-8 text, never a run of zeros
 *	4  length    u32, little-endian like every number: bytes of payload
 *	8  channel   u16: a job or a terminal; 0 where the frame belongs to the connection
 *	10 type      u8, enum frame_type
 *	11 reserved  0
 *
 * The parser promises that every frame it hands out has a known type, comes from the right side, has
 * a length that its type allows, and a channel exactly where its type needs one. What is inside the
 * payload is read with struct frame_reader, which never reads beyond it.
 */
#ifndef GUEST_FRAME_H
#define GUEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_VERSION      3
#define FRAME_VERSION_LEAST 1 /* without streams (2) and tools (3): a machine from an older image */
#define FRAME_HEADER       12
#define FRAME_PAYLOAD_MAX  (32 * 1024)
#define FRAME_MAX          (FRAME_HEADER + FRAME_PAYLOAD_MAX)
#define FRAME_NONCE        16
#define FRAME_PONG_LENGTH  (8 + 8 * 4)
#define FRAME_MESSAGE_MAX  480         /* bytes of text in a JOB_FAIL or PTY_FAIL */
#define FRAME_JOB_WINDOW   (32 * 1024) /* bytes of input a new job accepts without credit */
#define FRAME_PTY_WINDOW   (16 * 1024) /* bytes of input a new terminal accepts without credit */
#define FRAME_STREAM_WINDOW (128 * 1024) /* bytes that a new stream accepts without credit, either way */
#define FRAME_COMMAND_MAX  (24 * 1024) /* bytes of a stream's command */
#define FRAME_TOOLS_MAX    1024        /* in one list of tools, with the NULL behind */
#define FRAME_TOOL_PATH    "/usr/bin:/usr/sbin" /* where a check's tools are; nothing of the students' is */
#define FRAME_INPUT_MAX    (8 * 1024)  /* data bytes in one input or output frame: small, so that */
				       /* channels take turns often */

enum frame_type {
	FRAME_NONE,
	FRAME_HELLO,       /* host: u16 version, nonce */
	FRAME_HELLO_REPLY, /* agent: nonce, u16 version, text agent, text boot id, u64 instance,
			      u16 count, then count times {u16 channel, rows, columns, u64 first, next} */
	FRAME_BOOTED,      /* agent: it has started and knows no host: say hello */
	FRAME_PING,        /* host: 8 bytes, any */
	FRAME_PONG,        /* agent: the same 8 bytes, then struct link_health: 8 times u32 */

	FRAME_IDENTIFY,   /* host: struct link_identity, field by field; a job */
	FRAME_EXEC,       /* host: u32 timeout ms, text user, text directory, list argv, list env */
	FRAME_PUT,        /* host: text path, u32 mode, text owner; input follows */
	FRAME_GET,        /* host: text path, u32 most */
	FRAME_JOB_INPUT,  /* host: u32 sum, data */
	FRAME_JOB_EOF,    /* host: no more input */
	FRAME_JOB_KILL,   /* host: end it; JOB_EXIT or JOB_FAIL still follows */
	FRAME_JOB_CREDIT, /* agent: u32 more bytes of input are welcome */
	FRAME_JOB_OUTPUT, /* agent: bytes of standard output, or of the file */
	FRAME_JOB_ERRORS, /* agent: bytes of standard error */
	FRAME_JOB_EXIT,   /* agent: u32 status, u32 flags, u32 run ms; the channel is free */
	FRAME_JOB_FAIL,   /* agent: u32 errno, text message; the channel is free */

	FRAME_PTY_OPEN,   /* host: u16 rows, u16 columns, text user, list argv, list env */
	FRAME_PTY_OPENED, /* agent */
	FRAME_PTY_FAIL,   /* agent: u32 errno, text message; there is no such terminal */
	FRAME_PTY_ATTACH, /* host: u64 offset */
	FRAME_PTY_INPUT,  /* host: u32 sum, data */
	FRAME_PTY_CREDIT, /* agent: u32 */
	FRAME_PTY_RESIZE, /* host: u16 rows, u16 columns */
	FRAME_PTY_DATA,   /* agent: u64 offset, data */
	FRAME_PTY_ACK,    /* host: u64 offset */
	FRAME_PTY_CLOSE,  /* host: hang up; or, after PTY_EXIT: seen, forget it */
	FRAME_PTY_EXIT,   /* agent: u32 wait status */

	FRAME_STREAM,     /* host: text user, text command, list env; a job */
	FRAME_DIAL,       /* host: text address, u16 port; a job */
	FRAME_DIALLED,    /* agent: the connection is made */
	FRAME_JOB_GRANT,  /* host: u32 more bytes of a stream's output are welcome */
	FRAME_JOB_SIGNAL, /* host: u32 signal for a stream's process group */
	FRAME_JOB_END,    /* agent: no more standard output of this stream */

	FRAME_CHECK,      /* host: as EXEC, then list stamps: run it only if all of them hold */
	FRAME_TOOLS,      /* host: list names; their stamps are the output, a line each */
	FRAME_TYPES
};

#define FRAME_EXIT_TIMED_OUT 1u
#define FRAME_EXIT_TRUNCATED 2u
#define FRAME_EXIT_SIGNAL    256u /* status of JOB_EXIT: exit code, or this plus the signal */

enum frame_side { FRAME_FROM_HOST, FRAME_FROM_AGENT };

struct frame {
	enum frame_type type;
	uint16_t channel;
	const uint8_t *payload; /* valid until the parser is touched again */
	size_t length;
};

/* The type's word for messages, for example "pty-data". Never NULL. */
const char *frame_type_name(enum frame_type type);

/* FNV-1a over input bytes. A stream that was cut inside an input frame continues with other bytes;
 * the sum keeps them from being typed into a shell. */
uint32_t frame_sum(const uint8_t *data, size_t length);

/* ---- reading a stream -------------------------------------------------------------------- */

struct frame_parser {
	enum frame_side from;
	enum frame_type scan_for; /* FRAME_NONE: in step; else everything but this is skipped */
	uint64_t skipped;         /* bytes thrown away since the scan began */
	size_t start, end;        /* unread bytes in data */
	uint8_t data[2 * FRAME_MAX];
};

void frame_parser_init(struct frame_parser *parser, enum frame_side from);

/* From here on skips bytes until a frame of this type. FRAME_NONE ends the scan. */
void frame_parser_scan(struct frame_parser *parser, enum frame_type type);

/* Where the next bytes from the wire may be put, and how many; at least FRAME_MAX after
 * frame_parser_next() has returned 0. Then frame_parser_add() says how many came. */
uint8_t *frame_parser_room(struct frame_parser *parser, size_t *room);
void frame_parser_add(struct frame_parser *parser, size_t length);

/* 1: *frame is the next one (and a scan stays a scan until its caller ends it); 0: more bytes are
 * needed; -1: the stream is out of step, nothing was consumed: scan, or give the connection up. */
int frame_parser_next(struct frame_parser *parser, struct frame *frame);

/* Takes back the frame just handed out: it was an accident of the bytes. Scanning starts right after
 * its first byte, so that a true frame inside it is found. */
void frame_parser_reject(struct frame_parser *parser, const struct frame *frame,
			 enum frame_type scan_for);

/* ---- writing and reading one payload ----------------------------------------------------- */

struct frame_writer {
	uint8_t *data;
	size_t room, length;
	bool full; /* something did not fit */
};

/* room: bytes at data, header included. */
void frame_begin(struct frame_writer *writer, void *data, size_t room, enum frame_type type,
		 uint16_t channel);
void frame_put_u16(struct frame_writer *writer, uint16_t value);
void frame_put_u32(struct frame_writer *writer, uint32_t value);
void frame_put_u64(struct frame_writer *writer, uint64_t value);
void frame_put_bytes(struct frame_writer *writer, const void *bytes, size_t length);
/* A u16 length, the bytes, and a NUL that the length does not count. NULL is sent as "". */
void frame_put_text(struct frame_writer *writer, const char *text);
/* A u16 count and as many texts. NULL is an empty list. */
void frame_put_list(struct frame_writer *writer, const char *const *list);
/* Completes the header. Returns the length of the whole frame, or 0 when it did not fit. */
size_t frame_end(struct frame_writer *writer);

struct frame_reader {
	const uint8_t *next;
	size_t left;
	bool bad; /* something was missing or malformed: everything read since is 0 or "" */
};

void frame_open(struct frame_reader *reader, const struct frame *frame);
uint16_t frame_get_u16(struct frame_reader *reader);
uint32_t frame_get_u32(struct frame_reader *reader);
uint64_t frame_get_u64(struct frame_reader *reader);
const uint8_t *frame_get_bytes(struct frame_reader *reader, size_t length);
/* NUL-terminated inside the payload; "" when bad, longer than `most` bytes, or with a NUL inside. */
const char *frame_get_text(struct frame_reader *reader, size_t most);
/* Fills list[0..count] with texts and a NULL behind; more than most - 1 is bad. Returns the count. */
unsigned frame_get_list(struct frame_reader *reader, const char **list, unsigned most);
/* Everything was there, and nothing is left over. */
bool frame_close(const struct frame_reader *reader);

#endif
