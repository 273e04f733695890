/* Certificates of attendance, as they were issued: what they say does not change when the class does. */
#ifndef STORE_CERTIFICATES_H
#define STORE_CERTIFICATES_H

#include "store/store.h"

struct certificate_row {
	int64_t class_id, seat_id;
	char *code;	      /* "7K3M-PX9D-Q2VT" */
	char *name, *organisation; /* of the person; organisation may be "" */
	char *title_en, *title_ja; /* of the course */
	char *begins, *ends;  /* "2026-11-23" */
	int64_t minutes;      /* taught */
	char *language;	      /* "en" or "ja" */
	char *site;	      /* who held the course */
	int64_t issued_at;
};
void certificate_row_free(struct certificate_row *row);
static inline void certificate_row_cleanup(struct certificate_row *row)
{
	certificate_row_free(row);
}

int certificates_add(struct store *store, const struct certificate_row *row, struct err *err);
/* ERR_NOT_FOUND. */
int certificates_by_code(struct store *store, const char *code, struct certificate_row *row, struct err *err);
/* By seat. Caller frees each row and the array. */
int certificates_list(struct store *store, int64_t class_id, struct certificate_row **rows, size_t *count,
		      struct err *err);
int certificates_remove(struct store *store, int64_t class_id, const char *code, struct err *err);

#endif
