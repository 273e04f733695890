/* How answers are judged without a machine: shuffled quizzes, the wait after wrong answers, what points are left,
 * and how long a task took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "err_checks.h"
#include "quiz_fixture.h"
#include "store/query.h"

static struct seat *open_seat(struct fixture *f, unsigned number)
{
	struct seat *seat = class_seat(f->class, number);
	struct err err = ERR_INIT;

	ok(grade_open_lab(seat, lab_of(f, "one"), NULL, NULL, &err));
	pump(f);
	assert_true(grade_lab_is_open(seat, lab_of(f, "one")));
	return seat;
}

static void keep_verdict(void *context, const struct grade_result *result, const struct err *err)
{
	*(enum verdict *)context = err ? VERDICTS : result->verdict;
}

static int try_answer(struct seat *seat, const char *task, enum attempt_trigger trigger, const char *answer,
		      enum verdict *verdict, struct err *err)
{
	const struct pack_lab *lab = pack_lab(seat->class->pack, "one");

	*verdict = VERDICTS;
	return grade_check(seat, lab, pack_task(lab, task), trigger, answer, keep_verdict, verdict, err);
}

/* By an instructor: as often as one likes. */
static bool passes(struct seat *seat, const char *task, const char *answer)
{
	enum verdict verdict;
	struct err err = ERR_INIT;

	ok(try_answer(seat, task, TRIGGER_INSTRUCTOR, answer, &verdict, &err));
	assert_true(verdict == VERDICT_PASS || verdict == VERDICT_NOT_YET);
	return verdict == VERDICT_PASS;
}

/* The numbers under which the seat sees the right options, in its order. */
static size_t right_ones(struct seat *seat, const char *task_id, size_t right[4])
{
	const struct pack_lab *lab = pack_lab(seat->class->pack, "one");
	const struct pack_task *task = pack_task(lab, task_id);
	size_t order[8], count = 0;

	pack_shuffle(lab, task, seat->class->row.secret, seat->row.number, order);
	for (size_t i = 0; i < task->options; i++)
		if (task->option[order[i]].correct)
			right[count++] = i;
	return count;
}

static void of_a_single_choice_only_the_place_that_the_seat_sees_passes(void **state)
{
	struct fixture *f = *state;
	bool seen[4] = { false };
	unsigned places = 0;

	for (unsigned number = 1; number <= SEATS; number++) {
		struct seat *seat = open_seat(f, number);
		size_t right[4];
		assert_int_equal(right_ones(seat, "single", right), 1);
		for (size_t i = 0; i < 4; i++) {
			AUTO_FREE char *answer = str_fmt("%zu", i);
			assert_int_equal(passes(seat, "single", answer), i == right[0]);
		}
		places += !seen[right[0]];
		seen[right[0]] = true;
	}
	if (places == 1) /* one class in 256 has it so: then another secret moves it */
		f->class->row.secret[0] ^= 1;
	for (unsigned number = 1; number <= SEATS && places == 1; number++) {
		size_t right[4];
		right_ones(class_seat(f->class, number), "single", right);
		places += !seen[right[0]];
	}
	assert_true(places > 1);
}

static void of_a_multiple_choice_exactly_the_right_ones_pass_in_any_order(void **state)
{
	struct seat *seat = open_seat(*state, 2);
	size_t right[4], wrong = 0;

	assert_int_equal(right_ones(seat, "multiple", right), 2);
	while (wrong == right[0] || wrong == right[1])
		wrong++;
	AUTO_FREE char *both = str_fmt("%zu,%zu", right[0], right[1]);
	AUTO_FREE char *turned = str_fmt("%zu,%zu", right[1], right[0]);
	AUTO_FREE char *one = str_fmt("%zu", right[0]);
	AUTO_FREE char *more = str_fmt("%s,%zu", both, wrong);
	assert_true(passes(seat, "multiple", both));
	assert_true(passes(seat, "multiple", turned));
	assert_false(passes(seat, "multiple", one));
	assert_false(passes(seat, "multiple", more));
	assert_false(passes(seat, "multiple", "0,1,2,3"));
	assert_false(passes(seat, "multiple", ""));
}

static void keep_code(void *context, const struct grade_result *result, const struct err *err)
{
	*(int *)context = err ? -1 : result->code;
}

/* What choosing these options comes to, by their places in lab.xml. */
static int code_of(struct seat *seat, const char *task_id, const char *places)
{
	const struct pack_lab *lab = pack_lab(seat->class->pack, "one");
	const struct pack_task *task = pack_task(lab, task_id);
	AUTO(buf) struct buf answer = { 0 };
	struct err err = ERR_INIT;
	size_t order[8];
	int code = -1;

	pack_shuffle(lab, task, seat->class->row.secret, seat->row.number, order);
	for (size_t i = 0; i < task->options; i++)
		if (strchr(places, '1' + (int)order[i]))
			buf_fmt(&answer, "%s%zu", answer.length ? "," : "", i);
	ok(grade_check(seat, lab, task, TRIGGER_INSTRUCTOR, answer.length ? (char *)answer.data : "", keep_code, &code,
		       &err));
	return code;
}

static void a_choice_says_by_its_code_which_option_was_wrong(void **state)
{
	for (unsigned number = 1; number <= SEATS; number++) { /* each in an order of its own */
		struct seat *seat = open_seat(*state, number);
		assert_int_equal(code_of(seat, "multiple", "13"), 0);
		assert_int_equal(code_of(seat, "multiple", "1"), PACK_QUIZ_SOME);
		assert_int_equal(code_of(seat, "multiple", ""), PACK_QUIZ_SOME);
		assert_int_equal(code_of(seat, "multiple", "12"), PACK_QUIZ_SOME + 2);
		assert_int_equal(code_of(seat, "multiple", "134"), PACK_QUIZ_SOME + 4);
		assert_int_equal(code_of(seat, "multiple", "42"), PACK_QUIZ_SOME + 2);
		assert_int_equal(code_of(seat, "single", "3"), PACK_QUIZ_SOME + 3);
	}
}

static void what_is_no_list_of_options_is_refused_and_costs_no_try(void **state)
{
	static const char *const nonsense[] = { "yes", "4", "0;1", "0,,1", "-1", "18446744073709551616", "0 1" };
	struct seat *seat = open_seat(*state, 1);
	enum verdict verdict;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++)
		refused(ERR_INVALID, try_answer(seat, "multiple", TRIGGER_STUDENT, nonsense[i], &verdict, &err));
	assert_null(row_of(seat, "one", "multiple"));
	ok(try_answer(seat, "multiple", TRIGGER_STUDENT, "", &verdict, &err));
	assert_int_equal(row_of(seat, "one", "multiple")->attempts, 1);
}

static void wait_out(unsigned seconds)
{
	usleep(seconds * 1000000 + 20000);
}

static void wrong_answers_are_followed_by_a_wait_that_grows(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = open_seat(f, 1), *other = open_seat(f, 2);
	enum verdict verdict;
	struct err err = ERR_INIT;

	for (int i = 0; i < 3; i++) {
		ok(try_answer(seat, "multiple", TRIGGER_STUDENT, "", &verdict, &err));
		assert_int_equal(verdict, VERDICT_NOT_YET);
	}
	for (unsigned seconds = 1; seconds <= 2; seconds++) {
		refused(ERR_THROTTLED, try_answer(seat, "multiple", TRIGGER_STUDENT, "", &verdict, &err));
		assert_int_equal(err.code, seconds);
		assert_non_null(strstr(err.message, "next answer"));
		wait_out(seconds);
		ok(try_answer(seat, "multiple", TRIGGER_STUDENT, "", &verdict, &err));
	}
	refused(ERR_THROTTLED, try_answer(seat, "multiple", TRIGGER_STUDENT, "", &verdict, &err));
	assert_int_equal(err.code, 4);
	assert_int_equal(row_of(seat, "one", "multiple")->attempts, 5);

	/* Nobody else waits for that: not the task beside it, not the neighbour, not the instructor. */
	ok(try_answer(seat, "single", TRIGGER_STUDENT, "", &verdict, &err));
	ok(try_answer(other, "multiple", TRIGGER_STUDENT, "", &verdict, &err));
	ok(try_answer(seat, "multiple", TRIGGER_INSTRUCTOR, "", &verdict, &err));
}

static void a_right_answer_ends_the_waiting(void **state)
{
	struct seat *seat = open_seat(*state, 3);
	enum verdict verdict;
	size_t right[4];
	struct err err = ERR_INIT;

	for (int i = 0; i < 2; i++)
		ok(try_answer(seat, "single", TRIGGER_STUDENT, "", &verdict, &err));
	right_ones(seat, "single", right);
	AUTO_FREE char *answer = str_fmt("%zu", right[0]);
	ok(try_answer(seat, "single", TRIGGER_STUDENT, answer, &verdict, &err));
	assert_int_equal(verdict, VERDICT_PASS);
	for (int i = 0; i < 3; i++)
		ok(try_answer(seat, "single", TRIGGER_STUDENT, "", &verdict, &err));
}

static void a_hint_costs_its_points_and_is_on_record(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = open_seat(f, 4);
	const struct pack_lab *lab = lab_of(f, "one");
	const struct pack_hint *hint;
	size_t right[4];
	struct err err = ERR_INIT;

	ok(grade_hint(seat, lab, pack_task(lab, "single"), 0, &hint, &err));
	ok(grade_hint(seat, lab, pack_task(lab, "single"), 0, &hint, &err)); /* shown again */
	struct progress_row *rows;
	size_t count;
	ok(progress_list(f->core->store, seat->row.id, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].first_at, row_of(seat, "one", "single")->first_at);
	progress_row_free(&rows[0]);
	free(rows);
	right_ones(seat, "single", right);
	AUTO_FREE char *answer = str_fmt("%zu", right[0]);
	assert_true(passes(seat, "single", answer));
	assert_int_equal(row_of(seat, "one", "single")->hints, 1);
	assert_int_equal(row_of(seat, "one", "single")->points, 3);
}

static void a_hint_of_a_lab_that_was_never_opened_is_refused_and_nothing_is_on_record(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = open_seat(f, 4);
	const struct pack_lab *lab = lab_of(f, "three");
	const struct pack_hint *hint = NULL;
	size_t before = seat->progresses;
	struct err err = ERR_INIT;

	refused(ERR_CONFLICT, grade_hint(seat, lab, pack_task(lab, "last"), 0, &hint, &err));
	assert_non_null(strstr(err.message, "the lab three is not open in this seat"));
	assert_null(hint);
	assert_int_equal(seat->progresses, before);
}

/* As if the lab had been opened a minute earlier. */
static void a_task_takes_from_its_lab_or_the_last_task_until_it_is_done(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = open_seat(f, 5);
	size_t right[4];
	struct err err = ERR_INIT;

	ok(store_run(f->core->store, &err, "UPDATE lab_opened SET at = at - 60000 WHERE seat = ?", "i", seat->row.id));
	assert_false(passes(seat, "single", ""));
	assert_int_equal(row_of(seat, "one", "single")->took_ms, 0);
	right_ones(seat, "single", right);
	AUTO_FREE char *first = str_fmt("%zu", right[0]);
	assert_true(passes(seat, "single", first));
	assert_in_range(row_of(seat, "one", "single")->took_ms, 60000, 90000);
	usleep(20000);
	right_ones(seat, "multiple", right);
	AUTO_FREE char *second = str_fmt("%zu,%zu", right[0], right[1]);
	assert_true(passes(seat, "multiple", second));
	assert_in_range(row_of(seat, "one", "multiple")->took_ms, 20, 30000);

	/* It is on disk, and a later pass changes nothing. */
	struct progress_row *rows;
	size_t count;
	int64_t took = row_of(seat, "one", "single")->took_ms;
	assert_true(passes(seat, "single", first));
	ok(progress_list(f->core->store, seat->row.id, &rows, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(rows[1].took_ms, took);
	for (size_t i = 0; i < count; i++)
		progress_row_free(&rows[i]);
	free(rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(of_a_single_choice_only_the_place_that_the_seat_sees_passes),
		TEST(of_a_multiple_choice_exactly_the_right_ones_pass_in_any_order),
		TEST(a_choice_says_by_its_code_which_option_was_wrong),
		TEST(what_is_no_list_of_options_is_refused_and_costs_no_try),
		TEST(wrong_answers_are_followed_by_a_wait_that_grows),
		TEST(a_right_answer_ends_the_waiting),
		TEST(a_hint_costs_its_points_and_is_on_record),
		TEST(a_hint_of_a_lab_that_was_never_opened_is_refused_and_nothing_is_on_record),
		TEST(a_task_takes_from_its_lab_or_the_last_task_until_it_is_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
