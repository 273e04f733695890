/* Requests: whatever is asked once and answered once. A job takes a channel when it begins and keeps
 * it until the agent says JOB_EXIT or JOB_FAIL, even when nobody waits for it any more; so a frame on
 * a channel that is not in use is always the guest's fault.
 */
#include "guest/link_private.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define EXEC_MAX_MS  3600000u
#define GRACE_MS     10000u  /* for an agent on a busy host to report what its own timeout ended */
#define FILE_MS      120000u
#define PTY_OPEN_MS  30000u
#define ORPHAN_MS    30000u  /* for the agent to let go of what we gave up */

struct request *link_request_new(enum request_kind kind, uint64_t timeout_ms, link_done_fn *done,
			    void *context)
{
	struct request *request = mem_alloc(sizeof(*request));

	request->kind = kind;
	request->timeout_ms = timeout_ms;
	request->done = done;
	request->context = context;
	request->credit = FRAME_JOB_WINDOW;
	request->output_most = LINK_EXEC_OUTPUT_MAX;
	return request;
}

static void link_request_free(struct request *request)
{
	buf_free(&request->start);
	buf_free(&request->input);
	buf_free(&request->output);
	buf_free(&request->errors);
	free(request->err);
	free(request);
}

static bool is_job(const struct request *request)
{
	return request->kind >= REQUEST_IDENTIFY;
}

struct request *request_find(struct link *link, bool job, enum request_kind kind, uint16_t channel)
{
	struct request *request;

	TAILQ_FOREACH (request, &link->requests, entry)
		if (request->state == REQUEST_RUNNING && request->channel == channel &&
		    (job ? is_job(request) : request->kind == kind))
			return request;
	return NULL;
}

/* ---- the end ----------------------------------------------------------------------------- */

void request_finish(struct link *link, struct request *request, const struct err *err)
{
	TAILQ_REMOVE(&link->requests, request, entry);
	if (is_job(request) && request->state == REQUEST_RUNNING)
		link->jobs--;
	if (request->orphan) {
		link_request_free(request);
		return;
	}
	request->state = REQUEST_FINISHED;
	if (err) {
		request->err = mem_alloc(sizeof(*err));
		*request->err = *err;
	}
	TAILQ_INSERT_TAIL(&link->finished, request, entry);
	link_soon(link);
}

static void request_tell(struct request *request)
{
	struct link_exec_result *result = &request->result;

	buf_append(&request->output, NULL, 0);
	buf_append(&request->errors, NULL, 0);
	result->output = request->output.data;
	result->output_length = request->output.length;
	result->errors = request->errors.data;
	result->error_length = request->errors.length;
	if (request->exec_done)
		request->exec_done(request->context, request->err ? NULL : result, request->err);
	else if (request->done)
		request->done(request->context, request->err);
}

/* Each is out of every list before it is told, so that a completion may do whatever it likes. */
void request_settle(struct link *link)
{
	struct request *request;

	while ((request = TAILQ_FIRST(&link->finished))) {
		TAILQ_REMOVE(&link->finished, request, entry);
		request_tell(request);
		link_request_free(request);
	}
	if (!link->freed)
		request_start_queued(link);
}

void request_fail_all(struct link *link, const struct err *why)
{
	struct request *request;

	while ((request = TAILQ_FIRST(&link->requests)))
		request_finish(link, request, why);
	link->jobs = 0;
	link->lost_pings = 0;
	link->health_known = false;
}

/* ---- the beginning ----------------------------------------------------------------------- */

uint16_t channel_take(struct link *link)
{
	do
		link->next_channel++;
	while (!link->next_channel || request_find(link, true, 0, link->next_channel) ||
	       stream_find(link, link->next_channel));
	return link->next_channel;
}

/* Input as far as its credit goes, then the end of it. */
static void request_feed(struct link *link, struct request *request)
{
	while (request->sent < request->input.length && request->credit) {
		size_t length = request->input.length - request->sent;
		if (length > request->credit)
			length = request->credit;
		if (length > FRAME_INPUT_MAX)
			length = FRAME_INPUT_MAX;
		link_queue_input(link, FRAME_JOB_INPUT, request->channel,
				 request->input.data + request->sent, length);
		request->sent += length;
		request->credit -= length;
	}
	if (request->sent < request->input.length || request->eof_sent)
		return;
	request->eof_sent = true;
	if (request->kind == REQUEST_EXEC || request->kind == REQUEST_PUT)
		link_queue_frame(link, FRAME_JOB_EOF, request->channel, NULL, 0);
}

static void request_start(struct link *link, struct request *request)
{
	request->state = REQUEST_RUNNING;
	request->deadline_ms = link_clock(link) + request->timeout_ms;
	if (is_job(request)) {
		request->channel = channel_take(link);
		request->start.data[8] = (uint8_t)request->channel;
		request->start.data[9] = (uint8_t)(request->channel >> 8);
		link->jobs++;
	}
	link_queue(link, request->start.data, request->start.length);
	buf_free(&request->start);
	if (is_job(request))
		request_feed(link, request);
}

void request_start_queued(struct link *link)
{
	struct request *request, *next;

	if (link->state != LINK_UP || link->doomed)
		return;
	for (request = TAILQ_FIRST(&link->requests); request; request = next) {
		next = TAILQ_NEXT(request, entry);
		if (request->state == REQUEST_QUEUED &&
		    (!is_job(request) || link->jobs < LINK_EXECS_MAX))
			request_start(link, request);
	}
}

static uint32_t request_reject(struct link *link, struct request *request, enum err_kind kind,
			       const char *why)
{
	struct err err = ERR_INIT;

	err_set(&err, kind, "%s", why);
	request_finish(link, request, &err);
	return request->id;
}

uint32_t request_submit(struct link *link, struct request *request)
{
	if (link->freed) {
		link_request_free(request);
		return 0;
	}
	while (!++link->next_id)
		;
	request->id = link->next_id;
	TAILQ_INSERT_TAIL(&link->requests, request, entry);
	if (!request->start.length)
		return request_reject(link, request, ERR_TOO_LARGE,
				      "a request to a machine's agent may have at most 32 KiB");
	if (request->input.length > LINK_FILE_MAX)
		return request_reject(link, request, ERR_TOO_LARGE,
				      "a machine's agent takes at most 64 MiB of input");
	if (!link_is_up(link))
		return request_reject(link, request, ERR_UNAVAILABLE,
				      "the machine's agent does not answer yet");
	request_start_queued(link);
	link_flush(link);
	link_rearm(link);
	return request->id;
}

/* ---- time -------------------------------------------------------------------------------- */

uint64_t request_next_deadline(const struct link *link)
{
	const struct request *request;
	uint64_t next = 0;

	TAILQ_FOREACH (request, &link->requests, entry)
		if (request->state == REQUEST_RUNNING && (!next || request->deadline_ms < next))
			next = request->deadline_ms;
	return next && !link->held_ms ? next + link->stood_ms : 0;
}

/* Nobody waits any more, but the channel stays taken: a copy of the request keeps it. */
static struct request *request_orphan(struct link *link, struct request *request)
{
	struct request *orphan = link_request_new(request->kind, 0, NULL, NULL);

	orphan->orphan = true;
	orphan->state = REQUEST_RUNNING;
	orphan->channel = request->channel;
	orphan->output_most = request->output_most;
	orphan->deadline_ms = link_clock(link) + ORPHAN_MS;
	orphan->eof_sent = true;
	orphan->credit = 0;
	TAILQ_INSERT_TAIL(&link->requests, orphan, entry);
	link->jobs++;
	if (request->kind != REQUEST_IDENTIFY)
		link_queue_frame(link, FRAME_JOB_KILL, request->channel, NULL, 0);
	return orphan;
}

static void request_time_out(struct link *link, struct request *request)
{
	struct err err = ERR_INIT;

	if (request->orphan) {
		link_refuse(link, "it does not end a command");
		request->deadline_ms += ORPHAN_MS;
		return;
	}
	if (is_job(request))
		request_orphan(link, request);
	else if (request->kind == REQUEST_PTY_OPEN)
		pty_open_expired(link, request->channel);
	else
		link->lost_pings++;
	err_set(&err, ERR_TIMEOUT, "the machine's agent did not answer in %llu ms",
		(unsigned long long)request->timeout_ms);
	request_finish(link, request, &err);
}

void request_expire(struct link *link)
{
	struct request *request, *next;
	uint64_t now = link_clock(link);

	for (request = TAILQ_FIRST(&link->requests); request; request = next) {
		next = TAILQ_NEXT(request, entry);
		if (request->state == REQUEST_RUNNING && !link->held_ms && now >= request->deadline_ms)
			request_time_out(link, request);
	}
}

/* ---- answers ----------------------------------------------------------------------------- */

static void health_read(struct link *link, struct frame_reader *reader)
{
	struct link_health *health = &link->health;

	health->disk_total_mib = frame_get_u32(reader);
	health->disk_free_mib = frame_get_u32(reader);
	health->files_free = frame_get_u32(reader);
	health->memory_total_mib = frame_get_u32(reader);
	health->memory_free_mib = frame_get_u32(reader);
	health->processes = frame_get_u32(reader);
	health->processes_max = frame_get_u32(reader);
	health->load = frame_get_u32(reader);
	link->health_known = true;
}

const struct link_health *link_health(const struct link *link)
{
	return link->health_known ? &link->health : NULL;
}

static int pong_frame(struct link *link, const struct frame *frame)
{
	struct frame_reader reader;
	struct request *request;

	frame_open(&reader, frame);
	uint64_t id = frame_get_u64(&reader);
	TAILQ_FOREACH (request, &link->requests, entry)
		if (request->kind == REQUEST_PING && request->state == REQUEST_RUNNING &&
		    request->id == id) {
			health_read(link, &reader);
			request_finish(link, request, NULL);
			return 0;
		}
	if (!link->lost_pings)
		return link_refuse(link, "it answers a ping that nobody sent");
	link->lost_pings--;
	return 0;
}

/* An orphan's output is counted like any other, so that it cannot flood either. */
static int output_frame(struct link *link, struct request *request, const struct frame *frame)
{
	struct buf *to = frame->type == FRAME_JOB_OUTPUT ? &request->output : &request->errors;

	if (request->kind == REQUEST_IDENTIFY || request->kind == REQUEST_PUT ||
	    frame->length > request->output_most - to->length)
		return link_refuse(link, "a command's output is larger than allowed");
	buf_append(to, frame->payload, frame->length);
	return 0;
}

static int credit_frame(struct link *link, struct request *request, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	uint32_t more = frame_get_u32(&reader);
	if (more > FRAME_JOB_WINDOW)
		return link_refuse(link, "it gives credit that it does not have");
	if (request->orphan)
		return 0;
	if (request->credit + more > FRAME_JOB_WINDOW)
		return link_refuse(link, "it gives credit that it does not have");
	request->credit += more;
	request_feed(link, request);
	return 0;
}

static int exit_frame(struct link *link, struct request *request, const struct frame *frame)
{
	struct link_exec_result *result = &request->result;
	struct frame_reader reader;

	frame_open(&reader, frame);
	uint32_t status = frame_get_u32(&reader), flags = frame_get_u32(&reader);
	if (status > FRAME_EXIT_SIGNAL + 127 || flags & ~(FRAME_EXIT_TIMED_OUT | FRAME_EXIT_TRUNCATED))
		return link_refuse(link, "it reports an end that cannot be");
	result->status = (int)status;
	result->timed_out = flags & FRAME_EXIT_TIMED_OUT;
	result->truncated = flags & FRAME_EXIT_TRUNCATED;
	result->run_ms = frame_get_u32(&reader);
	request_finish(link, request, NULL);
	return 0;
}

static int fail_frame(struct link *link, struct request *request, const struct frame *frame)
{
	struct frame_reader reader;
	struct err err = ERR_INIT;

	frame_open(&reader, frame);
	uint32_t code = frame_get_u32(&reader);
	link_guest_error(&err, code, frame_get_text(&reader, FRAME_MESSAGE_MAX));
	request_finish(link, request, &err);
	return 0;
}

int request_frame(struct link *link, const struct frame *frame)
{
	struct request *request;

	if (frame->type == FRAME_PONG)
		return pong_frame(link, frame);
	struct link_stream *stream = stream_find(link, frame->channel);
	if (stream)
		return stream_frame(link, stream, frame);
	request = request_find(link, true, 0, frame->channel);
	if (!request)
		return link_refuse(link, "a frame %s for a command that does not exist",
				   frame_type_name(frame->type));
	if (frame->type == FRAME_JOB_CREDIT)
		return credit_frame(link, request, frame);
	if (frame->type == FRAME_JOB_EXIT)
		return exit_frame(link, request, frame);
	if (frame->type == FRAME_JOB_FAIL)
		return fail_frame(link, request, frame);
	if (frame->type != FRAME_JOB_OUTPUT && frame->type != FRAME_JOB_ERRORS)
		return link_refuse(link, "a frame %s for a command", frame_type_name(frame->type));
	return output_frame(link, request, frame);
}

/* ---- what callers ask for ---------------------------------------------------------------- */

static void start_begin(struct frame_writer *writer, struct request *request, enum frame_type type)
{
	frame_begin(writer, buf_reserve(&request->start, FRAME_MAX), FRAME_MAX, type, 0);
}

static void start_end(struct frame_writer *writer, struct request *request)
{
	request->start.length = frame_end(writer);
}

static void put_identity(struct frame_writer *writer, const struct link_identity *identity)
{
	frame_put_bytes(writer, identity->entropy, sizeof(identity->entropy));
	frame_put_u64(writer, identity->instance);
	frame_put_u64(writer, (uint64_t)identity->real_ms);
	frame_put_text(writer, identity->host_name);
	frame_put_text(writer, identity->machine_id);
	frame_put_text(writer, identity->time_zone);
	frame_put_text(writer, identity->user);
	frame_put_u16(writer, identity->user_sudo);
	frame_put_u16(writer, (uint16_t)identity->nic_count);
	for (unsigned i = 0; i < identity->nic_count; i++) {
		frame_put_text(writer, identity->nic[i].mac);
		frame_put_text(writer, identity->nic[i].address);
	}
	frame_put_u16(writer, (uint16_t)identity->host_count);
	for (unsigned i = 0; i < identity->host_count; i++) {
		frame_put_text(writer, identity->host[i].address);
		frame_put_text(writer, identity->host[i].name);
	}
	frame_put_u16(writer, (uint16_t)identity->host_key_count);
	for (unsigned i = 0; i < identity->host_key_count; i++) {
		frame_put_text(writer, identity->host_key[i].name);
		frame_put_text(writer, identity->host_key[i].private_key);
		frame_put_text(writer, identity->host_key[i].public_key);
	}
}

void link_identify(struct link *link, const struct link_identity *identity, uint64_t timeout_ms,
		   link_done_fn *done, void *context)
{
	struct request *request = link_request_new(REQUEST_IDENTIFY, timeout_ms, done, context);
	struct frame_writer writer;

	start_begin(&writer, request, FRAME_IDENTIFY);
	put_identity(&writer, identity);
	start_end(&writer, request);
	request_submit(link, request);
}

uint32_t link_exec(struct link *link, const struct link_exec *exec, link_exec_fn *done,
		   void *context)
{
	uint64_t timeout = exec->timeout_ms < EXEC_MAX_MS ? exec->timeout_ms : EXEC_MAX_MS;
	struct request *request = link_request_new(REQUEST_EXEC, timeout + GRACE_MS, NULL, context);
	struct frame_writer writer;

	request->exec_done = done;
	bool tools = exec->tools && link->hello.version >= 3;
	start_begin(&writer, request, tools ? FRAME_CHECK : FRAME_EXEC);
	frame_put_u32(&writer, (uint32_t)timeout);
	frame_put_text(&writer, exec->user);
	frame_put_text(&writer, exec->directory);
	frame_put_list(&writer, exec->argv);
	frame_put_list(&writer, exec->env);
	if (tools)
		frame_put_list(&writer, exec->tools);
	start_end(&writer, request);
	buf_append(&request->input, exec->input, exec->input_length);
	return request_submit(link, request);
}

void link_exec_cancel(struct link *link, uint32_t id)
{
	struct request *request;

	TAILQ_FOREACH (request, &link->finished, entry)
		if (request->id == id) {
			TAILQ_REMOVE(&link->finished, request, entry);
			link_request_free(request);
			return;
		}
	TAILQ_FOREACH (request, &link->requests, entry)
		if (request->id == id && !request->orphan)
			break;
	if (!request)
		return;
	if (request->state == REQUEST_RUNNING && is_job(request))
		request_orphan(link, request);
	request->orphan = true;
	request_finish(link, request, NULL);
	link_flush(link);
	link_rearm(link);
}

void link_put_file(struct link *link, const char *path, unsigned mode, const char *owner,
		   const uint8_t *data, size_t length, link_done_fn *done, void *context)
{
	struct request *request = link_request_new(REQUEST_PUT, FILE_MS, done, context);
	struct frame_writer writer;

	start_begin(&writer, request, FRAME_PUT);
	frame_put_text(&writer, path);
	frame_put_u32(&writer, mode);
	frame_put_text(&writer, owner);
	start_end(&writer, request);
	buf_append(&request->input, data, length);
	request_submit(link, request);
}

void link_get_file(struct link *link, const char *path, size_t most, link_exec_fn *done,
		   void *context)
{
	struct request *request = link_request_new(REQUEST_GET, FILE_MS, NULL, context);
	struct frame_writer writer;

	request->exec_done = done;
	request->output_most = most < LINK_FILE_MAX ? most : LINK_FILE_MAX;
	start_begin(&writer, request, FRAME_GET);
	frame_put_text(&writer, path);
	frame_put_u32(&writer, (uint32_t)request->output_most);
	start_end(&writer, request);
	request_submit(link, request);
}

void link_tools(struct link *link, const char *const *names, link_exec_fn *done, void *context)
{
	struct request *request = link_request_new(REQUEST_GET, FILE_MS, NULL, context);
	struct frame_writer writer;

	request->exec_done = done;
	request->output_most = LINK_FILE_MAX;
	start_begin(&writer, request, FRAME_TOOLS);
	frame_put_list(&writer, names);
	start_end(&writer, request);
	if (!link_is_up(link) || link->hello.version >= 3) {
		request_submit(link, request);
		return;
	}
	TAILQ_INSERT_TAIL(&link->requests, request, entry);
	request_reject(link, request, ERR_CONFLICT,
		       "the machine comes from an image of an older Terakoya: reset it");
}

/* The answer carries the request's id, which submitting it gives: the next one. */
void link_ping(struct link *link, uint64_t timeout_ms, link_done_fn *done, void *context)
{
	struct request *request = link_request_new(REQUEST_PING, timeout_ms, done, context);
	uint32_t id = link->next_id + 1 ? link->next_id + 1 : 1;
	struct frame_writer writer;

	start_begin(&writer, request, FRAME_PING);
	frame_put_u64(&writer, id);
	start_end(&writer, request);
	request_submit(link, request);
}
