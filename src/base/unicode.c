#include "base/unicode.h"

#include <stdint.h>
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/auto.h"
#include "base/str.h"

/* UTF-8 never has more bytes than three for each unit of UTF-16. */
#define UTF8_PER_UNIT 3

static char *to_utf8(const UChar *units, int32_t count, size_t *made)
{
	UErrorCode status = U_ZERO_ERROR;
	size_t room = (size_t)count * UTF8_PER_UNIT + 1;
	AUTO_FREE char *text = mem_alloc(room);
	int32_t length = 0;

	u_strToUTF8(text, (int32_t)room, &length, units, count, &status);
	if (U_FAILURE(status))
		return NULL;
	*made = (size_t)length;
	return STEAL(text);
}

/* Up to 18 units come from one: U+FDFA. */
#define FOLD_GROWS 18

char *unicode_fold(const char *text)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&status);
	int32_t room = (int32_t)strlen(text) + 1, count = 0;
	AUTO_FREE UChar *units = mem_alloc((size_t)room * sizeof(*units));
	size_t made;

	u_strFromUTF8(units, room, &count, text, -1, &status);
	AUTO_FREE UChar *folded = mem_alloc(((size_t)count * FOLD_GROWS + 1) * sizeof(*folded));
	count = unorm2_normalize(form, units, count, folded, count * FOLD_GROWS + 1, &status);
	char *result = U_SUCCESS(status) ? to_utf8(folded, count, &made) : NULL;
	return result ? result : str_copy(text);
}

/* One byte gives at most one unit in every encoding that is asked for here. */
char *unicode_from(const char *encoding, const char *bytes, size_t length, size_t *made)
{
	UErrorCode status = U_ZERO_ERROR;
	UConverter *converter = ucnv_open(encoding, &status);
	AUTO_FREE UChar *units = mem_alloc((length + 1) * sizeof(*units));

	if (U_FAILURE(status) || length > INT32_MAX / UTF8_PER_UNIT - 1)
		return ucnv_close(converter), NULL;
	ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
	int32_t count = ucnv_toUChars(converter, units, (int32_t)length + 1, bytes, (int32_t)length, &status);
	ucnv_close(converter);
	return U_SUCCESS(status) ? to_utf8(units, count, made) : NULL;
}
