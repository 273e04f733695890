/* What the files of the link share. link.c: connection, handshake, dispatch. link_request.c: whatever
 * is asked and answered once. link_pty.c: terminals. link_stream.c: streams.
 *
 * Memory that a guest can make the daemon hold, per link: one parser (64 KiB), LINK_EXECS_MAX times
 * twice LINK_EXEC_OUTPUT_MAX (8 MiB), what callers of link_get_file() allow, and LINK_OUT_MAX of
 * frames that the guest does not read. Terminal output is handed on at once and never kept.
 */
#ifndef GUEST_LINK_PRIVATE_H
#define GUEST_LINK_PRIVATE_H

#include <sys/queue.h>

#include "base/buf.h"
#include "guest/frame.h"
#include "guest/link.h"

#define LINK_OUT_MAX (4u * 1024 * 1024)

enum link_state {
	LINK_APART,    /* no connection; the timer makes the next one */
	LINK_GREETING, /* connected; everything is skipped until our nonce comes back */
	LINK_UP,       /* a session: requests and terminals work */
};

enum request_kind {
	REQUEST_PING,
	REQUEST_PTY_OPEN,
	REQUEST_IDENTIFY, /* from here on: jobs, with a channel each */
	REQUEST_EXEC,
	REQUEST_PUT,
	REQUEST_GET,
};

enum request_state { REQUEST_QUEUED, REQUEST_RUNNING, REQUEST_FINISHED };

struct request {
	TAILQ_ENTRY(request) entry; /* of requests, or of finished */
	enum request_kind kind;
	enum request_state state;
	bool orphan;        /* nobody waits for it; it keeps its channel until the agent lets go */
	uint32_t id;
	uint16_t channel;
	struct buf start;   /* the frame that begins it; its channel is filled in late */
	struct buf input;
	size_t sent, credit;
	bool eof_sent;
	uint64_t timeout_ms, deadline_ms; /* by link_clock(); the deadline is set when it begins to run */
	struct buf output, errors;
	size_t output_most;
	struct link_exec_result result;
	struct err *err;    /* NULL: success */
	link_exec_fn *exec_done;
	link_done_fn *done;
	void *context;
};
TAILQ_HEAD(request_list, request);

struct terminal {
	uint16_t channel; /* 0: free */
	bool live;        /* opened or attached: data may come, input may go */
	bool fresh;       /* no data since the attach: the first may begin later than asked for */
	bool closing;     /* hung up; its exit is still to come */
	bool orphan;      /* opening it timed out: its exit is nobody's news */
	bool wants_room;  /* a write was cut short: tell when there is credit */
	uint64_t expected, acked, ack_sent; /* output offsets */
	size_t credit;
};

struct link_stream {
	TAILQ_ENTRY(link_stream) entry;
	struct link *link;
	const struct link_stream_events *events;
	void *context;
	uint16_t channel;
	bool orphan;         /* its owner has gone; its end is still to come */
	bool dialling;       /* asked for and not connected yet */
	bool eof_sent, wants_room, ended_output;
	size_t credit;       /* bytes of input that the guest takes */
	size_t granted;      /* bytes of output that it may still send */
	size_t grant_due;    /* consumed, and not yet told */
};
TAILQ_HEAD(stream_list, link_stream);

struct link {
	struct loop *loop;
	char *path;
	struct link_events events;
	void *context;

	enum link_state state;
	int fd;
	sd_event_source *io, *timer, *later;
	struct frame_parser in;
	struct buf out;
	uint8_t nonce[FRAME_NONCE];
	unsigned hellos_sent, hellos_seen; /* with this nonce */
	unsigned hello_wait_ms, backoff_ms;
	unsigned greetings; /* connections on which one answer is waited for; the present one since greeted_ms */
	uint64_t greeted_ms;
	uint64_t wake_ms;   /* when to connect or to greet again; 0 while up */
	uint64_t held_ms;   /* since when the machine stands still; 0: it does not */
	uint64_t stood_ms;  /* how long it did before */
	uint64_t up_ms, booted_ms;
	bool told_down;
	struct link_hello hello;

	struct request_list requests, finished;
	uint32_t next_id;
	uint16_t next_channel;
	unsigned jobs;       /* channels in use */
	struct link_health health;
	bool health_known;
	unsigned lost_pings; /* timed out; their answers may still come */
	struct terminal terminal[LINK_PTYS_MAX];
	struct stream_list streams;
	unsigned stream_count;

	unsigned busy;      /* depth of our own calls: it may be freed only at 0 */
	bool freed;
	struct err *doomed; /* the connection is to be dropped as soon as no caller is inside */
};

/* ---- link.c ------------------------------------------------------------------------------ */

/* Adds bytes of whole frames to what is sent; link_flush() then tries to send them. */
void link_queue(struct link *link, const void *bytes, size_t length);
void link_queue_frame(struct link *link, enum frame_type type, uint16_t channel, const void *payload,
		      size_t length);
void link_queue_number(struct link *link, enum frame_type type, uint16_t channel, uint64_t value);
/* JOB_INPUT or PTY_INPUT with its sum. At most FRAME_INPUT_MAX bytes. */
void link_queue_input(struct link *link, enum frame_type type, uint16_t channel,
		      const uint8_t *data, size_t length);
void link_flush(struct link *link);

/* The guest broke the protocol: the connection will be dropped with ERR_GUEST. Returns -1. */
int link_refuse(struct link *link, const char *format, ...) __attribute__((format(printf, 2, 3)));
void link_soon(struct link *link);  /* runs link_settle() from the loop */
void link_rearm(struct link *link); /* after a deadline has changed */
/* Milliseconds that a machine has had to answer in: they stand still with it. */
uint64_t link_clock(const struct link *link);

/* A text from the guest for an error message: bounded, and replaced when it is not clean UTF-8. */
void link_guest_error(struct err *err, uint32_t code, const char *message);

/* ---- link_request.c ---------------------------------------------------------------------- */

/* Frames of jobs and pings. 0, or -1 after link_refuse(). */
int request_frame(struct link *link, const struct frame *frame);
void request_start_queued(struct link *link);
uint64_t request_next_deadline(const struct link *link); /* by clock_mono_ms(); 0: none, or it stands still */
void request_expire(struct link *link);
void request_fail_all(struct link *link, const struct err *why);
/* Calls completions that are due; stops when one of them frees the link. */
void request_settle(struct link *link);

struct request *link_request_new(enum request_kind kind, uint64_t timeout_ms, link_done_fn *done,
			    void *context);
/* Takes the request: runs it now or when a channel is free. Its id, or 0. */
uint32_t request_submit(struct link *link, struct request *request);
void request_finish(struct link *link, struct request *request, const struct err *err);
struct request *request_find(struct link *link, bool job, enum request_kind kind, uint16_t channel);

/* A channel that no job and no stream has. */
uint16_t channel_take(struct link *link);

/* ---- link_stream.c ----------------------------------------------------------------------- */

/* NULL: no stream has this channel. */
struct link_stream *stream_find(struct link *link, uint16_t channel);
int stream_frame(struct link *link, struct link_stream *stream, const struct frame *frame);
void stream_end_all(struct link *link, const struct err *why);

/* ---- link_pty.c -------------------------------------------------------------------------- */

int pty_frame(struct link *link, const struct frame *frame);
void pty_forget_all(struct link *link);
void pty_open_expired(struct link *link, uint16_t channel);

#endif
