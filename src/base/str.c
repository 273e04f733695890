#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

void *mem_alloc(size_t size)
{
	return or_abort(calloc(1, size ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t item_size)
{
	return or_abort(reallocarray(old, count ? count : 1, item_size));
}

char *str_copy(const char *text)
{
	return text ? or_abort(strdup(text)) : NULL;
}

char *str_copy_n(const char *text, size_t length)
{
	return or_abort(strndup(text, length));
}

char *str_fmt(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

bool str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

/* Length of the sequence that begins at p, or 0 when it is malformed. */
static size_t utf8_sequence(const unsigned char *p, size_t left, uint32_t *point)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;

	if (!need || need > left)
		return 0;
	*point = need == 1 ? p[0] : p[0] & (0xffu >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (p[i] & 0x3f);
	}
	bool bad = *point < smallest[need] || *point > 0x10ffff ||
		   (*point >= 0xd800 && *point <= 0xdfff);
	return bad ? 0 : need;
}

bool str_is_clean_utf8(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text;

	while (length) {
		uint32_t point;
		size_t used = utf8_sequence(p, length, &point);
		if (!used || point < 0x20 || (point >= 0x7f && point < 0xa0))
			return false;
		p += used;
		length -= used;
	}
	return true;
}

bool str_is_utf8(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text;

	while (length) {
		uint32_t point;
		size_t used = utf8_sequence(p, length, &point);
		if (!used)
			return false;
		p += used;
		length -= used;
	}
	return true;
}

void str_scrub(char *text)
{
	size_t left = strlen(text);

	while (left) {
		uint32_t point;
		size_t used = utf8_sequence((unsigned char *)text, left, &point);
		if (!used) {
			*text = '?';
			used = 1;
		} else if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
			memset(text, ' ', used);
		}
		text += used;
		left -= used;
	}
}

size_t str_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

void str_cut(char *into, size_t room, const char *text)
{
	size_t length = strlen(text);

	if (length >= room) {
		length = room - 1;
		while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(into, text, length);
	into[length] = 0;
}

bool str_to_number(const char *text, long low, long high, long *value)
{
	char *end;

	if (str_is_empty(text) || !(*text == '-' || (*text >= '0' && *text <= '9')))
		return false;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno || *end || number < low || number > high)
		return false;
	*value = number;
	return true;
}
