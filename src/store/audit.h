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

struct audit_filter {
	int64_t class_id;  /* 0: any */
	const char *actor; /* a name as it stands in the rows; NULL: any */
	int64_t since;     /* of this time and later; 0: any */
	int64_t before;    /* ids below this one: the page after; 0: from the newest */
};
/* Newest first, at most `most`. */
int audit_list(struct store *store, const struct audit_filter *filter, unsigned most,
	       struct audit_row **rows, size_t *count, struct err *err);

/* ---- retention ------------------------------------------------------------------------------ */

/* Removes the rows from the oldest up to the last before the first that is as young as `before`.
 * A row of `actor` ("audit.forget") says so, with the hash where the chain goes on: what is left
 * can be proven still. *removed: how many; 0 writes no row. */
int audit_forget(struct store *store, int64_t before, const struct audit_row *actor,
		 int64_t *removed, struct err *err);

/* ---- verifying ------------------------------------------------------------------------------ */

struct audit_chain {
	int64_t rows;      /* that were looked at and fit */
	int64_t first;     /* the oldest that is kept; 0: there are none */
	int64_t last;      /* the newest that fits; 0: none */
	uint8_t hash[32];  /* of that one: written down elsewhere, it proves all before it */
	int64_t broken;    /* the first that does not fit; 0: all do */
	char finding[160]; /* what is wrong with it; "" when all is well */
};
/* Walks the chain. -1 only when it cannot be read: a chain that is broken is a result. */
int audit_verify(struct store *store, struct audit_chain *chain, struct err *err);
/* The same with a file, as it is, also while a daemon works on it: on any thread. */
int audit_verify_file(const char *path, struct audit_chain *chain, struct err *err);

#endif
