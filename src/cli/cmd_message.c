#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

#define TEXT_MAX 8192 /* bytes that are read; the daemon takes 1000 characters */

static char *read_text(const char *argument, struct err *err)
{
	char text[TEXT_MAX];

	if (strcmp(argument, "-"))
		return str_copy(argument);
	size_t length = fread(text, 1, sizeof(text), stdin);
	if (length < sizeof(text))
		return str_copy_n(text, length);
	err_set(err, ERR_TOO_LARGE, "a message has at most 1000 characters");
	return NULL;
}

/* "3" or "3/07": where its messages go. NULL with err. */
static char *message_path(struct invocation *invocation, struct err *err)
{
	const char *name = invocation->argument[0];
	json_t *seat = NULL;

	if (!strchr(name, '/'))
		return class_path(invocation, "/messages", err);
	if (seat_find(invocation, name, &seat, err) < 0)
		return NULL;
	char *path = str_fmt("/seats/%lld/messages", number_of(seat, "id"));
	json_decref(seat);
	return path;
}

int cmd_class_message(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = message_path(invocation, err);
	AUTO_FREE char *text = path ? read_text(invocation->argument[1], err) : NULL;
	json_t *body = text ? json_pack("{s:s}", "text", text) : NULL, *sent = NULL;

	if (!text)
		return -1;
	if (!body)
		return err_set(err, ERR_INVALID, "the message is not UTF-8");
	if (client_call(invocation->client, "POST", path, body, &sent, err) < 0)
		return -1;
	if (!show_json(invocation, sent))
		printf("message %lld sent\n", number_of(sent, "id"));
	json_decref(sent);
	return 0;
}

/* Each row gets how many have read it, as a number of its own. */
static void count_readers(json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		json_t *seat = json_object_get(row, "seat");
		json_object_set_new(row, "readers", json_integer((json_int_t)json_array_size(json_object_get(row, "read"))));
		if (json_is_null(seat))
			json_object_set_new(row, "seat", json_string("all"));
	}
}

int cmd_class_messages(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "MESSAGE=id", "SEAT=seat", "READ=readers", "FROM=from",
					       "TEXT=text", NULL };
	json_t *rows = NULL;

	if (class_call(invocation, "GET", "/messages", NULL, &rows, err) < 0)
		return -1;
	if (!show_json(invocation, rows)) {
		count_readers(rows);
		show_table(rows, columns);
	}
	json_decref(rows);
	return 0;
}
