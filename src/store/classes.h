/* Classes, their seats and machines: the desired state. What libvirt reports is observed state and
 * is kept in memory by core. */
#ifndef STORE_CLASSES_H
#define STORE_CLASSES_H

#include "store/store.h"

struct class_row {
	int64_t id;
	char *name;
	char *course, *version, *digest; /* the pack that it started with */
	char *code;           /* join code, "HOSHI-742"; unique among classes that are not closed */
	uint8_t secret[32];   /* seeds the parameters */
	char *state;          /* core's name of the state */
	int64_t instructor;   /* person */
	int64_t created_at, launched_at, ready_at, closed_at; /* 0: not yet */
	int64_t opened_at;    /* since when students may enter; 0: they may not */
	bool hidden;          /* of the daemon itself: proves a pack, and is removed after that */
	bool own_codes;       /* its code lets nobody in: each seat has one */
	int64_t cards_at;     /* when its seats' cards were last made; 0: never */
};

struct seat_row {
	int64_t id, class_id;
	unsigned number;      /* 1.. within the class */
	char *name;           /* the student's; "" until somebody joins */
	int64_t person;       /* 0 until somebody joins */
	uint8_t join_hash[32];/* SHA-256 of the join link's token */
	int64_t joined_at;
	char *lab;            /* the lab that is open; "" before the first */
	bool hand;            /* raised */
	int64_t hand_at;
	char *password;       /* argon2id, of the seat's ssh name; NULL: none was made yet */
	int64_t organisation; /* of the student; 0: none */
	char *mail;           /* "" where the roster said nothing */
	char *language;       /* "en", "ja"; likewise */
	char *code;           /* lets one in once, "KXP7-M3QD"; "" when it was used, or none was made */
};

struct machine_row {
	int64_t id, seat_id;
	char *name;           /* as in the environment: "desk" */
	unsigned generation;  /* counts clones of this machine: part of the domain's name */
	char uuid[37];
	char *state;          /* core's name of the state */
	char *reason;         /* of a failure; "" */
	unsigned replaced;    /* how often it was replaced by itself since the last reset */
	int64_t changed_at;
	char *tools;          /* link_tools() of this generation, before it was ready; "" until then */
};

void class_row_free(struct class_row *row);
void seat_row_free(struct seat_row *row);
void machine_row_free(struct machine_row *row);

int classes_add(struct store *store, const struct class_row *row, int64_t *id, struct err *err);
int classes_update(struct store *store, const struct class_row *row, struct err *err);
/* All classes, newest first (closed ones only when asked). Caller frees each row and the array. */
int classes_list(struct store *store, bool closed, struct class_row **rows, size_t *count,
		 struct err *err);
int classes_remove(struct store *store, int64_t id, struct err *err); /* with all below it */

/* People who were added to a class; adding somebody twice changes nothing. */
int class_staff_add(struct store *store, int64_t class_id, int64_t person, struct err *err);
int class_staff_remove(struct store *store, int64_t class_id, int64_t person, struct err *err);
int class_staff_list(struct store *store, int64_t class_id, int64_t **people, size_t *count,
		     struct err *err);

int seats_add(struct store *store, const struct seat_row *row, int64_t *id, struct err *err);
int seats_update(struct store *store, const struct seat_row *row, struct err *err);
int seats_list(struct store *store, int64_t class_id, struct seat_row **rows, size_t *count,
	       struct err *err);

int machines_add(struct store *store, const struct machine_row *row, int64_t *id, struct err *err);
int machines_update(struct store *store, const struct machine_row *row, struct err *err);
int machines_list(struct store *store, int64_t seat_id, struct machine_row **rows, size_t *count,
		  struct err *err);
int machines_remove_of_class(struct store *store, int64_t class_id, struct err *err);

#endif
