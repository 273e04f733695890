#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "core/code.h"

static void every_made_code_is_read_back(void **state)
{
	char made[CODE_MAX], read[CODE_MAX];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		code_make(made);
		assert_true(code_normalise(made, read));
		assert_string_equal(made, read);
		assert_null(strpbrk(made, "01"));
	}
}

static void a_code_is_read_however_it_was_typed(void **state)
{
	static const char *const typed[] = {
		"HOSHI-742",	   "hoshi742",	"Hoshi 742",	   " hoshi - 742 ",
		"ｈｏｓｈｉ７４２", "ＨＯＳＨＩ－７４２", "ほし７４２",	   "ほしー７４２",
		"ホシ742",	   "HOSHI–742", "hoshi　７４２", "H O S H I 7 4 2",
	};
	char code[CODE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
		if (!code_normalise(typed[i], code))
			fail_msg("%s is not read", typed[i]);
		assert_string_equal(code, "HOSHI-742");
	}
}

static void what_cannot_be_a_code_is_refused(void **state)
{
	static const char *const typed[] = {
		"",	     "HOSHI",	    "742",	  "HOSHI-74",	"HOSHI-7422",	"HOSHI-701",
		"HOSHO-742", "742-HOSHI",   "HOSHI-742x", "HOSHI;742",	"HOSHI-7\n42",	"\xff\xfe",
		"HOSH\xc3",  "星742",	    "😀-742",	  "ほしほし742", "HOSHIほし742",
	};
	char code[CODE_MAX] = "untouched", flood[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++)
		if (code_normalise(typed[i], code))
			fail_msg("%s is read as %s", typed[i], code);
	memset(flood, 'A', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = 0;
	assert_false(code_normalise(flood, code));
	assert_false(code_normalise(NULL, code));
	assert_string_equal(code, "untouched");
}

static void a_seat_code_is_read_back_and_is_no_class_code(void **state)
{
	char made[SEAT_CODE_MAX], read[SEAT_CODE_MAX], of_class[CODE_MAX];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		seat_code_make(made);
		assert_true(seat_code_read(made, read));
		assert_string_equal(made, read);
		assert_null(strpbrk(made, "01258OIBSZLUV"));
		assert_false(code_normalise(made, of_class));
	}
	assert_true(seat_code_read(" ｋｘｐ７ ー m3qd ", read));
	assert_string_equal(read, "KXP7-M3QD");
	assert_false(seat_code_read("KXP7-M3Q", read));
	assert_false(seat_code_read("KXP7-M3Q0", read));
	assert_false(seat_code_read(NULL, read));
}

static void a_certificate_code_is_read_however_it_was_typed(void **state)
{
	char made[CERTIFICATE_CODE], read[CERTIFICATE_CODE];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		certificate_code_make(made);
		assert_true(certificate_code_read(made, read));
		assert_string_equal(made, read);
		assert_null(strpbrk(made, "01ILOU"));
	}
	assert_true(certificate_code_read("４ｋｘｐ　7m3q–D9THー", read));
	assert_string_equal(read, "4KXP-7M3Q-D9TH");
	assert_false(certificate_code_read("4KXP-7M3Q-D9T", read));
	assert_false(certificate_code_read("4KXP-7M3Q-D9THA", read));
	assert_false(certificate_code_read("4KXP-7M3Q-D9T1", read));
	assert_false(certificate_code_read("No. 4KXP-7M3Q-D9TH", read));
	assert_false(certificate_code_read("\xff\xfe", read));
	assert_false(certificate_code_read(NULL, read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_made_code_is_read_back),
		cmocka_unit_test(a_code_is_read_however_it_was_typed),
		cmocka_unit_test(what_cannot_be_a_code_is_refused),
		cmocka_unit_test(a_seat_code_is_read_back_and_is_no_class_code),
		cmocka_unit_test(a_certificate_code_is_read_however_it_was_typed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
