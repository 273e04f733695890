/* Messages from staff to students. */
#include "base/auto.h"
#include "core/message.h"
#include "http/api.h"

/* Text with line ends, which FIELD_TEXT would refuse; core looks at what is in it. */
static int send_to(struct request *request, struct class *class, struct seat *seat, struct err *err)
{
	const char *text;
	json_t *sent;
	const struct field fields[] = {
		{ "text", FIELD_SECRET, true, 1, MESSAGE_TEXT_MAX * 4, &text },
	};

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    message_send(request->server->core, &request->actor, class, seat, text, &sent, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_CREATED, sent);
	return 0;
}

int api_class_messages(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_messages(request->class));
	return 0;
}

int api_class_message_post(struct request *request, struct err *err)
{
	return send_to(request, request->class, NULL, err);
}

int api_seat_message_post(struct request *request, struct err *err)
{
	return send_to(request, request->seat->class, request->seat, err);
}

int api_message_delete(struct request *request, struct err *err)
{
	if (message_take_back(request->server->core, &request->actor, request->class, request->number,
			      err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}

/* Staff who look at a student's page have not read what was written to the student. */
int api_message_read(struct request *request, struct err *err)
{
	if (request->actor.role != ROLE_STUDENT)
		return err_set(err, ERR_DENIED, "only the seat's student says that a message is read");
	if (message_mark_read(request->seat, request->number, err) < 0)
		return -1;
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}
