/* Seats that are caught up, labs that want fresh machines, and both for a whole class at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "err_checks.h"
#include "quiz_fixture.h"

static void open_lab(struct fixture *f, unsigned number, const char *lab)
{
	struct err err = ERR_INIT;

	ok(grade_open_lab(class_seat(f->class, number), lab_of(f, lab), NULL, NULL, &err));
	pump(f);
}

static unsigned waiting(const struct fixture *f)
{
	unsigned count = 0;

	for (size_t i = 0; i < f->class->seats; i++)
		count += f->class->seat[i].machine[0].state == MACHINE_WAITING;
	return count;
}

static void expect_caught_up(struct seat *seat, const char *lab, const char *task)
{
	const struct progress_row *row = row_of(seat, lab, task);

	assert_non_null(row);
	assert_true(row->done && row->caught_up);
	assert_int_equal(row->points, 0);
	assert_int_equal(row->took_ms, 0);
}

/* ---- fresh machines ---- */

static void a_lab_that_wants_fresh_machines_resets_those_in_which_another_was_set_up(void **state)
{
	struct fixture *f = *state;
	struct machine *machine = &class_seat(f->class, 1)->machine[0];

	open_lab(f, 1, "one");
	assert_int_equal(machine->row.generation, 1);
	open_lab(f, 1, "two");
	assert_int_equal(machine->row.generation, 2);
	assert_false(grade_lab_is_open(machine->seat, lab_of(f, "two")));
	assert_int_equal(make_waiting(f), 1);
	assert_true(grade_lab_is_open(machine->seat, lab_of(f, "two")));
	assert_false(grade_lab_is_open(machine->seat, lab_of(f, "one")));
	assert_string_equal(machine->seat->row.lab, "two");
	open_lab(f, 1, "two"); /* it is open: nothing is lost */
	assert_int_equal(machine->row.generation, 2);
}

static void machines_in_which_nothing_was_set_up_are_fresh(void **state)
{
	struct fixture *f = *state;

	open_lab(f, 1, "two");
	assert_int_equal(waiting(f), 0);
	assert_true(grade_lab_is_open(class_seat(f->class, 1), lab_of(f, "two")));
}

static void keep_error(void *context, const struct err *err)
{
	snprintf(context, 200, "%.199s", err ? err->message : "opened");
}

static void who_waits_for_a_fresh_machine_is_told_when_it_fails(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = class_seat(f->class, 1);
	char told[200] = "";
	struct err err = ERR_INIT;

	open_lab(f, 1, "one");
	ok(grade_open_lab(seat, lab_of(f, "two"), keep_error, told, &err));
	pump(f);
	assert_string_equal(told, "");
	for (int i = 0; i < 2; i++) { /* it is replaced once */
		machine_step(&seat->machine[0], EVENT_TURN, NULL);
		machine_step(&seat->machine[0], EVENT_NOT_MADE, "no memory");
	}
	assert_non_null(strstr(told, "desk is failed: no memory"));
}

/* As class_freeze() does it, which wants libvirt to be there. */
static void freeze(struct fixture *f)
{
	struct err err = ERR_INIT;

	ok(pause_idle_begin(f->class, &err));
	ok(class_set_state(f->class, CLASS_FREEZING, &err));
	for (size_t i = 0; i < f->class->seats; i++)
		machine_step(&f->class->seat[i].machine[0], EVENT_FREEZE, NULL);
	pump(f);
}

static void who_waits_for_a_setup_that_a_freeze_cuts_off_is_told_that_it_will_be_done(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = class_seat(f->class, 1);
	char told[200] = "";
	struct err err = ERR_INIT;

	ok(grade_open_lab(seat, lab_of(f, "four"), keep_error, told, &err));
	freeze(f);
	assert_string_equal(told, "the class was stopped while the lab four was being set up in seat 1; it is set up when the "
			    "class goes on");
	assert_string_equal(seat->row.lab, "four");
}

static void who_waits_for_fresh_machines_does_not_wait_for_a_class_that_sleeps(void **state)
{
	struct fixture *f = *state;
	struct machine *machine = &class_seat(f->class, 1)->machine[0];
	char told[200] = "";
	struct err err = ERR_INIT;

	open_lab(f, 1, "one");
	ok(grade_open_lab(machine->seat, lab_of(f, "two"), keep_error, told, &err));
	assert_int_equal(machine->state, MACHINE_WAITING);
	machine->state = MACHINE_READY; /* beside another one of its seat that is not */
	freeze(f);
	assert_non_null(strstr(told, "the class was stopped while the lab two was being set up in seat 1; it is set up when"));
}

static void a_catching_up_that_a_freeze_cuts_off_says_so_and_what_to_do(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = class_seat(f->class, 1);
	struct work *work;
	struct err err = ERR_INIT;

	ok(seat_catch_up(f->core, &somebody, seat, lab_of(f, "four"), NULL, &work, &err));
	assert_int_equal(make_waiting(f), 1);
	machine_make(&seat->machine[0]); /* of lab two: from here on it needs no more machines */
	assert_int_equal(work->state, WORK_RUNNING);
	freeze(f);
	assert_int_equal(work->state, WORK_FAILED);
	assert_string_equal(work->message, "the class was stopped while the seat was being caught up; catch it up again when "
			    "the class goes on");
	expect_caught_up(seat, "one", "single"); /* what it had come to stays */
}

/* What was only posted must not leak: sanitizers say so. */
static void who_waits_when_the_daemon_ends_is_told(void **state)
{
	struct fixture *f = *state;
	char one[200] = "", two[200] = "";
	struct work *work;
	struct err err = ERR_INIT;

	open_lab(f, 2, "one");
	ok(grade_open_lab(class_seat(f->class, 1), lab_of(f, "one"), keep_error, one, &err));
	ok(grade_open_lab(class_seat(f->class, 2), lab_of(f, "two"), keep_error, two, &err));
	ok(class_open_lab(f->core, &somebody, f->class, lab_of(f, "three"), &work, &err));
	core_free(STEAL(f->core));
	assert_string_equal(one, "the seat is gone");
	assert_string_equal(two, "the seat is gone");
}

/* ---- one seat ---- */

static void a_seat_is_caught_up_through_a_lab_that_wants_fresh_machines(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = class_seat(f->class, 1);
	struct work *work;
	struct err err = ERR_INIT;

	ok(seat_catch_up(f->core, &somebody, seat, lab_of(f, "three"), NULL, &work, &err));
	assert_int_equal(make_waiting(f), 1); /* lab one is solved in this one */
	assert_int_equal(work->state, WORK_RUNNING);
	assert_int_equal(make_waiting(f), 1); /* and lab two in that */
	assert_int_equal(work->state, WORK_DONE);
	expect_caught_up(seat, "one", "single");
	expect_caught_up(seat, "one", "multiple");
	expect_caught_up(seat, "two", "again");
	assert_null(row_of(seat, "three", "last"));
	assert_true(grade_lab_is_open(seat, lab_of(f, "three")));
}

static void a_seat_whose_machine_fails_is_not_caught_up_for_ever(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = class_seat(f->class, 1);
	struct work *work;
	struct err err = ERR_INIT;

	ok(seat_catch_up(f->core, &somebody, seat, lab_of(f, "three"), NULL, &work, &err));
	for (int i = 0; i < 2; i++) {
		machine_step(&seat->machine[0], EVENT_TURN, NULL);
		machine_step(&seat->machine[0], EVENT_NOT_MADE, "no memory");
	}
	assert_int_equal(work->state, WORK_FAILED);
	json_t *view = view_seat(seat);
	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(view, "catch_up"), "message")),
			       "no memory"));
	json_decref(view);
	ok(seat_reset(f->core, &somebody, seat, NULL, &err));
	view = view_seat(seat);
	assert_true(json_is_null(json_object_get(view, "catch_up")));
	json_decref(view);
}

/* ---- the whole class ---- */

static void everyone_is_caught_up_a_few_seats_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct work *work, *second;
	unsigned rounds = 0;
	struct err err = ERR_INIT;

	ok(class_catch_up(f->core, &somebody, f->class, lab_of(f, "two"), &work, &err));
	refused(ERR_CONFLICT, class_catch_up(f->core, &somebody, f->class, lab_of(f, "two"), &second, &err));
	refused(ERR_CONFLICT, class_open_lab(f->core, &somebody, f->class, lab_of(f, "two"), &second, &err));
	for (; work->state == WORK_RUNNING && rounds < 20; rounds++) {
		assert_in_range(waiting(f), 1, 2);
		make_waiting(f);
	}
	assert_int_equal(work->state, WORK_DONE);
	assert_string_equal(work->object, "class 1");
	for (unsigned number = 1; number <= SEATS; number++) {
		struct seat *seat = class_seat(f->class, number);
		expect_caught_up(seat, "one", "single");
		expect_caught_up(seat, "one", "multiple");
		assert_true(grade_lab_is_open(seat, lab_of(f, "two")));
	}
}

static void a_seat_that_fails_is_named_and_holds_up_nobody(void **state)
{
	struct fixture *f = *state;
	struct machine *broken = &class_seat(f->class, 1)->machine[0];
	struct work *work;
	struct err err = ERR_INIT;

	ok(class_catch_up(f->core, &somebody, f->class, lab_of(f, "two"), &work, &err));
	for (int i = 0; i < 2; i++) {
		machine_step(broken, EVENT_TURN, NULL);
		machine_step(broken, EVENT_NOT_MADE, "no memory");
	}
	pump(f);
	for (int i = 0; work->state == WORK_RUNNING && i < 20; i++)
		make_waiting(f);
	assert_int_equal(work->state, WORK_FAILED);
	assert_non_null(strstr(work->message, "4 of 5 seats arrived; seat 1: the machine desk is failed"));
	json_t *view = view_everyone(f->class);
	assert_int_equal(json_integer_value(json_object_get(view, "arrived")), 4);
	assert_int_equal(json_array_size(json_object_get(view, "failed")), 1);
	json_decref(view);
}

static void a_lab_opens_for_all_but_leaves_those_alone_who_have_it_open(void **state)
{
	struct fixture *f = *state;
	struct work *work;
	struct err err = ERR_INIT;

	open_lab(f, 2, "three");
	open_lab(f, 2, "one"); /* further on, or back: nobody is moved who was there */
	open_lab(f, 3, "one");
	machine_step(&class_seat(f->class, 4)->machine[0], EVENT_STOPPED, "it was powered off");
	ok(class_open_lab(f->core, &somebody, f->class, lab_of(f, "three"), &work, &err));
	for (int i = 0; i < 5; i++)
		pump(f);
	assert_int_equal(work->state, WORK_FAILED);
	assert_non_null(strstr(work->message, "4 of 5 seats arrived; seat 4: the machine desk is off"));
	assert_string_equal(class_seat(f->class, 1)->row.lab, "three");
	assert_string_equal(class_seat(f->class, 2)->row.lab, "one");
	assert_string_equal(class_seat(f->class, 3)->row.lab, "three");
}

static void a_reset_in_the_middle_fails_that_seat_only(void **state)
{
	struct fixture *f = *state;
	struct work *work;
	struct err err = ERR_INIT;

	ok(class_catch_up(f->core, &somebody, f->class, lab_of(f, "two"), &work, &err));
	ok(seat_reset(f->core, &somebody, class_seat(f->class, 1), NULL, &err));
	pump(f);
	for (int i = 0; work->state == WORK_RUNNING && i < 20; i++)
		make_waiting(f);
	assert_non_null(strstr(work->message, "seat 1: the machine was reset meanwhile"));
}

static void closing_the_class_ends_it(void **state)
{
	struct fixture *f = *state;
	struct work *work;
	struct err err = ERR_INIT;

	ok(class_catch_up(f->core, &somebody, f->class, lab_of(f, "two"), &work, &err));
	f->core->virt_up = false;
	ok(class_close(f->core, &somebody, f->class, &err));
	assert_int_equal(work->state, WORK_FAILED);
	assert_non_null(strstr(work->message, "closed"));
	refused(ERR_CONFLICT, class_open_lab(f->core, &somebody, f->class, lab_of(f, "two"), &work, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_lab_that_wants_fresh_machines_resets_those_in_which_another_was_set_up),
		TEST(machines_in_which_nothing_was_set_up_are_fresh),
		TEST(who_waits_for_a_fresh_machine_is_told_when_it_fails),
		TEST(who_waits_for_a_setup_that_a_freeze_cuts_off_is_told_that_it_will_be_done),
		TEST(who_waits_for_fresh_machines_does_not_wait_for_a_class_that_sleeps),
		TEST(a_catching_up_that_a_freeze_cuts_off_says_so_and_what_to_do),
		TEST(who_waits_when_the_daemon_ends_is_told),
		TEST(a_seat_is_caught_up_through_a_lab_that_wants_fresh_machines),
		TEST(a_seat_whose_machine_fails_is_not_caught_up_for_ever),
		TEST(everyone_is_caught_up_a_few_seats_at_a_time),
		TEST(a_seat_that_fails_is_named_and_holds_up_nobody),
		TEST(a_lab_opens_for_all_but_leaves_those_alone_who_have_it_open),
		TEST(a_reset_in_the_middle_fails_that_seat_only),
		TEST(closing_the_class_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
