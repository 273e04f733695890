/* What a proof tries, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/proof_plan.h"
#include "pack_fixture.h"

static const uint8_t secret[PACK_SECRET_BYTES] = { 1, 2, 3 };
static struct pack *pack;
static struct proof_plan plan;

static int setup(void **state)
{
	(void)state;
	pack = sound_pack();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	proof_plan_free(&plan);
	pack_free(pack);
	return 0;
}

/* The place of a promise; -1: it is not made. */
static int place(const char *words)
{
	for (size_t i = 0; i < plan.count; i++)
		if (plan.step[i].promise && strstr(plan.step[i].promise, words))
			return (int)i;
	return -1;
}

static size_t count(enum proof_kind kind)
{
	size_t found = 0;

	for (size_t i = 0; i < plan.count; i++)
		found += plan.step[i].kind == kind;
	return found;
}

static void in_order(void)
{
	const struct pack_lab *labs[] = { &pack->lab[0] };

	proof_plan_in_order(&plan, labs, 1);
}

static void every_plan_begins_with_a_promise(void **state)
{
	(void)state;
	in_order();
	assert_non_null(plan.step[0].promise);
	proof_plan_free(&plan);
	proof_plan_alone(&plan, pack, &pack->lab[0], true, secret, 2);
	assert_non_null(plan.step[0].promise);
}

static void after_each_solve_every_task_is_looked_at(void **state)
{
	(void)state;
	in_order();
	/* at the start, after each of three, and after the reboot */
	assert_int_equal(count(PROOF_CHECK), 5 * 3);
	int at = place("desk: its solve leaves the other tasks");
	assert_true(at > 0);
	assert_string_equal(plan.step[at + 1].task->id, "note");
	assert_int_equal(plan.step[at + 1].expect, EXPECT_PASS);
	assert_string_equal(plan.step[at + 2].task->id, "why");
	assert_int_equal(plan.step[at + 2].expect, EXPECT_NOT_YET);
}

static void passes_are_looked_at_after_a_reboot(void **state)
{
	(void)state;
	in_order();
	int at = place("survives a reboot");
	assert_true(at > 0);
	assert_int_equal(plan.step[at + 1].kind, PROOF_MEASURE);
	assert_int_equal(plan.step[at + 2].kind, PROOF_REBOOT);
	assert_int_equal(plan.step[at + 3].kind, PROOF_SETTLE);
	for (size_t i = (size_t)at + 4; i < plan.count; i++)
		assert_int_equal(plan.step[i].expect, EXPECT_PASS);
	assert_int_equal(plan.count, at + 7);
}

static void a_quiz_is_chosen_and_not_solved(void **state)
{
	(void)state;
	in_order();
	assert_true(place("greeting/why: the right options pass") > 0);
	assert_int_equal(count(PROOF_SOLVE), 2);
}

static void a_neighbour_comes_before_the_reset_that_forgets_it(void **state)
{
	(void)state;
	proof_plan_alone(&plan, pack, &pack->lab[0], true, secret, 2);
	int other = place("a neighbour's solution"), reset = place("a reset gives the start again");
	assert_true(other > 0 && reset > other);
	assert_int_equal(plan.step[other + 1].kind, PROOF_SOLVE_AS_OTHER);
	assert_int_equal(plan.step[other + 2].expect, EXPECT_NO_PASS);
	assert_int_equal(count(PROOF_RESET), 1);
	assert_int_equal(count(PROOF_ANSWER_OF_OTHER), 1);
}

static void a_used_seat_is_reset_before_a_lab_alone(void **state)
{
	(void)state;
	proof_plan_alone(&plan, pack, &pack->lab[0], false, secret, 2);
	assert_int_equal(plan.step[1].kind, PROOF_RESET);
	assert_int_equal(count(PROOF_RESET), 2);
}

static void the_neighbour_has_other_values(void **state)
{
	(void)state;
	for (unsigned seat = 2; seat < 9; seat++) {
		struct pack_values own = { 0 }, others = { 0 };
		proof_plan_alone(&plan, pack, &pack->lab[0], true, secret, seat);
		int at = place("a neighbour's solution");
		pack_values(&pack->lab[0], secret, seat, &own);
		pack_values(&pack->lab[0], secret, plan.step[at + 1].other, &others);
		assert_string_equal(own.item[0].name, "colleague");
		assert_string_not_equal(own.item[0].value, others.item[0].value);
		pack_values_free(&own);
		pack_values_free(&others);
		proof_plan_free(&plan);
	}
}

static void a_solve_without_parameters_is_reported_and_not_tried(void **state)
{
	(void)state;
	pack_free(pack);
	pack = fixture_pack("greeting/note.solve", NULL, "touch /home/student/P_COLLEAGUES\n");
	struct pack_findings findings = { 0 };
	bool sound = fixture_read(pack, &findings);
	findings_print(&findings);
	pack_findings_free(&findings);
	assert_true(sound);
	proof_plan_alone(&plan, pack, &pack->lab[0], true, secret, 2);
	assert_int_equal(count(PROOF_SOLVE_AS_OTHER), 0);
	assert_true(place("# SKIP its solve uses no parameter") > 0);
}

static void secrets_tell_seats_and_seeds_apart(void **state)
{
	const struct pack_lab *labs[] = { &pack->lab[0] };
	uint8_t one[PACK_SECRET_BYTES], two[PACK_SECRET_BYTES];
	struct pack_values a = { 0 }, b = { 0 };

	(void)state;
	proof_secret(labs, 1, NULL, one);
	proof_secret(labs, 1, one, two);
	pack_values(labs[0], one, 1, &a);
	pack_values(labs[0], two, 1, &b);
	for (size_t i = 0; i < a.count; i++)
		assert_string_not_equal(a.item[i].value, b.item[i].value);
	pack_values_free(&a);
	pack_values_free(&b);
}

static void options_are_shuffled_by_seat_and_all_are_there(void **state)
{
	const struct pack_lab *lab = &pack->lab[0];
	const struct pack_task *quiz = pack_task(lab, "why");
	unsigned first[2] = { 0 };

	(void)state;
	for (unsigned seat = 1; seat <= 40; seat++) {
		size_t order[2], again[2];
		pack_shuffle(lab, quiz, secret, seat, order);
		pack_shuffle(lab, quiz, secret, seat, again);
		assert_memory_equal(order, again, sizeof(order));
		assert_int_equal(order[0] + order[1], 1);
		first[order[0]]++;
	}
	assert_true(first[0] > 8 && first[1] > 8);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_plan_begins_with_a_promise),
		test(after_each_solve_every_task_is_looked_at),
		test(passes_are_looked_at_after_a_reboot),
		test(a_quiz_is_chosen_and_not_solved),
		test(a_neighbour_comes_before_the_reset_that_forgets_it),
		test(a_used_seat_is_reset_before_a_lab_alone),
		test(the_neighbour_has_other_values),
		test(a_solve_without_parameters_is_reported_and_not_tried),
		test(secrets_tell_seats_and_seeds_apart),
		test(options_are_shuffled_by_seat_and_all_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
