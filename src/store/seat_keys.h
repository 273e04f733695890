/* Public keys with which a seat's student signs in over ssh. What a key may be is decided in ssh/; here they are
 * texts. */
#ifndef STORE_SEAT_KEYS_H
#define STORE_SEAT_KEYS_H

#include "store/store.h"

#define SEAT_KEYS_MAX 8

struct seat_key_row {
	int64_t id, seat_id, added_at;
	char *type;	   /* "ssh-ed25519" */
	char *blob;	   /* base64, as in the key's file */
	char *fingerprint; /* "SHA256:..." */
	char *comment;	   /* "" where there is none */
};

void seat_keys_free(struct seat_key_row *rows, size_t count);

/* ERR_CONFLICT: the seat has it already, or has SEAT_KEYS_MAX. */
int seat_keys_add(struct store *store, const struct seat_key_row *row, int64_t *id, struct err *err);
int seat_keys_remove(struct store *store, int64_t seat_id, int64_t id, struct err *err); /* ERR_NOT_FOUND */
/* Oldest first. Caller frees. */
int seat_keys_list(struct store *store, int64_t seat_id, struct seat_key_row **rows, size_t *count,
		   struct err *err);
/* 0 when the seat has this key; ERR_NOT_FOUND. */
int seat_keys_find(struct store *store, int64_t seat_id, const char *blob, struct err *err);

#endif
