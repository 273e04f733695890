/* Rosters: who comes, as a spreadsheet or a list gives it. One line per person; name, mail, organisation,
 * language. Anything may come in: roster_read() never fails, it says what is wrong with which line, in words
 * for the person who has to mend it. Nothing is stored here.
 */
#ifndef CORE_ROSTER_H
#define CORE_ROSTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/class.h"

#define ROSTER_BYTES_MAX (256 * 1024)
#define ROSTER_MAIL_MAX	 254 /* RFC 5321, 4.5.3.1.3, without the angle brackets */

enum roster_field {
	ROSTER_NAME,
	ROSTER_MAIL,
	ROSTER_ORGANISATION,
	ROSTER_LANGUAGE,
	ROSTER_FIELDS,
	ROSTER_LINE = ROSTER_FIELDS, /* not one of its fields: all of it */
};

/* Stable names of these are in the API; roster_words.c has them, and the words. */
enum roster_code {
	/* of the file */
	ROSTER_EMPTY,
	ROSTER_WORKBOOK,       /* of a spreadsheet program, not text */
	ROSTER_ROWS,	       /* more people than a class has seats */
	ROSTER_NO_NAMES,       /* the header names no column for names */
	ROSTER_COLUMN_TWICE,
	ROSTER_COLUMN_UNKNOWN, /* a notice: it is not read */
	ROSTER_EMPTY_LINES,    /* likewise */
	/* of a line */
	ROSTER_QUOTE_OPEN,
	ROSTER_QUOTE_STRAY,
	ROSTER_COLUMNS,
	/* of any field */
	ROSTER_NOT_UTF8,
	ROSTER_LOST,	       /* holds the mark of a character that was lost */
	ROSTER_LINE_BREAK,
	ROSTER_CONTROL,
	ROSTER_INVISIBLE,      /* zero-width, or turns the direction of writing */
	ROSTER_LONG,
	ROSTER_FORMULA,	       /* a notice: a spreadsheet would compute it; it stays text */
	/* of one of them */
	ROSTER_NAME_MISSING,
	ROSTER_NAME_TWICE,
	ROSTER_NAME_IS_MAIL,
	ROSTER_MAIL_AT,
	ROSTER_MAIL_CHARACTERS,
	ROSTER_MAIL_DOTS,
	ROSTER_MAIL_DOMAIN,
	ROSTER_MAIL_TWICE,
	ROSTER_LANGUAGE_UNKNOWN,
	ROSTER_CODES
};

struct roster_problem {
	enum roster_code code;
	enum roster_field field;
	unsigned line; /* where the row begins; 0: of the file */
	char *detail;  /* what stands in the words' gap; NULL: nothing */
};

struct roster_row {
	unsigned line;		    /* 1.. in the file */
	char *value[ROSTER_FIELDS]; /* clean UTF-8, as it would be stored when nothing is wrong with it */
	struct roster_problem *problem;
	size_t problems;
};

struct roster {
	const char *encoding; /* "UTF-8", "UTF-16", "Shift_JIS" */
	char separator;	      /* ',', ';' or a tab */
	bool header;
	struct roster_row *row; /* at most CLASS_SEATS_MAX */
	size_t rows;
	struct roster_problem *problem; /* of the file */
	size_t problems;
};
void roster_free(struct roster *roster); /* members; NULL-safe */

static inline void roster_cleanup(struct roster *roster)
{
	roster_free(roster);
}

/* CSV (RFC 4180) with commas, semicolons or tabs, with or without a header line in English or Japanese, in
 * UTF-8, UTF-16 or Shift_JIS as Excel writes it. length: at most ROSTER_BYTES_MAX, or ERR_TOO_LARGE. */
int roster_read(const char *bytes, size_t length, struct roster *roster, struct err *err);
/* The same judgement of people who came another way: a row for each, lines counted from 1. */
void roster_of(const struct class_person *people, size_t count, struct roster *roster);

/* Nothing is wrong: notices may be there. */
bool roster_is_right(const struct roster *roster);
/* ERR_INVALID with the first thing that is wrong, and how many more there are. */
int roster_refuse(const struct roster *roster, struct err *err);

/* {"encoding", "separator", "header", "right", "rows": [{"line", "name", "mail", "organisation", "language",
 * "problems"}], "problems": [{"line", "field", "code", "wrong", "text": {"en", "ja"}}]} */
json_t *view_roster(const struct roster *roster);

/* ---- inside: roster.c reads, roster_check.c judges, roster_words.c says it ----------------------- */

void roster_add(struct roster *roster, enum roster_code code, unsigned line, char *detail);
void roster_row_add(struct roster_row *row, enum roster_code code, enum roster_field field, char *detail);
/* All rows: values become what would be stored, and problems are added. */
void roster_check(struct roster *roster);
bool roster_code_is_wrong(enum roster_code code);

#endif
