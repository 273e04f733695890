#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/throttle.h"

static void charge_times(struct throttle *throttle, const char *key, int times, uint64_t now)
{
	for (int i = 0; i < times; i++)
		throttle_charge(throttle, key, now);
}

static void after_the_free_tries_the_wait_doubles_to_five_minutes(void **state)
{
	struct throttle *throttle = throttle_new(8, 5);
	uint64_t now = 1000;

	(void)state;
	charge_times(throttle, "ken", 4, now);
	assert_int_equal(throttle_wait(throttle, "ken", now), 0);
	for (unsigned wait = 1; wait < 300; wait *= 2) {
		throttle_charge(throttle, "ken", now);
		assert_int_equal(throttle_wait(throttle, "ken", now), wait);
		assert_int_equal(throttle_wait(throttle, "ken", now + 1000 * wait - 1), 1);
		now += 1000 * wait;
		assert_int_equal(throttle_wait(throttle, "ken", now), 0);
	}
	for (int i = 0; i < 100; i++) {
		throttle_charge(throttle, "ken", now);
		assert_int_equal(throttle_wait(throttle, "ken", now), 300);
		now += 300000;
	}
	assert_int_equal(throttle_wait(throttle, "ai", now), 0);
	throttle_free(throttle);
}

static void a_good_try_is_given_back(void **state)
{
	struct throttle *throttle = throttle_new(8, 3);

	(void)state;
	charge_times(throttle, "10.0.0.1", 3, 5);
	throttle_refund(throttle, "10.0.0.1");
	assert_int_equal(throttle_wait(throttle, "10.0.0.1", 5), 0);
	throttle_charge(throttle, "10.0.0.1", 5); /* and the two before still count */
	assert_int_equal(throttle_wait(throttle, "10.0.0.1", 5), 1);
	throttle_clear(throttle, "10.0.0.1");
	charge_times(throttle, "10.0.0.1", 2, 5);
	assert_int_equal(throttle_wait(throttle, "10.0.0.1", 5), 0);
	throttle_refund(throttle, "nobody");
	throttle_free(throttle);
}

static void a_quarter_of_an_hour_forgets(void **state)
{
	struct throttle *throttle = throttle_new(8, 3);

	(void)state;
	charge_times(throttle, "ken", 10, 0);
	charge_times(throttle, "ken", 2, THROTTLE_FORGET_MS);
	assert_int_equal(throttle_wait(throttle, "ken", THROTTLE_FORGET_MS), 0);
	throttle_free(throttle);
}

static void the_table_is_bounded_and_the_oldest_makes_room(void **state)
{
	struct throttle *throttle = throttle_new(4, 1);
	char key[16];

	(void)state;
	throttle_charge(throttle, "victim", 0);
	for (int i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		throttle_charge(throttle, key, 1);
	}
	assert_int_equal(throttle_wait(throttle, "victim", 1), 1);
	throttle_charge(throttle, "one-more", 2);
	assert_int_equal(throttle_wait(throttle, "victim", 2), 0);
	assert_int_equal(throttle_wait(throttle, "one-more", 2), 1);
	assert_int_equal(throttle_wait(throttle, "key-0", 1), 1);
	throttle_free(throttle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_the_free_tries_the_wait_doubles_to_five_minutes),
		cmocka_unit_test(a_good_try_is_given_back),
		cmocka_unit_test(a_quarter_of_an_hour_forgets),
		cmocka_unit_test(the_table_is_bounded_and_the_oldest_makes_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
