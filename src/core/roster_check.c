/* What makes a roster's lines right or wrong. Every field of a line is judged, whatever was found before, so
 * that somebody sees all that has to be mended at once. */
#include "core/roster.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/name.h"

/* ---- any field -------------------------------------------------------------------------------- */

#define LOST_MARK "\xef\xbf\xbd" /* U+FFFD */

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f ||
		    ((unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 &&
		     (unsigned char)text[1] < 0xa0))
			return true;
	return false;
}

/* The first thing that is wrong with the characters themselves; ROSTER_CODES: nothing. */
static enum roster_code judge_characters(const char *text)
{
	if (!str_is_utf8(text, strlen(text)))
		return ROSTER_NOT_UTF8;
	if (strpbrk(text, "\r\n"))
		return ROSTER_LINE_BREAK;
	if (has_control(text))
		return ROSTER_CONTROL;
	if (strstr(text, LOST_MARK))
		return ROSTER_LOST;
	return name_has_invisible(text) ? ROSTER_INVISIBLE : ROSTER_CODES;
}

/* Excel and LibreOffice compute a cell that begins so; Japanese ones also with the full-width signs. */
static bool looks_like_formula(const char *text)
{
	static const char *const signs[] = { "=", "+", "-", "@", "＝", "＋", "－", "＠" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (str_starts(text, signs[i]))
			return true;
	return false;
}

static size_t sequence_length(const char *text)
{
	unsigned char first = (unsigned char)*text;
	size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	return strnlen(text, length) == length && str_is_clean_utf8(text, length) ? length : 0;
}

/* A mark in place of whatever cannot be stored or is not seen: whoever mends the line sees where it is, and it
 * stays wrong until then, also when it comes back from the page. */
static void mark_lost(char **value)
{
	char *old = *value, *marked = mem_alloc(3 * strlen(old) + 1), *into = marked;

	for (const char *from = old; *from;) {
		size_t length = sequence_length(from);
		char one[5] = { 0 };
		memcpy(one, from, length);
		bool lost = !length || name_has_invisible(one);
		memcpy(into, lost ? LOST_MARK : one, lost ? 3 : length);
		into += lost ? 3 : length;
		from += length ? length : 1;
	}
	free(old);
	*value = marked;
}

/* true: the field's own rules can be asked. */
static bool judge_text(struct roster_row *row, enum roster_field field, size_t most)
{
	char **value = &row->value[field];
	enum roster_code code = judge_characters(*value);

	if (code != ROSTER_CODES) {
		roster_row_add(row, code, field, NULL);
		mark_lost(value);
		return false;
	}
	if (str_characters(*value) <= most)
		return true;
	roster_row_add(row, ROSTER_LONG, field, str_fmt("%zu", most));
	return false;
}

/* Blanks around it go. */
static void trim(char **value)
{
	static const char *const blanks[] = { " ", "\t", "\xc2\xa0", "\xe3\x80\x80" };
	char *text = *value ? *value : str_copy("");
	char *from = text;

	for (size_t i = 0; i < ARRAY_SIZE(blanks);) {
		if (str_starts(from, blanks[i])) {
			from += strlen(blanks[i]);
			i = 0;
		} else if (str_ends(from, blanks[i])) {
			from[strlen(from) - strlen(blanks[i])] = 0;
			i = 0;
		} else {
			i++;
		}
	}
	*value = str_copy(from);
	free(text);
}

/* ---- name, organisation ----------------------------------------------------------------------- */

static void squeeze(char **value)
{
	char clean[NAME_BYTES];

	if (name_clean(*value, clean, NULL) < 0)
		return;
	free(*value);
	*value = str_copy(clean);
}

static bool looks_like_mail(const char *text)
{
	const char *at = strchr(text, '@');

	return at && at != text && strchr(at, '.') && !strchr(text, ' ');
}

static void judge_name(struct roster_row *row)
{
	char **value = &row->value[ROSTER_NAME];

	if (!**value) {
		roster_row_add(row, ROSTER_NAME_MISSING, ROSTER_NAME, NULL);
		return;
	}
	if (!judge_text(row, ROSTER_NAME, NAME_CHARACTERS))
		return;
	squeeze(value);
	if (looks_like_mail(*value))
		roster_row_add(row, ROSTER_NAME_IS_MAIL, ROSTER_NAME, NULL);
	else if (looks_like_formula(*value))
		roster_row_add(row, ROSTER_FORMULA, ROSTER_NAME, NULL);
}

static void judge_organisation(struct roster_row *row)
{
	char **value = &row->value[ROSTER_ORGANISATION];

	if (!judge_text(row, ROSTER_ORGANISATION, NAME_CHARACTERS))
		return;
	squeeze(value);
	if (looks_like_formula(*value))
		roster_row_add(row, ROSTER_FORMULA, ROSTER_ORGANISATION, NULL);
}

/* ---- mail ------------------------------------------------------------------------------------- */

/* Letters, digits and these (RFC 5322, atext). Quoted names of mailboxes exist, and nobody has one. */
static bool is_atext(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Dot-separated parts, none of them empty, of characters that `allowed` takes. */
static bool is_dotted(const char *text, size_t length, bool (*allowed)(char))
{
	for (size_t i = 0; i < length; i++) {
		bool dot = text[i] == '.';
		if (dot ? i == 0 || i + 1 == length || text[i - 1] == '.' : !allowed(text[i]))
			return false;
	}
	return length > 0;
}

static bool is_host_character(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

/* Labels of 1..63 letters, digits and hyphens, not at their ends; two or more; the last is no number. */
static bool is_domain(const char *domain)
{
	const char *last = strrchr(domain, '.');

	if (!last || strlen(domain) > 253 || !is_dotted(domain, strlen(domain), is_host_character) ||
	    strspn(last + 1, "0123456789") == strlen(last + 1))
		return false;
	for (const char *label = domain; label; label = strchr(label, '.')) {
		label += *label == '.';
		size_t length = strcspn(label, ".");
		if (length > 63 || label[0] == '-' || label[length - 1] == '-')
			return false;
	}
	return true;
}

static enum roster_code judge_address(const char *mail)
{
	const char *at = strchr(mail, '@');

	for (const char *c = mail; *c; c++)
		if (*c != '@' && *c != '.' && !is_atext(*c))
			return ROSTER_MAIL_CHARACTERS;
	if (!at || at == mail || !at[1] || strchr(at + 1, '@'))
		return ROSTER_MAIL_AT;
	if (at - mail > 64 || !is_dotted(mail, (size_t)(at - mail), is_atext))
		return ROSTER_MAIL_DOTS;
	return is_domain(at + 1) ? ROSTER_CODES : ROSTER_MAIL_DOMAIN;
}

static void judge_mail(struct roster_row *row)
{
	const char *mail = row->value[ROSTER_MAIL];

	if (!*mail || !judge_text(row, ROSTER_MAIL, ROSTER_MAIL_MAX))
		return;
	enum roster_code code = judge_address(mail);
	if (code != ROSTER_CODES)
		roster_row_add(row, code, ROSTER_MAIL, NULL);
}

/* ---- language --------------------------------------------------------------------------------- */

static void judge_language(struct roster_row *row)
{
	static const struct {
		const char *key, *language;
	} names[] = {
		{ "", "" },	    { "en", "en" },   { "ja", "ja" },	  { "eng", "en" },
		{ "jpn", "ja" },    { "jp", "ja" },   { "english", "en" }, { "japanese", "ja" },
		{ "英語", "en" },   { "英", "en" },   { "日本語", "ja" },  { "日", "ja" },
		{ "en-us", "en" },  { "en-gb", "en" }, { "ja-jp", "ja" },
	};
	char **value = &row->value[ROSTER_LANGUAGE];

	if (!judge_text(row, ROSTER_LANGUAGE, NAME_CHARACTERS))
		return;
	AUTO_FREE char *key = name_key(*value);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].key, key))
			continue;
		free(*value);
		*value = str_copy(names[i].language);
		return;
	}
	roster_row_add(row, ROSTER_LANGUAGE_UNKNOWN, ROSTER_LANGUAGE, NULL);
}

/* ---- what is there twice ---------------------------------------------------------------------- */

struct keyed {
	char *key;
	struct roster_row *row;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *one = a, *other = b;
	int order = strcmp(one->key, other->key);

	return order ? order : (one->row->line > other->row->line) - (one->row->line < other->row->line);
}

/* Each of several that are equal names another one of them. */
static void judge_twice(struct roster *roster, enum roster_field field, enum roster_code code)
{
	AUTO_FREE struct keyed *keyed = mem_alloc((roster->rows + 1) * sizeof(*keyed));
	size_t count = 0;

	for (size_t i = 0; i < roster->rows; i++) {
		const char *value = roster->row[i].value[field];
		if (*value && strlen(value) < 4 * ROSTER_MAIL_MAX)
			keyed[count++] = (struct keyed){ name_key(value), &roster->row[i] };
	}
	qsort(keyed, count, sizeof(*keyed), compare_keyed);
	for (size_t i = 0; i < count; i++) {
		bool before = i > 0 && strcmp(keyed[i - 1].key, keyed[i].key) == 0;
		bool after = i + 1 < count && strcmp(keyed[i + 1].key, keyed[i].key) == 0;
		if (before || after)
			roster_row_add(keyed[i].row, code, field,
				       str_fmt("%u", keyed[before ? i - 1 : i + 1].row->line));
	}
	for (size_t i = 0; i < count; i++)
		free(keyed[i].key);
}

void roster_check(struct roster *roster)
{
	for (size_t i = 0; i < roster->rows; i++) {
		struct roster_row *row = &roster->row[i];
		for (int field = 0; field < ROSTER_FIELDS; field++)
			trim(&row->value[field]);
		judge_name(row);
		judge_mail(row);
		judge_organisation(row);
		judge_language(row);
	}
	judge_twice(roster, ROSTER_NAME, ROSTER_NAME_TWICE);
	judge_twice(roster, ROSTER_MAIL, ROSTER_MAIL_TWICE);
}
