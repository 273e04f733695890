#include "core/answer.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* U+FF01..U+FF5E are ASCII's '!'..'~' in full width (Unicode, Halfwidth and Fullwidth Forms): EF BC 81..BF
 * for the first 63 of them, EF BD 80..9E for the rest. 0: it is not one of them. */
static char narrow(const uint8_t *p)
{
	if (p[0] != 0xef || (p[1] != 0xbc && p[1] != 0xbd))
		return 0;
	if (p[1] == 0xbc)
		return p[2] > 0x80 ? (char)(p[2] - 0x81 + '!') : 0;
	return p[2] <= 0x9e ? (char)(p[2] - 0x80 + '`') : 0;
}

/* How many bytes of a blank stand here: a no-break space (C2 A0), an ideographic one (E3 80 80). */
static size_t blank(const uint8_t *p)
{
	if (*p == ' ' || *p == '\t')
		return 1;
	if (p[0] == 0xc2 && p[1] == 0xa0)
		return 2;
	return p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char *answer_normalise(const char *typed)
{
	const uint8_t *p = (const uint8_t *)typed;
	char *answer = mem_alloc(strlen(typed) + 1);
	size_t length = 0;

	while (*p) {
		size_t skip = blank(p);
		char plain = skip ? ' ' : narrow(p);
		if (!plain)
			answer[length++] = small((char)*p++);
		else if (plain != ' ' || length)
			answer[length++] = small(plain);
		if (plain)
			p += skip ? skip : 3;
	}
	while (length && answer[length - 1] == ' ')
		length--;
	answer[length] = 0;
	return answer;
}
