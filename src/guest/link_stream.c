/* Streams, as the daemon sees them. The guest may send what it was granted and not a byte more; it gives
 * credit for input only as far as we have used it. So what a stream can make the daemon hold is
 * LINK_STREAM_WINDOW, and that is with whoever owns it.
 *
 * A stream that its owner has let go keeps its channel until the guest has said that it is over, as an
 * orphan. A guest that never says so has that many streams less.
 */
#include "guest/link_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define GRANT_STEP (LINK_STREAM_WINDOW / 4) /* smaller progress is not worth a frame */

static_assert(LINK_STREAM_WINDOW == FRAME_STREAM_WINDOW, "one window");
static_assert(LINK_COMMAND_MAX == FRAME_COMMAND_MAX, "one bound");

struct link_stream *stream_find(struct link *link, uint16_t channel)
{
	struct link_stream *stream;

	TAILQ_FOREACH (stream, &link->streams, entry)
		if (stream->channel == channel)
			return stream;
	return NULL;
}

static void stream_remove(struct link_stream *stream)
{
	TAILQ_REMOVE(&stream->link->streams, stream, entry);
	stream->link->stream_count--;
	free(stream);
}

/* Out of the list before its owner hears, so that the owner may do whatever it likes. */
static void stream_over(struct link_stream *stream, int status, const struct err *err)
{
	const struct link_stream_events *events = stream->orphan ? NULL : stream->events;
	void *context = stream->context;

	stream_remove(stream);
	if (events)
		events->ended(context, status, err);
}

void stream_end_all(struct link *link, const struct err *why)
{
	while (!TAILQ_EMPTY(&link->streams))
		stream_over(TAILQ_FIRST(&link->streams), -1, why);
}

/* ---- the beginning ----------------------------------------------------------------------- */

static int may_begin(const struct link *link, struct err *err)
{
	if (!link_is_up(link))
		return err_set(err, ERR_UNAVAILABLE, "the machine's agent does not answer yet");
	if (link->hello.version < 2)
		return err_set(err, ERR_UNAVAILABLE,
			       "the machine comes from an image of an older Terakoya: reset it");
	if (link->stream_count >= LINK_STREAMS_MAX)
		return err_set(err, ERR_CONFLICT,
			       "the machine has %d commands and connections over ssh already",
			       LINK_STREAMS_MAX);
	return 0;
}

static struct link_stream *stream_new(struct link *link, const struct link_stream_events *events,
				      void *context)
{
	struct link_stream *stream = mem_alloc(sizeof(*stream));

	stream->link = link;
	stream->events = events;
	stream->context = context;
	stream->channel = channel_take(link);
	stream->credit = stream->granted = LINK_STREAM_WINDOW;
	TAILQ_INSERT_TAIL(&link->streams, stream, entry);
	link->stream_count++;
	return stream;
}

struct link_stream *link_stream_run(struct link *link, const struct link_stream_spec *spec,
				    const struct link_stream_events *events, void *context,
				    struct err *err)
{
	AUTO_FREE uint8_t *frame = mem_alloc(FRAME_MAX);
	struct frame_writer writer;

	if (may_begin(link, err) < 0)
		return NULL;
	if (spec->command && strlen(spec->command) > LINK_COMMAND_MAX) {
		err_set(err, ERR_TOO_LARGE, "a command has at most %d bytes", LINK_COMMAND_MAX);
		return NULL;
	}
	struct link_stream *stream = stream_new(link, events, context);
	frame_begin(&writer, frame, FRAME_MAX, FRAME_STREAM, stream->channel);
	frame_put_text(&writer, spec->user);
	frame_put_text(&writer, spec->command);
	frame_put_list(&writer, spec->env);
	link_queue(link, frame, frame_end(&writer));
	link_flush(link);
	return stream;
}

struct link_stream *link_stream_dial(struct link *link, const char *address, uint16_t port,
				     const struct link_stream_events *events, void *context,
				     struct err *err)
{
	uint8_t frame[FRAME_HEADER + 128];
	struct frame_writer writer;

	if (may_begin(link, err) < 0)
		return NULL;
	struct link_stream *stream = stream_new(link, events, context);
	stream->dialling = true;
	frame_begin(&writer, frame, sizeof(frame), FRAME_DIAL, stream->channel);
	frame_put_text(&writer, address);
	frame_put_u16(&writer, port);
	link_queue(link, frame, frame_end(&writer));
	link_flush(link);
	return stream;
}

/* ---- what owners do ---------------------------------------------------------------------- */

size_t link_stream_write(struct link_stream *stream, const uint8_t *data, size_t length)
{
	size_t taken = 0;

	if (stream->eof_sent || stream->dialling)
		return stream->eof_sent ? length : 0;
	while (taken < length && stream->credit) {
		size_t piece = length - taken;
		if (piece > stream->credit)
			piece = stream->credit;
		if (piece > FRAME_INPUT_MAX)
			piece = FRAME_INPUT_MAX;
		link_queue_input(stream->link, FRAME_JOB_INPUT, stream->channel, data + taken, piece);
		stream->credit -= piece;
		taken += piece;
	}
	stream->wants_room |= taken < length;
	link_flush(stream->link);
	return taken;
}

void link_stream_eof(struct link_stream *stream)
{
	if (stream->eof_sent)
		return;
	stream->eof_sent = true;
	link_queue_frame(stream->link, FRAME_JOB_EOF, stream->channel, NULL, 0);
	link_flush(stream->link);
}

static void queue_u32(struct link_stream *stream, enum frame_type type, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				   (uint8_t)(value >> 24) };

	link_queue_frame(stream->link, type, stream->channel, bytes, sizeof(bytes));
}

void link_stream_grant(struct link_stream *stream, size_t length)
{
	stream->grant_due += length;
	if (stream->grant_due < GRANT_STEP)
		return;
	queue_u32(stream, FRAME_JOB_GRANT, (uint32_t)stream->grant_due);
	stream->granted += stream->grant_due;
	stream->grant_due = 0;
	link_flush(stream->link);
}

void link_stream_signal(struct link_stream *stream, int number)
{
	if (number < 1 || number > 31)
		return;
	queue_u32(stream, FRAME_JOB_SIGNAL, (uint32_t)number);
	link_flush(stream->link);
}

void link_stream_close(struct link_stream *stream)
{
	stream->orphan = true;
	link_queue_frame(stream->link, FRAME_JOB_KILL, stream->channel, NULL, 0);
	link_flush(stream->link);
}

/* ---- what the guest says ----------------------------------------------------------------- */

static int connected_frame(struct link *link, struct link_stream *stream)
{
	if (!stream->dialling)
		return link_refuse(link, "it connects what nobody asked for");
	stream->dialling = false;
	if (!stream->orphan)
		stream->events->connected(stream->context);
	return 0;
}

static int data_frame(struct link *link, struct link_stream *stream, const struct frame *frame)
{
	bool errors = frame->type == FRAME_JOB_ERRORS;

	if (frame->length > stream->granted || stream->dialling || (!errors && stream->ended_output))
		return link_refuse(link, "a stream's output is more than was granted");
	stream->granted -= frame->length;
	if (!stream->orphan)
		stream->events->output(stream->context, errors, frame->payload, frame->length);
	return 0;
}

static int end_frame(struct link *link, struct link_stream *stream)
{
	if (stream->dialling || stream->ended_output)
		return link_refuse(link, "a stream's output ends out of place");
	stream->ended_output = true;
	if (!stream->orphan)
		stream->events->output_end(stream->context);
	return 0;
}

static int room_frame(struct link *link, struct link_stream *stream, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	uint32_t more = frame_get_u32(&reader);
	if (more > LINK_STREAM_WINDOW || stream->credit + more > LINK_STREAM_WINDOW)
		return link_refuse(link, "it gives credit that it does not have");
	stream->credit += more;
	if (!stream->wants_room || stream->orphan || !more)
		return 0;
	stream->wants_room = false;
	stream->events->writable(stream->context);
	return 0;
}

static int exit_frame(struct link *link, struct link_stream *stream, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	uint32_t status = frame_get_u32(&reader);
	if (status > FRAME_EXIT_SIGNAL + 127)
		return link_refuse(link, "it reports an end that cannot be");
	stream_over(stream, (int)status, NULL);
	return 0;
}

static int fail_frame(struct link_stream *stream, const struct frame *frame)
{
	struct frame_reader reader;
	struct err err = ERR_INIT;

	frame_open(&reader, frame);
	uint32_t code = frame_get_u32(&reader);
	link_guest_error(&err, code, frame_get_text(&reader, FRAME_MESSAGE_MAX));
	stream_over(stream, -1, &err);
	return 0;
}

int stream_frame(struct link *link, struct link_stream *stream, const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_DIALLED:
		return connected_frame(link, stream);
	case FRAME_JOB_OUTPUT:
	case FRAME_JOB_ERRORS:
		return data_frame(link, stream, frame);
	case FRAME_JOB_END:
		return end_frame(link, stream);
	case FRAME_JOB_CREDIT:
		return room_frame(link, stream, frame);
	case FRAME_JOB_EXIT:
		return exit_frame(link, stream, frame);
	case FRAME_JOB_FAIL:
		return fail_frame(stream, frame);
	default:
		return link_refuse(link, "a frame %s for a stream", frame_type_name(frame->type));
	}
}
