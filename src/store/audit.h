/* Who did what, when, to whom: append-only, each row carrying the hash of the one before it. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

struct audit_row {
	int64_t id, at;
	int64_t person;   /* 0: the system, or the command line's root */
	char *actor;      /* its name at that time */
	char *action;     /* "class.launch", "seat.reset", "sign-in.failed" */
	char *object;     /* "class 3", "seat 3/07" */
	char *detail;     /* "" or JSON */
	int64_t class_id, seat_id; /* 0: none */
	uint8_t hash[32]; /* SHA-256(previous hash, all fields) */
};

void audit_row_free(struct audit_row *row);
/* Appends; id, at and hash of the row are ignored. */
int audit_add(struct store *store, const struct audit_row *row, struct err *err);
/* Newest first; class_id 0: all. */
int audit_list(struct store *store, int64_t class_id, unsigned most, struct audit_row **rows,
	       size_t *count, struct err *err);
/* Walks the chain; ERR_CONFLICT names the first row that does not fit. */
int audit_verify(struct store *store, int64_t *rows, struct err *err);

#endif
