#include "core/cards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/auth_internal.h"
#include "core/internal.h"

/* One of them at a time is on the lane; `next` is its place. */
struct making {
	struct job job;
	struct auth *auth;
	struct actor actor;
	int64_t class_id;
	bool ssh, whole;
	struct card *card;
	char (*hash)[PASSWORD_HASH];
	size_t count, next;
	cards_fn *done;
	void *context;
	struct err err;
};

static void making_end(struct making *making)
{
	bool failed = making->err.kind != ERR_NONE;

	making->done(making->context, failed ? NULL : making->card, failed ? 0 : making->count,
		     failed ? &making->err : NULL);
	sodium_memzero(making->card, making->count * sizeof(*making->card));
	free(making->card);
	free(making->hash);
	free(making);
}

/* ---- storing ---------------------------------------------------------------------------------- */

static void row_of_card(const struct making *making, size_t i, struct seat_row *row)
{
	const struct card *card = &making->card[i];

	crypto_hash_sha256(row->join_hash, (const unsigned char *)card->token, AUTH_TOKEN_CHARS);
	row->code = (char *)card->code;
	if (making->ssh)
		row->password = making->hash[i];
}

static int write_all(struct making *making, struct class *class, struct err *err)
{
	struct store *store = making->auth->store;
	struct class_row row = class->row;

	for (size_t i = 0; i < making->count; i++) {
		struct seat *seat = core_seat(making->auth->core, making->card[i].seat);
		if (!seat)
			return err_set(err, ERR_NOT_FOUND, "a seat is gone");
		struct seat_row one = seat->row;
		row_of_card(making, i, &one);
		if (seats_update(store, &one, err) < 0)
			return -1;
	}
	if (making->whole)
		row.cards_at = clock_real_ms();
	return classes_update(store, &row, err);
}

/* Memory follows the database. */
static void keep_all(struct making *making, struct class *class)
{
	for (size_t i = 0; i < making->count; i++) {
		struct seat_row *row = &core_seat(making->auth->core, making->card[i].seat)->row;
		char *code = row->code, *password = row->password;
		row_of_card(making, i, row);
		row->code = str_copy(row->code);
		free(code);
		if (!making->ssh)
			continue;
		row->password = str_copy(row->password);
		free(password);
	}
	if (making->whole)
		class->row.cards_at = clock_real_ms();
}

static int store_all(struct making *making, struct err *err)
{
	struct auth *auth = making->auth;
	struct class *class = core_class(auth->core, making->class_id);

	if (!class)
		return err_set(err, ERR_NOT_FOUND, "the class is gone");
	if (store_begin(auth->store, err) < 0 || store_end(auth->store, write_all(making, class, err), err) < 0)
		return -1;
	keep_all(making, class);
	AUTO_FREE char *detail = str_fmt("{\"cards\":%zu}", making->count);
	note_class(auth->core, &making->actor, class, "class.cards", detail);
	class_publish(class);
	return 0;
}

/* ---- making ----------------------------------------------------------------------------------- */

static void making_work(struct job *job)
{
	struct making *making = (struct making *)job;

	if (making->ssh)
		password_hash(making->card[making->next].password, making->hash[making->next], &making->err);
}

static void making_step(struct job *job)
{
	struct making *making = (struct making *)job;

	making->next += making->ssh ? 1 : making->count;
	if (making->err.kind == ERR_NONE && making->auth->ending)
		err_set(&making->err, ERR_UNAVAILABLE, "the daemon ends");
	if (making->err.kind == ERR_NONE && making->next < making->count) {
		lanes_submit(making->auth->lane, &making->job);
		return;
	}
	if (making->err.kind == ERR_NONE)
		store_all(making, &making->err);
	making_end(making);
}

static void make_card(struct card *card, const struct seat *seat, bool ssh)
{
	uint8_t secret[32];

	card->seat = seat->row.id;
	randombytes_buf(secret, sizeof(secret));
	sodium_bin2hex(card->token, sizeof(card->token), secret, sizeof(secret));
	seat_code_make(card->code);
	if (ssh)
		password_make_short(card->password);
}

int cards_make(struct auth *auth, const struct actor *actor, struct class *class, struct seat *only, bool ssh,
	       cards_fn *done, void *context, struct err *err)
{
	if (class->state == CLASS_CLOSING || class->state == CLASS_CLOSED)
		return err_set(err, ERR_CONFLICT, "class %lld is over: nobody can join it",
			       (long long)class->row.id);
	struct making *making = mem_alloc(sizeof(*making));
	making->job.work = making_work;
	making->job.done = making_step;
	making->auth = auth;
	making->actor = *actor;
	making->class_id = class->row.id;
	making->ssh = ssh;
	making->whole = !only;
	making->count = only ? 1 : class->seats;
	making->card = mem_alloc(making->count * sizeof(*making->card));
	making->hash = mem_alloc(making->count * sizeof(*making->hash));
	making->done = done;
	making->context = context;
	for (size_t i = 0; i < making->count; i++)
		make_card(&making->card[i], only ? only : &class->seat[i], ssh);
	lanes_submit(auth->lane, &making->job);
	return 0;
}

json_t *cards_codes(const struct class *class)
{
	json_t *list = json_array();

	for (size_t i = 0; i < class->seats; i++) {
		const struct seat_row *row = &class->seat[i].row;
		json_array_append_new(list, json_pack("{s:I, s:i, s:s, s:s}", "seat", (json_int_t)row->id, "number",
						      (int)row->number, "name", row->name, "code",
						      row->code ? row->code : ""));
	}
	return list;
}
