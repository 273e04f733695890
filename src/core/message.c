#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "message"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"
#include "store/messages.h"

/* ---- views ---------------------------------------------------------------------------------- */

/* As students get it. */
static json_t *view_message(const struct message_row *row)
{
	return json_pack("{s:I, s:I, s:o, s:s, s:s, s:I}", "id", (json_int_t)row->id, "class",
			 (json_int_t)row->class_id, "seat",
			 row->seat_id ? json_integer(row->seat_id) : json_null(), "from", row->sender,
			 "text", row->text, "at", (json_int_t)row->at);
}

static json_t *view_readers(struct store *store, int64_t id)
{
	json_t *list = json_array();
	AUTO_FREE int64_t *seats = NULL;
	size_t count = 0;
	struct err err = ERR_INIT;

	if (messages_readers(store, id, &seats, &count, &err) < 0)
		log_error("who has read message %lld: %s", (long long)id, err.message);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_integer(seats[i]));
	return list;
}

static json_t *view_sent(struct store *store, const struct message_row *row)
{
	json_t *view = view_message(row);

	json_object_set_new(view, "read", view_readers(store, row->id));
	return view;
}

json_t *view_messages(const struct class *class)
{
	struct store *store = class->core->store;
	json_t *list = json_array();
	struct message_row *rows = NULL;
	size_t count = 0;
	struct err err = ERR_INIT;

	if (messages_list(store, class->row.id, MESSAGES_KEPT, &rows, &count, &err) < 0)
		log_error("messages of class %lld: %s", (long long)class->row.id, err.message);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, view_sent(store, &rows[i]));
	messages_free(rows, count);
	return list;
}

json_t *view_unread(const struct seat *seat)
{
	json_t *list = json_array();
	struct message_row *rows = NULL;
	size_t count = 0;
	struct err err = ERR_INIT;

	if (messages_unread(seat->class->core->store, seat->row.class_id, seat->row.id,
			    MESSAGES_UNREAD, &rows, &count, &err) < 0)
		log_error("messages to seat %lld: %s", (long long)seat->row.id, err.message);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, view_message(&rows[i]));
	messages_free(rows, count);
	return list;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Lines of clean text, without blanks around them all; the caller frees. NULL with err. */
static char *clean_text(const char *text, struct err *err)
{
	AUTO(buf) struct buf clean = { 0 };

	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\r\n");
		if (!str_is_clean_utf8(line, length)) {
			err_set(err, ERR_INVALID, "a message is plain text, without control characters");
			return NULL;
		}
		buf_append(&clean, line, length);
		line += length;
		if (*line)
			buf_text(&clean, "\n");
		line += line[0] == '\r' && line[1] == '\n' ? 2 : *line != 0;
	}
	while (clean.length && strchr(" \n", clean.data[clean.length - 1]))
		clean.length--;
	char *whole = str_copy_n(clean.data ? (const char *)clean.data : "", clean.length);
	size_t characters = str_characters(whole);
	if (characters >= 1 && characters <= MESSAGE_TEXT_MAX)
		return whole;
	free(whole);
	err_set(err, ERR_INVALID, "a message has 1 to %d characters, not %zu", MESSAGE_TEXT_MAX, characters);
	return NULL;
}

static void message_note(struct core *core, const struct actor *actor, const char *action,
			 const struct class *class, const struct seat *seat, int64_t id)
{
	AUTO_FREE char *detail = str_fmt("{\"message\": %lld}", (long long)id);

	if (seat)
		note_seat(core, actor, seat, action, detail);
	else
		note_class(core, actor, class, action, detail);
}

int message_send(struct core *core, const struct actor *actor, struct class *class, struct seat *seat,
		 const char *text, json_t **sent, struct err *err)
{
	if (class->state == CLASS_CLOSED)
		return err_set(err, ERR_CONFLICT, "class %lld is closed: nobody would read it",
			       (long long)class->row.id);
	AUTO_FREE char *clean = clean_text(text, err);
	struct message_row row = { .class_id = class->row.id,
				   .seat_id = seat ? seat->row.id : 0,
				   .at = clock_real_ms(),
				   .sender = (char *)actor->name,
				   .text = clean };
	if (!clean || messages_add(core->store, &row, MESSAGES_KEPT, &row.id, err) < 0)
		return -1;
	message_note(core, actor, "message.send", class, seat, row.id);
	if (!class_is_private(class))
		bus_publish(core, "message", class->row.id, row.seat_id, view_message(&row));
	*sent = view_sent(core->store, &row);
	return 0;
}

int message_take_back(struct core *core, const struct actor *actor, struct class *class, int64_t id,
		      struct err *err)
{
	struct message_row row = { 0 };

	if (messages_get(core->store, class->row.id, id, &row, err) < 0)
		return -1;
	int result = messages_remove(core->store, id, err);
	if (result == 0) {
		message_note(core, actor, "message.take-back", class, core_seat(core, row.seat_id), id);
		bus_publish(core, "message", class->row.id, row.seat_id,
			    json_pack("{s:I, s:I, s:b}", "id", (json_int_t)id, "class",
				      (json_int_t)class->row.id, "gone", true));
	}
	message_row_free(&row);
	return result;
}

int message_mark_read(struct seat *seat, int64_t id, struct err *err)
{
	struct core *core = seat->class->core;
	struct message_row row = { 0 };

	if (messages_get(core->store, seat->row.class_id, id, &row, err) < 0)
		return -1;
	bool ours = !row.seat_id || row.seat_id == seat->row.id;
	message_row_free(&row);
	if (!ours)
		return err_set(err, ERR_NOT_FOUND, "there is no message %lld to this seat", (long long)id);
	if (messages_read(core->store, id, seat->row.id, clock_real_ms(), err) < 0)
		return -1;
	bus_publish(core, "message-read", seat->row.class_id, seat->row.id,
		    json_pack("{s:I, s:I, s:I}", "message", (json_int_t)id, "class",
			      (json_int_t)seat->row.class_id, "seat", (json_int_t)seat->row.id));
	return 0;
}
