#include "core/name.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "base/unicode.h"

/* Bytes of the blank at p; 0 when there is none. */
static size_t blank_length(const char *p)
{
	if (*p == ' ')
		return 1;
	if (str_starts(p, "\xc2\xa0")) /* U+00A0 */
		return 2;
	return str_starts(p, "\xe3\x80\x80") ? 3 : 0; /* U+3000 */
}

/* U+200B..200F, U+202A..202E, U+2060..206F, U+FEFF. */
static bool is_invisible(const char *p)
{
	unsigned char last = (unsigned char)(p[0] && p[1] ? p[2] : 0);

	return (str_starts(p, "\xe2\x80") && ((last >= 0x8b && last <= 0x8f) ||
					       (last >= 0xaa && last <= 0xae))) ||
	       (str_starts(p, "\xe2\x81") && last >= 0xa0 && last <= 0xaf) ||
	       str_starts(p, "\xef\xbb\xbf");
}

bool name_has_invisible(const char *text)
{
	for (; *text; text++)
		if (is_invisible(text))
			return true;
	return false;
}

static size_t skip_blanks(const char *text)
{
	size_t all = 0, one;

	while ((one = blank_length(text + all)))
		all += one;
	return all;
}

/* `room` holds the longest name that is allowed; false when it is not enough. */
static bool squeeze(const char *typed, char *name, size_t room)
{
	size_t length = 0;

	typed += skip_blanks(typed);
	while (*typed && length + 1 < room) {
		size_t blanks = skip_blanks(typed);
		typed += blanks;
		if (blanks && *typed)
			name[length++] = ' ';
		else if (!blanks)
			name[length++] = *typed++;
	}
	name[length] = 0;
	return !*typed;
}

int name_clean(const char *typed, char name[NAME_BYTES], struct err *err)
{
	char clean[NAME_BYTES];

	if (!typed || !str_is_clean_utf8(typed, strlen(typed)) || name_has_invisible(typed))
		return err_set(err, ERR_INVALID,
			       "the name has characters that cannot be shown: type it again");
	if (!squeeze(typed, clean, sizeof(clean)) || str_characters(clean) > NAME_CHARACTERS)
		return err_set(err, ERR_INVALID, "the name is too long: at most %d characters",
			       NAME_CHARACTERS);
	if (!*clean)
		return err_set(err, ERR_INVALID, "the name is empty: type your name");
	strcpy(name, clean);
	return 0;
}

char *name_key(const char *name)
{
	char *key = unicode_fold(name), *into = key;

	for (const char *from = key; *from;) {
		size_t blanks = skip_blanks(from);
		from += blanks;
		if (!blanks)
			*into++ = *from++;
	}
	*into = 0;
	return key;
}
