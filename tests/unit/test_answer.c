/* Answers as they are typed, and as a script sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "core/answer.h"

static void becomes(const char *typed, const char *expected)
{
	AUTO_FREE char *answer = answer_normalise(typed);

	assert_string_equal(answer, expected);
}

static void full_width_is_as_good_as_ascii(void **state)
{
	(void)state;
	becomes("４２", "42");
	becomes("ＨＺ－１２３", "hz-123");
	becomes("！～＠｀", "!~@`");
	becomes("ａｚＡＺ０９", "azaz09");
}

static void case_and_blanks_around_do_not_matter(void **state)
{
	(void)state;
	becomes("  Aoi\t", "aoi");
	becomes("\xe3\x80\x80 Aoi Mori \xc2\xa0", "aoi mori");
	becomes("a\xe3\x80\x80" "b", "a b");
	becomes("", "");
	becomes("\xe3\x80\x80", "");
}

static void everything_else_stays(void **state)
{
	(void)state;
	becomes("あおい　ミント", "あおい ミント");
	becomes("ｱｵｲ", "ｱｵｲ"); /* half-width katakana are neighbours of the full-width forms */
	becomes("｟¥｠", "｟¥｠");
	becomes("naïve É", "naïve É");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_width_is_as_good_as_ascii),
		cmocka_unit_test(case_and_blanks_around_do_not_matter),
		cmocka_unit_test(everything_else_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
