#include "core/code.h"

#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* No two differ by one letter only, and none has a long vowel or a double consonant, which people
 * write in several ways. */
static const struct word {
	const char *latin, *kana;
} words[] = {
	{ "AKANE", "あかね" }, { "AMAGUMO", "あまぐも" }, { "ASAHI", "あさひ" },
	{ "AWAYUKI", "あわゆき" }, { "AYAME", "あやめ" }, { "BIWAKO", "びわこ" },
	{ "DANGO", "だんご" }, { "EBISU", "えびす" }, { "EDAMAME", "えだまめ" },
	{ "GENKI", "げんき" }, { "GOHAN", "ごはん" }, { "HAKONE", "はこね" },
	{ "HANABI", "はなび" }, { "HIKARI", "ひかり" }, { "HINODE", "ひので" },
	{ "HOSHI", "ほし" }, { "HOTARU", "ほたる" }, { "INAHO", "いなほ" },
	{ "ITADORI", "いたどり" }, { "IZUMI", "いずみ" }, { "KABUKI", "かぶき" },
	{ "KAEDE", "かえで" }, { "KAMOME", "かもめ" }, { "KATANA", "かたな" },
	{ "KIMONO", "きもの" }, { "KINOKO", "きのこ" }, { "KODAMA", "こだま" },
	{ "KOMUGI", "こむぎ" }, { "KOTORI", "ことり" }, { "KURAGE", "くらげ" },
	{ "MAIKO", "まいこ" }, { "MATSURI", "まつり" }, { "MIDORI", "みどり" },
	{ "MIKAN", "みかん" }, { "MINATO", "みなと" }, { "MOMIJI", "もみじ" },
	{ "MUGIWARA", "むぎわら" }, { "NAGISA", "なぎさ" }, { "NAMIKI", "なみき" },
	{ "NEKO", "ねこ" }, { "NIWA", "にわ" }, { "NOHARA", "のはら" },
	{ "ONIGIRI", "おにぎり" }, { "OTOME", "おとめ" }, { "RAKUDA", "らくだ" },
	{ "RINGO", "りんご" }, { "SAKURA", "さくら" }, { "SATOYAMA", "さとやま" },
	{ "SAZANAMI", "さざなみ" }, { "SENBEI", "せんべい" }, { "SORA", "そら" },
	{ "SUMIRE", "すみれ" }, { "SUZUME", "すずめ" }, { "TSUKIMI", "つきみ" },
	{ "TANUKI", "たぬき" }, { "TENGU", "てんぐ" }, { "TONBI", "とんび" },
	{ "TSUBAKI", "つばき" }, { "UGUISU", "うぐいす" }, { "USAGI", "うさぎ" },
	{ "WAKABA", "わかば" }, { "YAMABUKI", "やまぶき" }, { "YUKATA", "ゆかた" },
	{ "YUZU", "ゆず" },
};
static_assert(ARRAY_SIZE(words) == 64, "as the header says");
static const char digits[] = "23456789";
#define DIGITS	  3
#define PLAIN_MAX 64 /* bytes of what was typed, without blanks and dashes */

void code_make(char code[CODE_MAX])
{
	int length = snprintf(code, CODE_MAX, "%s-", words[randombytes_uniform(64)].latin);

	for (int i = 0; i < DIGITS; i++)
		code[length++] = digits[randombytes_uniform(sizeof(digits) - 1)];
	code[length] = 0;
}

/* ---- reading what was typed ----------------------------------------------------------------- */

/* One character of clean UTF-8. */
static uint32_t next_point(const char **text)
{
	const unsigned char *p = (const unsigned char *)*text;
	unsigned length = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t point = length == 1 ? p[0] : p[0] & (0xffu >> (length + 1));

	for (unsigned i = 1; i < length; i++)
		point = point << 6 | (p[i] & 0x3f);
	*text += length;
	return point;
}

/* Blanks and whatever a keyboard offers for a dash, the prolonged sound mark among them: it is
 * what a Japanese input method makes of the key. */
static bool is_separator(uint32_t point)
{
	return point == ' ' || point == '-' || point == '_' || point == 0xa0 || point == 0x3000 ||
	       (point >= 0x2010 && point <= 0x2015) || point == 0x2212 || point == 0x30fc ||
	       point == 0xff70 || point == 0xff0d;
}

/* Full-width to ASCII, katakana to hiragana, small letters to capitals. */
static uint32_t fold(uint32_t point)
{
	if (point >= 0xff01 && point <= 0xff5e)
		point -= 0xff01 - '!';
	if (point >= 0x30a1 && point <= 0x30f6)
		point -= 0x30a1 - 0x3041;
	if (point >= 'a' && point <= 'z')
		point -= 'a' - 'A';
	return point;
}

static size_t put_point(char *into, uint32_t point)
{
	if (point < 0x80) {
		into[0] = (char)point;
		return 1;
	}
	into[0] = (char)(0xe0 | point >> 12);
	into[1] = (char)(0x80 | (point >> 6 & 0x3f));
	into[2] = (char)(0x80 | (point & 0x3f));
	return 3;
}

/* Only capitals, digits and hiragana are left; false for anything else. All codes are read through this. */
static bool squeeze(const char *typed, char *plain, size_t room)
{
	size_t length = 0;

	if (!typed || !str_is_clean_utf8(typed, strlen(typed)))
		return false;
	while (*typed) {
		uint32_t point = next_point(&typed);
		if (is_separator(point))
			continue;
		point = fold(point);
		bool known = (point >= 'A' && point <= 'Z') || (point >= '0' && point <= '9') ||
			     (point >= 0x3041 && point <= 0x3096);
		if (!known || length + 4 > room)
			return false;
		length += put_point(plain + length, point);
	}
	plain[length] = 0;
	return true;
}

static const struct word *find_word(const char *plain, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if ((strlen(words[i].latin) == length && !memcmp(plain, words[i].latin, length)) ||
		    (strlen(words[i].kana) == length && !memcmp(plain, words[i].kana, length)))
			return &words[i];
	return NULL;
}

bool code_normalise(const char *typed, char code[CODE_MAX])
{
	char plain[PLAIN_MAX];

	if (!squeeze(typed, plain, sizeof(plain)))
		return false;
	size_t length = strlen(plain), number = strcspn(plain, "0123456789");
	if (length != number + DIGITS || strspn(plain + number, digits) != DIGITS)
		return false;
	const struct word *word = find_word(plain, number);
	if (word)
		snprintf(code, CODE_MAX, "%s-%.3s", word->latin, plain + number);
	return word != NULL;
}

/* So many of these letters, and nothing else. */
static bool read_letters(const char *typed, const char *of, size_t count, char plain[PLAIN_MAX])
{
	return squeeze(typed, plain, PLAIN_MAX) && strlen(plain) == count && strspn(plain, of) == count;
}

/* ---- of seats ------------------------------------------------------------------------------- */

/* Of 0 O, 1 I L, 2 Z, 5 S, 8 B, U V none is there. */
static const char seat_letters[] = "34679ACDEFGHJKMNPQRTWXY";
#define SEAT_LETTERS 8

void seat_code_make(char code[SEAT_CODE_MAX])
{
	char class_code[CODE_MAX];

	do {
		for (int i = 0; i <= SEAT_LETTERS; i++)
			code[i] = i == SEAT_LETTERS / 2 ? '-' : seat_letters[randombytes_uniform(sizeof(seat_letters) - 1)];
		code[SEAT_LETTERS + 1] = 0;
	} while (code_normalise(code, class_code));
}

bool seat_code_read(const char *typed, char code[SEAT_CODE_MAX])
{
	char plain[PLAIN_MAX];

	if (!read_letters(typed, seat_letters, SEAT_LETTERS, plain))
		return false;
	snprintf(code, SEAT_CODE_MAX, "%.4s-%.4s", plain, plain + SEAT_LETTERS / 2);
	return true;
}

/* ---- of certificates ------------------------------------------------------------------------ */

static const char certificate_letters[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
#define CERTIFICATE_LETTERS 12

static void certificate_code_group(const char *plain, char code[CERTIFICATE_CODE])
{
	snprintf(code, CERTIFICATE_CODE, "%.4s-%.4s-%.4s", plain, plain + 4, plain + 8);
}

void certificate_code_make(char code[CERTIFICATE_CODE])
{
	char plain[CERTIFICATE_LETTERS];

	for (int i = 0; i < CERTIFICATE_LETTERS; i++)
		plain[i] = certificate_letters[randombytes_uniform(sizeof(certificate_letters) - 1)];
	certificate_code_group(plain, code);
}

bool certificate_code_read(const char *typed, char code[CERTIFICATE_CODE])
{
	char plain[PLAIN_MAX];

	if (!read_letters(typed, certificate_letters, CERTIFICATE_LETTERS, plain))
		return false;
	certificate_code_group(plain, code);
	return true;
}
