/* Terminals, as the daemon sees them. The guest says where each piece of output belongs; we check that
 * it goes on exactly where the last one ended and stays within the window, so an owner never sees a gap
 * or a byte twice, whatever the guest does.
 */
#include "guest/link_private.h"

#include <string.h>

#include "base/auto.h"

#define PTY_OPEN_MS 30000u
#define ACK_STEP    (LINK_PTY_WINDOW / 8) /* smaller progress is not worth a frame */

static struct terminal *terminal_find(struct link *link, uint16_t channel)
{
	for (unsigned i = 0; i < LINK_PTYS_MAX; i++)
		if (link->terminal[i].channel == channel)
			return &link->terminal[i];
	return NULL;
}

static struct terminal *terminal_of(struct link *link, uint16_t channel)
{
	return link->state == LINK_UP && channel ? terminal_find(link, channel) : NULL;
}

void pty_forget_all(struct link *link)
{
	memset(link->terminal, 0, sizeof(link->terminal));
}

/* ---- opening and attaching --------------------------------------------------------------- */

static const char *open_obstacle(struct link *link, const struct link_pty_spec *spec)
{
	if (!spec->channel || !spec->rows || !spec->columns || spec->rows > 1000 ||
	    spec->columns > 1000)
		return "a terminal has a channel, and 1 to 1000 rows and columns";
	if (terminal_of(link, spec->channel))
		return "this terminal is open already";
	return terminal_find(link, 0) ? NULL : "the machine has 16 terminals already";
}

void link_pty_open(struct link *link, const struct link_pty_spec *spec, link_done_fn *done,
		   void *context)
{
	struct request *request = link_request_new(REQUEST_PTY_OPEN, PTY_OPEN_MS, done, context);
	const char *obstacle = open_obstacle(link, spec);
	struct frame_writer writer;

	frame_begin(&writer, buf_reserve(&request->start, FRAME_MAX), FRAME_MAX, FRAME_PTY_OPEN,
		    spec->channel);
	frame_put_u16(&writer, spec->rows);
	frame_put_u16(&writer, spec->columns);
	frame_put_text(&writer, spec->user);
	frame_put_list(&writer, spec->argv);
	frame_put_list(&writer, spec->env);
	request->start.length = frame_end(&writer);
	request->channel = spec->channel;
	if (obstacle && link_is_up(link)) {
		struct err err = ERR_INIT;
		err_set(&err, ERR_CONFLICT, "%s", obstacle);
		TAILQ_INSERT_TAIL(&link->requests, request, entry);
		request_finish(link, request, &err);
		return;
	}
	if (request->start.length && link_is_up(link))
		*terminal_find(link, 0) = (struct terminal){ .channel = spec->channel };
	request_submit(link, request);
}

/* The agent did not answer; should it open the terminal after all, it is to close it. */
void pty_open_expired(struct link *link, uint16_t channel)
{
	struct terminal *terminal = terminal_of(link, channel);

	if (!terminal)
		return;
	terminal->closing = terminal->orphan = true;
	link_queue_frame(link, FRAME_PTY_CLOSE, channel, NULL, 0);
}

/* What the hello said bounds the offset: beyond it there is nothing to go on from. */
static uint64_t bounded_offset(const struct link *link, uint16_t channel, uint64_t offset)
{
	for (unsigned i = 0; i < link->hello.pty_count; i++) {
		const struct link_pty *pty = &link->hello.pty[i];
		if (pty->channel == channel && offset > pty->next)
			return pty->next;
	}
	return offset;
}

void link_pty_attach(struct link *link, uint16_t channel, uint64_t offset)
{
	struct terminal *terminal;

	if (!link_is_up(link) || !channel || terminal_find(link, channel) ||
	    !(terminal = terminal_find(link, 0)))
		return;
	offset = bounded_offset(link, channel, offset);
	*terminal = (struct terminal){ .channel = channel, .live = true, .fresh = true,
				       .expected = offset, .acked = offset, .ack_sent = offset };
	link_queue_number(link, FRAME_PTY_ATTACH, channel, offset);
	link_flush(link);
}

/* ---- what owners do ---------------------------------------------------------------------- */

size_t link_pty_write(struct link *link, uint16_t channel, const uint8_t *data, size_t length)
{
	struct terminal *terminal = terminal_of(link, channel);
	size_t taken = 0;

	if (!terminal || terminal->closing)
		return 0;
	while (taken < length && terminal->credit && terminal->live) {
		size_t piece = length - taken;
		if (piece > terminal->credit)
			piece = terminal->credit;
		if (piece > FRAME_INPUT_MAX)
			piece = FRAME_INPUT_MAX;
		link_queue_input(link, FRAME_PTY_INPUT, channel, data + taken, piece);
		terminal->credit -= piece;
		taken += piece;
	}
	terminal->wants_room |= taken < length;
	link_flush(link);
	return taken;
}

void link_pty_resize(struct link *link, uint16_t channel, uint16_t rows, uint16_t columns)
{
	const uint8_t size[4] = { (uint8_t)rows, (uint8_t)(rows >> 8), (uint8_t)columns,
				  (uint8_t)(columns >> 8) };

	if (!terminal_of(link, channel) || !rows || !columns || rows > 1000 || columns > 1000)
		return;
	link_queue_frame(link, FRAME_PTY_RESIZE, channel, size, sizeof(size));
	link_flush(link);
}

void link_pty_ack(struct link *link, uint16_t channel, uint64_t offset)
{
	struct terminal *terminal = terminal_of(link, channel);

	if (!terminal)
		return;
	if (offset > terminal->expected)
		offset = terminal->expected;
	if (offset > terminal->acked)
		terminal->acked = offset;
	if (terminal->acked - terminal->ack_sent < ACK_STEP)
		return;
	terminal->ack_sent = terminal->acked;
	link_queue_number(link, FRAME_PTY_ACK, channel, terminal->acked);
	link_flush(link);
}

void link_pty_close(struct link *link, uint16_t channel)
{
	struct terminal *terminal = terminal_of(link, channel);

	if (!terminal || terminal->closing)
		return;
	terminal->closing = true;
	link_queue_frame(link, FRAME_PTY_CLOSE, channel, NULL, 0);
	link_flush(link);
}

/* ---- what the guest says ----------------------------------------------------------------- */

static int opened_frame(struct link *link, struct terminal *terminal)
{
	struct request *request = request_find(link, false, REQUEST_PTY_OPEN, terminal->channel);
	bool wanted = terminal->wants_room;

	if (terminal->live || (!request && !terminal->orphan))
		return link_refuse(link, "it opens a terminal that nobody asked for");
	terminal->live = true;
	terminal->credit = FRAME_PTY_WINDOW;
	terminal->wants_room = false;
	uint16_t channel = terminal->channel;
	if (request) {
		request_finish(link, request, NULL);
		request_settle(link);
	}
	if (wanted && request && !link->freed && link->events.pty_writable)
		link->events.pty_writable(link->context, channel);
	return 0;
}

static int gone_frame(struct link *link, struct terminal *terminal, int status)
{
	uint16_t channel = terminal->channel;
	bool tell = !terminal->orphan;

	*terminal = (struct terminal){ 0 };
	if (tell && link->events.pty_exit)
		link->events.pty_exit(link->context, channel, status);
	return 0;
}

static int fail_frame(struct link *link, struct terminal *terminal, struct frame_reader *reader)
{
	struct request *request = request_find(link, false, REQUEST_PTY_OPEN, terminal->channel);
	struct err err = ERR_INIT;

	if (!request)
		return gone_frame(link, terminal, -1);
	uint32_t code = frame_get_u32(reader);
	link_guest_error(&err, code, frame_get_text(reader, FRAME_MESSAGE_MAX));
	*terminal = (struct terminal){ 0 };
	request_finish(link, request, &err);
	return 0;
}

static int exit_frame(struct link *link, struct terminal *terminal, struct frame_reader *reader)
{
	if (!terminal->live)
		return link_refuse(link, "a terminal ends that was not open");
	link_queue_frame(link, FRAME_PTY_CLOSE, terminal->channel, NULL, 0); /* we have seen it */
	return gone_frame(link, terminal, (int)frame_get_u32(reader));
}

static int credit_frame(struct link *link, struct terminal *terminal, struct frame_reader *reader)
{
	uint32_t more = frame_get_u32(reader);

	if (more > FRAME_PTY_WINDOW || terminal->credit + more > FRAME_PTY_WINDOW)
		return link_refuse(link, "it gives credit that it does not have");
	terminal->credit += more;
	if (!terminal->wants_room || terminal->closing || !more)
		return 0;
	terminal->wants_room = false;
	if (link->events.pty_writable)
		link->events.pty_writable(link->context, terminal->channel);
	return 0;
}

static int data_frame(struct link *link, struct terminal *terminal, struct frame_reader *reader)
{
	uint64_t offset = frame_get_u64(reader);
	size_t length = reader->left;

	if (terminal->fresh && offset > terminal->expected)
		terminal->expected = terminal->acked = terminal->ack_sent = offset;
	if (!terminal->live || offset != terminal->expected ||
	    length > LINK_PTY_WINDOW - (offset - terminal->ack_sent) || offset + length < offset)
		return link_refuse(link, "a terminal's output is out of place");
	terminal->fresh = false;
	terminal->expected += length;
	if (!terminal->closing && link->events.pty_data)
		link->events.pty_data(link->context, terminal->channel, offset, reader->next, length);
	return 0;
}

int pty_frame(struct link *link, const struct frame *frame)
{
	struct terminal *terminal = terminal_of(link, frame->channel);
	struct frame_reader reader;

	if (!terminal)
		return link_refuse(link, "a frame %s for a terminal that does not exist",
				   frame_type_name(frame->type));
	frame_open(&reader, frame);
	switch (frame->type) {
	case FRAME_PTY_OPENED:
		return opened_frame(link, terminal);
	case FRAME_PTY_FAIL:
		return fail_frame(link, terminal, &reader);
	case FRAME_PTY_CREDIT:
		return credit_frame(link, terminal, &reader);
	case FRAME_PTY_DATA:
		return data_frame(link, terminal, &reader);
	default:
		return exit_frame(link, terminal, &reader);
	}
}
