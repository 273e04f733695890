/* Seat cards: everything that a student needs to come in, on paper. Only hashes of links and passwords are kept,
 * so cards are made and shown once; making them anew makes those of before worthless. */
#ifndef CORE_CARDS_H
#define CORE_CARDS_H

#include "core/auth.h"
#include "core/code.h"
#include "core/password.h"

struct card {
	int64_t seat;
	char token[AUTH_TOKEN_CHARS + 1]; /* of the join link */
	char code[SEAT_CODE_MAX];
	char password[PASSWORD_MADE]; /* of ssh; "" when none was asked for */
};

/* card: borrowed; or err. */
typedef void cards_fn(void *context, const struct card *card, size_t count, const struct err *err);

/* New links, codes and, with ssh, passwords for all seats of a class, or for one. All of them are stored at once
 * or none is. Passwords are hashed one by one on the lane of the sign-ins, between others: a tenth of a second
 * each. done is called once, later. ERR_CONFLICT: the class is over. */
int cards_make(struct auth *auth, const struct actor *actor, struct class *class, struct seat *only, bool ssh,
	       cards_fn *done, void *context, struct err *err);

/* [{"seat", "number", "name", "code"}]: code "" when it was used. */
json_t *cards_codes(const struct class *class);

#endif
