#include "base/csv.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

void csv_begin(struct buf *out)
{
	buf_text(out, "\xef\xbb\xbf");
}

static void separate(struct buf *out)
{
	uint8_t last = out->length ? out->data[out->length - 1] : '\n';

	if (last != '\n' && last != 0xbf)
		buf_text(out, ",");
}

/* What begins like this is calculated: https://owasp.org/www-community/attacks/CSV_Injection. A Japanese
 * spreadsheet takes the wide signs, too. */
static bool is_formula(const char *text)
{
	static const char *const signs[] = { "=", "+", "-", "@", "\t", "\r", "\n",
					     "＝", "＋", "－", "＠" };

	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strncmp(text, signs[i], strlen(signs[i])) == 0)
			return true;
	return false;
}

void csv_text(struct buf *out, const char *text)
{
	separate(out);
	buf_text(out, is_formula(text) ? "\"'" : "\"");
	for (; *text; text++) {
		if (*text == '"')
			buf_text(out, "\"");
		buf_append(out, text, 1);
	}
	buf_text(out, "\"");
}

void csv_number(struct buf *out, int64_t number)
{
	separate(out);
	buf_fmt(out, "%" PRId64, number);
}

void csv_time(struct buf *out, int64_t ms, int east)
{
	time_t seconds = (time_t)(ms / 1000 + east * 60);
	struct tm parts;
	char text[32] = "";

	if (ms && gmtime_r(&seconds, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	csv_text(out, text);
}

void csv_end_row(struct buf *out)
{
	buf_text(out, "\r\n");
}
