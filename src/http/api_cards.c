/* How students come in: cards and codes of a class's seats, and what the wall shows. */
#include "core/cards.h"

#include "base/auto.h"
#include "base/str.h"
#include "http/api.h"
#include "http/qr.h"
#include "http/seat_ssh.h"

int api_class_codes(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, cards_codes(request->class));
	return 0;
}

/* For the wall: with the class's code in the address, where that is how they join. */
int api_class_entrance(struct request *request, struct err *err)
{
	const char *url = request->server->url;
	AUTO_FREE char *link = request->class->row.own_codes ? str_fmt("%s/", url) :
							   str_fmt("%s/join/%s", url, request->class->row.code);

	(void)err;
	reply_json(request, MHD_HTTP_OK, json_pack("{s:s, s:s, s:o}", "url", url, "link", link, "qr", view_qr(link)));
	return 0;
}

static json_t *view_card(struct request *request, const struct card *card, const struct seat *seat)
{
	AUTO_FREE char *link = str_fmt("%s/j/%s", request->server->url, card->token);
	json_t *ssh = *card->password ? view_ssh(request, seat, card->password) : json_null();

	return json_pack("{s:o, s:s, s:s, s:o, s:o}", "seat", view_seat(seat), "code", card->code, "link", link,
			 "qr", view_qr(link), "ssh", ssh);
}

static void on_cards(void *context, const struct card *card, size_t count, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (err) {
		reply_err(request, err);
	} else {
		json_t *list = json_array();
		for (size_t i = 0; i < count; i++)
			json_array_append_new(list, view_card(request, &card[i],
							      core_seat(request->server->core, card[i].seat)));
		reply_json(request, MHD_HTTP_CREATED,
			   json_pack("{s:s, s:o}", "url", request->server->url, "cards", list));
	}
	request_resume(request);
}

static int seat_of_class(struct request *request, long number, struct seat **seat, struct err *err)
{
	*seat = number ? class_seat(request->class, (unsigned)number) : NULL;
	if (!number || *seat)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "the class has no seat %ld", number);
}

int api_class_cards(struct request *request, struct err *err)
{
	long number = 0;
	const struct field fields[] = { { "number", FIELD_NUMBER, false, 1, 500, &number } };
	struct server *server = request->server;
	struct seat *only;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    seat_of_class(request, number, &only, err) < 0)
		return -1;
	struct ticket *ticket = request_defer(request);
	if (cards_make(server->auth, &request->actor, request->class, only, server->gateway != NULL, on_cards,
		       ticket, err) == 0)
		return 0;
	ticket_redeem(ticket);
	return -1;
}
