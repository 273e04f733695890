/* Calls that have to succeed, or to be refused for a reason. Each uses the test's own `struct err err`. */
#ifndef TESTS_ERR_CHECKS_H
#define TESTS_ERR_CHECKS_H

#include "base/err.h"

#define ok(call)                                                                                   \
	do {                                                                                       \
		err = (struct err)ERR_INIT;                                                        \
		if ((call) != 0)                                                                   \
			fail_msg("%s: %s", #call, err.message);                                    \
	} while (0)

#define refused(expected, call)                                                                    \
	do {                                                                                       \
		err = (struct err)ERR_INIT;                                                        \
		assert_int_equal((call), -1);                                                      \
		assert_string_equal(err_kind_name(err.kind), err_kind_name(expected));             \
	} while (0)

#endif
