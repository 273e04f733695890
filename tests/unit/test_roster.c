#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/unicode.h"
#include "core/name.h"
#include "core/roster.h"

static struct err err;

static struct roster read_bytes(const char *bytes, size_t length)
{
	struct roster roster = { 0 };

	assert_int_equal(roster_read(bytes, length, &roster, &err), 0);
	return roster;
}

static struct roster read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static bool has(const struct roster_problem *problem, size_t count, enum roster_code code)
{
	for (size_t i = 0; i < count; i++)
		if (problem[i].code == code)
			return true;
	return false;
}

static void assert_row(const struct roster *roster, size_t i, const char *name, const char *mail,
		       const char *organisation, const char *language)
{
	assert_true(i < roster->rows);
	assert_string_equal(roster->row[i].value[ROSTER_NAME], name);
	assert_string_equal(roster->row[i].value[ROSTER_MAIL], mail);
	assert_string_equal(roster->row[i].value[ROSTER_ORGANISATION], organisation);
	assert_string_equal(roster->row[i].value[ROSTER_LANGUAGE], language);
}

/* ---- reading ---------------------------------------------------------------------------------- */

static void every_separator_and_line_break_is_read(void **state)
{
	static const char *const texts[] = {
		"A B,a@x.jp,Kita,en\nC,,Minami,ja\n",
		"A B;a@x.jp;Kita;en\r\nC;;Minami;ja",
		"A B\ta@x.jp\tKita\ten\rC\t\tMinami\tja\r",
		"\xef\xbb\xbf\"A B\",\"a@x.jp\",\"Kita\",\"en\"\r\n\"C\",\"\",\"Minami\",\"ja\"\r\n",
		"Organisation;言語;E-Mail;氏名\nKita;English;a@x.jp;A B\nMinami;日本語;;C",
		"\n\n  A B , a@x.jp ,　Kita　, EN\n,,,\nC,,Minami,ＪＡ\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(roster) struct roster roster = read_text(texts[i]);
		assert_int_equal(roster.rows, 2);
		assert_row(&roster, 0, "A B", "a@x.jp", "Kita", "en");
		assert_row(&roster, 1, "C", "", "Minami", "ja");
		assert_true(roster_is_right(&roster));
	}
}

static void quotes_hold_separators_and_quotes(void **state)
{
	AUTO(roster) struct roster roster =
		read_text("\"Sato, \"\"Ken\"\" \",k@x.jp,\"Kita; Minami\"\n  \"Ren\"  ,,\n");

	(void)state;
	assert_row(&roster, 0, "Sato, \"Ken\"", "k@x.jp", "Kita; Minami", "");
	assert_row(&roster, 1, "Ren", "", "", "");
	assert_true(roster_is_right(&roster));
}

static void a_list_of_names_is_a_roster(void **state)
{
	AUTO(roster) struct roster roster = read_text("青木　葵\nRen  Sato\n");

	(void)state;
	assert_false(roster.header);
	assert_row(&roster, 0, "青木 葵", "", "", "");
	assert_row(&roster, 1, "Ren Sato", "", "", "");
	assert_int_equal(roster.row[1].line, 2);
}

/* ---- encodings -------------------------------------------------------------------------------- */

static void what_excel_writes_in_japan_is_read(void **state)
{
	static const char sjis[] = "\x8e\x81\x96\xbc,\x89\xef\x8e\xd0\r\n" /* 氏名,会社 */
				   "\x90\xc2\x96\xd8 \x88\xa8,\x87\x8a\x82\xa0\r\n" /* 青木 葵,㈱あ */
				   "\xfa\xb1,\xb1\xb5\xb2\r\n"; /* 﨑, half-width アオイ */
	AUTO(roster) struct roster roster = read_bytes(sjis, sizeof(sjis) - 1);

	(void)state;
	assert_string_equal(roster.encoding, "Shift_JIS");
	assert_true(roster.header);
	assert_row(&roster, 0, "青木 葵", "", "㈱あ", "");
	assert_row(&roster, 1, "﨑", "", "ｱｵｲ", "");
	assert_true(roster_is_right(&roster));
}

static void utf16_is_read_with_and_without_a_mark(void **state)
{
	static const char little[] = "\xff\xfe\x11\x62\t\0a\0@\0x\0.\0j\0p\0\n\0",
			  bare[] = "A\0\t\0a\0@\0x\0.\0j\0p\0\n\0",
			  big[] = "\xfe\xff\x62\x11\0\t\0a\0@\0x\0.\0j\0p\0\n";
	AUTO(roster) struct roster one = read_bytes(little, sizeof(little) - 1);
	AUTO(roster) struct roster two = read_bytes(bare, sizeof(bare) - 1);
	AUTO(roster) struct roster three = read_bytes(big, sizeof(big) - 1);

	(void)state;
	assert_string_equal(one.encoding, "UTF-16");
	assert_row(&one, 0, "我", "a@x.jp", "", "");
	assert_row(&two, 0, "A", "a@x.jp", "", "");
	assert_row(&three, 0, "我", "a@x.jp", "", "");
}

static void one_broken_line_stays_one(void **state)
{
	AUTO(roster) struct roster roster = read_text("青木\n星野\nJos\xe9\n");

	(void)state;
	assert_string_equal(roster.encoding, "UTF-8");
	assert_int_equal(roster.row[0].problems + roster.row[1].problems, 0);
	assert_true(has(roster.row[2].problem, roster.row[2].problems, ROSTER_NOT_UTF8));
	assert_string_equal(roster.row[2].value[ROSTER_NAME], "Jos\xef\xbf\xbd");
}

/* ---- what is wrong ---------------------------------------------------------------------------- */

static void each_wrong_line_is_marked_for_what_is_wrong(void **state)
{
	static const struct {
		const char *line;
		enum roster_code code;
	} cases[] = {
		{ "\"Ren,a@x.jp", ROSTER_QUOTE_OPEN },
		{ "Ren \"R\" Sato", ROSTER_QUOTE_STRAY },
		{ "\"Ren\" Sato,", ROSTER_QUOTE_STRAY },
		{ "Ren,a@x.jp,Kita,en,more", ROSTER_COLUMNS },
		{ "Re\xff\xfen", ROSTER_NOT_UTF8 },
		{ "Re\xef\xbf\xbdn", ROSTER_LOST },
		{ "\"Ren\nSato\",", ROSTER_LINE_BREAK },
		{ "Re\tn,a@x.jp", ROSTER_CONTROL },
		{ "Re\xc2\x85n,", ROSTER_CONTROL },
		{ "Re\xe2\x80\x8bn,", ROSTER_INVISIBLE },
		{ "Re\xe2\x80\xaen,", ROSTER_INVISIBLE },
		{ ",a@x.jp", ROSTER_NAME_MISSING },
		{ "　,a@x.jp", ROSTER_NAME_MISSING },
		{ "a@x.jp,Ren", ROSTER_NAME_IS_MAIL },
		{ "Ren,Kita", ROSTER_MAIL_AT },
		{ "Ren,a@b@x.jp", ROSTER_MAIL_AT },
		{ "Ren,@x.jp", ROSTER_MAIL_AT },
		{ "Ren,a b@x.jp", ROSTER_MAIL_CHARACTERS },
		{ "Ren,ａ＠x.jp", ROSTER_MAIL_CHARACTERS },
		{ "Ren,Ren <a@x.jp>", ROSTER_MAIL_CHARACTERS },
		{ "Ren,.a@x.jp", ROSTER_MAIL_DOTS },
		{ "Ren,a..b@x.jp", ROSTER_MAIL_DOTS },
		{ "Ren,a@localhost", ROSTER_MAIL_DOMAIN },
		{ "Ren,a@-x.jp", ROSTER_MAIL_DOMAIN },
		{ "Ren,a@x..jp", ROSTER_MAIL_DOMAIN },
		{ "Ren,a@10.0.0.1", ROSTER_MAIL_DOMAIN },
		{ "Ren,,,Deutsch", ROSTER_LANGUAGE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text = str_fmt("Aoi,aoi@x.jp\n%s\nMio,mio@x.jp\n", cases[i].line);
		AUTO(roster) struct roster roster = read_text(text);
		if (roster.rows != 3 || !has(roster.row[1].problem, roster.row[1].problems, cases[i].code))
			fail_msg("case %zu: %s", i, cases[i].line);
		assert_int_equal(roster.row[0].problems + roster.row[2].problems, 0);
		assert_false(roster_is_right(&roster));
		assert_int_equal(roster_refuse(&roster, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void what_is_there_twice_is_marked_at_both_places(void **state)
{
	AUTO(roster) struct roster roster =
		read_text("青木 葵,A@x.jp\nRen,\n青木葵,\nREN,\nＲｅｎ,a@X.jp\nMio,\n");

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_true(has(roster.row[i].problem, roster.row[i].problems, ROSTER_NAME_TWICE));
	assert_true(has(roster.row[0].problem, roster.row[0].problems, ROSTER_MAIL_TWICE));
	assert_true(has(roster.row[4].problem, roster.row[4].problems, ROSTER_MAIL_TWICE));
	assert_string_equal(roster.row[0].problem[0].detail, "3");
	assert_int_equal(roster.row[5].problems, 0);
}

static void what_looks_like_a_formula_stays_text(void **state)
{
	AUTO(roster) struct roster roster = read_text("=1+1,,+81 Kita\n@Aoi\n－Ren\n");

	(void)state;
	assert_row(&roster, 0, "=1+1", "", "+81 Kita", "");
	for (size_t i = 0; i < 3; i++)
		assert_true(has(roster.row[i].problem, roster.row[i].problems, ROSTER_FORMULA));
	assert_true(roster_is_right(&roster));
}

static void what_is_wrong_with_all_of_it_is_said(void **state)
{
	static const struct {
		const char *text;
		enum roster_code code;
	} cases[] = {
		{ "", ROSTER_EMPTY },
		{ "\n , ,\n", ROSTER_EMPTY },
		{ "name,mail\n", ROSTER_EMPTY },
		{ "PK\x03\x04workbook", ROSTER_WORKBOOK },
		{ "mail,company\na@x.jp,Kita\n", ROSTER_NO_NAMES },
		{ "name,氏名\nA,B\n", ROSTER_COLUMN_TWICE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(roster) struct roster roster = read_text(cases[i].text);
		assert_true(has(roster.problem, roster.problems, cases[i].code));
		assert_false(roster_is_right(&roster));
	}
	AUTO(roster) struct roster notices = read_text("\nname,電話\nA,1\n\n");
	assert_true(has(notices.problem, notices.problems, ROSTER_COLUMN_UNKNOWN));
	assert_true(has(notices.problem, notices.problems, ROSTER_EMPTY_LINES));
	assert_true(roster_is_right(&notices));
}

static void bounds_hold(void **state)
{
	AUTO(buf) struct buf text = { 0 };
	struct roster roster = { 0 };

	(void)state;
	for (int i = 1; i <= 501; i++)
		buf_fmt(&text, "S%d\n", i);
	roster = read_bytes((char *)text.data, text.length);
	assert_int_equal(roster.rows, 500);
	assert_true(has(roster.problem, roster.problems, ROSTER_ROWS));
	assert_int_equal(roster.problem[0].line, 501);
	roster_free(&roster);
	AUTO_FREE char *flood = mem_alloc(ROSTER_BYTES_MAX + 2);
	memset(flood, 'x', ROSTER_BYTES_MAX + 1);
	assert_int_equal(roster_read(flood, ROSTER_BYTES_MAX + 1, &roster, &err), -1);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	roster = read_bytes(flood, ROSTER_BYTES_MAX);
	assert_true(has(roster.row[0].problem, roster.row[0].problems, ROSTER_LONG));
	assert_true(strlen(roster.row[0].value[ROSTER_NAME]) < 1024);
	roster_free(&roster);
	for (char c = 0; c < 4; c++) { /* none of these takes long */
		memset(flood, " ,\"\n"[(int)c], ROSTER_BYTES_MAX);
		roster = read_bytes(flood, ROSTER_BYTES_MAX);
		roster_free(&roster);
	}
}

static void people_are_judged_as_a_roster_is(void **state)
{
	const struct class_person people[] = { { .name = " Aoi " }, { .name = "aoi", .mail = "x" } };
	AUTO(roster) struct roster roster = { 0 };

	(void)state;
	roster_of(people, 2, &roster);
	assert_row(&roster, 0, "Aoi", "", "", "");
	assert_int_equal(roster_refuse(&roster, &err), -1);
	assert_string_equal(err.message, "line 1 (Aoi), name: Line 2 has this name, too: tell the two apart, "
					 "for example by their company (and 2 more)");
}

/* ---- normal forms ----------------------------------------------------------------------------- */

static void names_that_look_the_same_have_one_key(void **state)
{
	static const char *const same[][2] = {
		{ "青木 葵", "青木　葵" }, { "青木葵", "青木 葵" }, { "ｱｵｲ", "アオイ" }, { "ﾊﾞﾝﾄﾞｳ", "バンドウ" },
		{ "Ａｏｉ", "AOI" },	  { "㈱北", "(株)北" },	    { "Straße", "STRASSE" },
		{ "e\xcc\x81", "\xc3\xa9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		AUTO_FREE char *one = name_key(same[i][0]), *other = name_key(same[i][1]);
		assert_string_equal(one, other);
	}
	AUTO_FREE char *one = name_key("あおい"), *other = name_key("アオイ");
	assert_string_not_equal(one, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_separator_and_line_break_is_read),
		cmocka_unit_test(quotes_hold_separators_and_quotes),
		cmocka_unit_test(a_list_of_names_is_a_roster),
		cmocka_unit_test(what_excel_writes_in_japan_is_read),
		cmocka_unit_test(utf16_is_read_with_and_without_a_mark),
		cmocka_unit_test(one_broken_line_stays_one),
		cmocka_unit_test(each_wrong_line_is_marked_for_what_is_wrong),
		cmocka_unit_test(what_is_there_twice_is_marked_at_both_places),
		cmocka_unit_test(what_looks_like_a_formula_stays_text),
		cmocka_unit_test(what_is_wrong_with_all_of_it_is_said),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(people_are_judged_as_a_roster_is),
		cmocka_unit_test(names_that_look_the_same_have_one_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
