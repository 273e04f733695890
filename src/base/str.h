/* Small helpers on NUL-terminated strings. Out of memory aborts: the database holds the truth. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

/* Allocation that cannot fail. The caller frees. */
void *mem_alloc(size_t size);                              /* zeroed */
void *mem_grow(void *old, size_t count, size_t item_size); /* reallocarray or abort */
char *str_copy(const char *text);                          /* NULL stays NULL */
char *str_copy_n(const char *text, size_t length);
char *str_fmt(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool str_is_empty(const char *text)
{
	return !text || !*text;
}

bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

/* True when text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without control
 * characters below U+0020, DEL, or C1. Length in bytes. */
bool str_is_clean_utf8(const char *text, size_t length);

/* The same, with control characters. */
bool str_is_utf8(const char *text, size_t length);

/* Makes text clean in the sense above, in place: each byte that is not gives a '?', each control character a
 * blank. For what comes from outside and goes into a message, a log line or JSON. */
void str_scrub(char *text);

/* Number of Unicode code points in valid UTF-8. */
size_t str_characters(const char *text);

/* Copies as many whole characters of valid UTF-8 as fit with the NUL; room is 1 or more. */
void str_cut(char *into, size_t room, const char *text);

/* Reads a whole decimal number in [low, high]; false on anything else, and *value stays. */
bool str_to_number(const char *text, long low, long high, long *value);

#endif
