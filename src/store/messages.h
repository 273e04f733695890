/* What staff wrote to a seat or to a whole class, and who has read it. Goes with its class. */
#ifndef STORE_MESSAGES_H
#define STORE_MESSAGES_H

#include "store/store.h"

struct message_row {
	int64_t id, class_id;
	int64_t seat_id; /* 0: to everybody in the class */
	int64_t at;
	char *sender; /* their name then: people go, what they wrote stays */
	char *text;
};

void message_row_free(struct message_row *row);

/* Adds it, and takes the oldest of its class away so that at most `most` stay. */
int messages_add(struct store *store, const struct message_row *row, unsigned most, int64_t *id,
		 struct err *err);
/* ERR_NOT_FOUND when the class has no such message. */
int messages_get(struct store *store, int64_t class_id, int64_t id, struct message_row *row,
		 struct err *err);
int messages_remove(struct store *store, int64_t id, struct err *err);
/* Of a class, newest first. */
int messages_list(struct store *store, int64_t class_id, unsigned most, struct message_row **rows,
		  size_t *count, struct err *err);
/* What a seat has not read yet, oldest first. */
int messages_unread(struct store *store, int64_t class_id, int64_t seat_id, unsigned most,
		    struct message_row **rows, size_t *count, struct err *err);
void messages_free(struct message_row *rows, size_t count);

/* Once is enough: what was read before stays so. */
int messages_read(struct store *store, int64_t id, int64_t seat_id, int64_t at, struct err *err);
/* Ids of the seats that have read it; the caller frees. */
int messages_readers(struct store *store, int64_t id, int64_t **seats, size_t *count,
		     struct err *err);

#endif
