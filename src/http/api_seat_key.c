/* A seat's public keys for ssh. Open connections hear of a removal by the seat's event. */
#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/class.h"
#include "core/note.h"
#include "http/api.h"
#include "http/seat_ssh.h"
#include "ssh/public_key.h"
#include "store/seat_keys.h"

static json_t *view_key(const struct seat_key_row *row)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:I}", "id", (json_int_t)row->id, "type", row->type,
			 "fingerprint", row->fingerprint, "comment", row->comment, "added_at",
			 (json_int_t)row->added_at);
}

static int need_gateway(const struct request *request, struct err *err)
{
	if (request->server->gateway)
		return 0;
	return err_set(err, ERR_UNAVAILABLE,
		       "this daemon has no ssh: start terakoyad with --ssh-port=2222");
}

/* It is told to everybody at the seat, and written down. detail: JSON, or "". */
static void key_tell(struct request *request, const char *action, const char *detail)
{
	note_seat(request->server->core, &request->actor, request->seat, action, detail);
	seat_publish(request->seat);
}

int api_seat_keys(struct request *request, struct err *err)
{
	struct seat_key_row *rows;
	size_t count;

	if (need_gateway(request, err) < 0 ||
	    seat_keys_list(core_store(request->server->core), request->seat->row.id, &rows, &count,
			   err) < 0)
		return -1;
	json_t *json = view_ssh(request, request->seat, ""), *keys = json_array();
	json_object_del(json, "password");
	for (size_t i = 0; i < count; i++)
		json_array_append_new(keys, view_key(&rows[i]));
	json_object_set_new(json, "keys", keys);
	seat_keys_free(rows, count);
	reply_json(request, MHD_HTTP_OK, json);
	return 0;
}

int api_seat_key_post(struct request *request, struct err *err)
{
	const char *text;
	const struct field fields[] = { { "key", FIELD_SECRET, true, 1, PUBLIC_KEY_LINE, &text } };
	AUTO(public_key) struct public_key key = { 0 };

	if (need_gateway(request, err) < 0 ||
	    fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    public_key_read(text, &key, err) < 0)
		return -1;
	struct seat_key_row row = { .seat_id = request->seat->row.id, .added_at = clock_real_ms(),
				    .type = key.type, .blob = key.blob,
				    .fingerprint = key.fingerprint, .comment = key.comment };
	if (seat_keys_add(core_store(request->server->core), &row, &row.id, err) < 0)
		return -1;
	AUTO_FREE char *detail = str_fmt("{\"fingerprint\":\"%s\"}", key.fingerprint);
	key_tell(request, "seat.ssh-key", detail);
	reply_json(request, MHD_HTTP_CREATED, view_key(&row));
	return 0;
}

int api_seat_key_delete(struct request *request, struct err *err)
{
	if (seat_keys_remove(core_store(request->server->core), request->seat->row.id, request->number,
			     err) < 0)
		return -1;
	key_tell(request, "seat.ssh-key-removed", "");
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	return 0;
}
