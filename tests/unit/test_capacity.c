/* What a class takes, what others will still take of what is free, and what becomes of measured figures. Nothing runs
 * and libvirt is nowhere: the host is what each test says it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "core/capacity.h"
#include "core/figures.h"
#include "core/setting.h"
#include "err_checks.h"
#include "quiz_fixture.h"
#include "store/query.h"

#define MIB  (1ull << 20)
#define GIB  (1ull << 30)
#define HOUR 3600000ll

/* ---- figures ---------------------------------------------------------------------------------- */

static const struct cost guess = { .memory = 180 * MIB, .disk = 512 * MIB, .saved = 150 * MIB, .ready_ms = 350 };

static void what_was_never_measured_is_guessed(void **state)
{
	(void)state;
	struct cost clone = cost_guess(384 * MIB, true, true), boot = cost_guess(384 * MIB, false, false);
	struct cost unknown = cost_of(&(struct figure){ 0 }, &guess);

	assert_int_equal(clone.memory, 384 * MIB / 5 + 104 * MIB);
	assert_int_equal(boot.memory, 424 * MIB);
	assert_false(unknown.measured || unknown.time_measured);
	assert_int_equal(unknown.memory, guess.memory);
	assert_int_equal(unknown.disk, guess.disk);
	assert_int_equal(unknown.ready_ms, guess.ready_ms);
}

static void a_fresh_clone_does_not_make_a_class_small(void **state)
{
	(void)state;
	struct cost fresh = cost_of(&(struct figure){ .memory = 40 * MIB, .disk = MIB, .ready_ms = 190 }, &guess);
	struct cost large = cost_of(&(struct figure){ .memory = 400 * MIB, .disk = GIB }, &guess);

	assert_false(fresh.measured);
	assert_int_equal(fresh.memory, guess.memory);
	assert_int_equal(fresh.disk, guess.disk);
	assert_true(fresh.time_measured);
	assert_int_equal(fresh.ready_ms, 190);
	assert_false(large.measured);
	assert_int_equal(large.memory, 500 * MIB);
	assert_int_equal(large.disk, 2 * GIB + guess.saved);
}

static void what_labs_took_counts_with_a_quarter_more(void **state)
{
	(void)state;
	const struct figure figure = { .memory = 120 * MIB, .disk = 20 * MIB, .saved = 40 * MIB, .worked = true };
	struct cost cost = cost_of(&figure, &guess);

	assert_true(cost.measured);
	assert_false(cost.time_measured);
	assert_int_equal(cost.memory, 150 * MIB);
	assert_int_equal(cost.saved, 50 * MIB);
	assert_int_equal(cost.disk, 128 * MIB + 50 * MIB);
}

static void an_earlier_template_is_a_hint_only(void **state)
{
	(void)state;
	struct figure earlier = { .memory = 120 * MIB, .worked = true, .ready_ms = 200, .earlier = true };
	struct cost cost = cost_of(&earlier, &guess);

	assert_false(cost.measured || cost.time_measured);
	assert_int_equal(cost.memory, guess.memory);
	assert_int_equal(cost.ready_ms, 200);
	earlier.memory = 200 * MIB;
	assert_int_equal(cost_of(&earlier, &guess).memory, 250 * MIB);
}

static void one_of_ten_does_not_stand_for_all(void **state)
{
	(void)state;
	int64_t ten[] = { 450, 120, 118, 130, 110, 90, 100, 80, 70, 60 }, one[] = { 450 };
	int64_t three[] = { 60, 241, 59 }, six[] = { 60, 58, 241, 61, 59, 57 };

	assert_int_equal(most_but_a_tenth(ten, 10), 130);
	assert_int_equal(most_but_a_tenth(one, 1), 450);
	assert_int_equal(most_but_a_tenth(three, 3), 241); /* who knows which of them is odd */
	assert_int_equal(most_but_a_tenth(six, 6), 61);
	assert_int_equal(most_but_a_tenth(NULL, 0), 0);
}

static void those_that_had_worked_count_and_the_others_where_they_take_more(void **state)
{
	(void)state;
	const struct figure_machine fresh = { 40, 1, false }, done = { 130, 20, true }, greedy = { 300, 9, false };
	struct figure_machine machines[40];
	struct figure figure = { 0 };

	for (size_t i = 0; i < 40; i++)
		machines[i] = i < 37 ? fresh : done;
	figure_fill(&figure, machines, 37);
	assert_int_equal(figure.memory, 40);
	assert_false(figure.worked);
	figure_fill(&figure, machines, 40);
	assert_int_equal(figure.memory, 130);
	assert_int_equal(figure.disk, 20);
	assert_true(figure.worked);
	machines[0] = greedy;
	figure_fill(&figure, machines, 40);
	assert_int_equal(figure.memory, 130);
	for (size_t i = 0; i < 20; i++)
		machines[i] = greedy;
	figure_fill(&figure, machines, 40);
	assert_int_equal(figure.memory, 300);
}

/* As it was: "2,990 MB for six seats", for the one that had taken 241 MB. */
static void a_machine_that_ran_wild_is_forgotten_when_others_were_seen(void **state)
{
	struct fixture *f = *state;
	struct store *store = f->core->store;
	const struct figure_key key = { "quizzes", "desk", "one" };
	AUTO_FREE struct figure_machine *machines = NULL;
	struct figure figure = { 0 };
	size_t count;
	bool news;
	struct err err;

	ok(figures_see(store, &key, "c1-s01-desk-g1", &(struct figure_machine){ 241 * MIB, MIB, false }, &news, &err));
	assert_true(news);
	ok(figures_see(store, &key, "c1-s01-desk-g1", &(struct figure_machine){ 90 * MIB, MIB, false }, &news, &err));
	assert_false(news); /* at most */
	for (int i = 0; i < 2 * FIGURE_MACHINES; i++) {
		AUTO_FREE char *domain = str_fmt("c2-s%03d-desk-g1", i);
		const struct figure_machine took = { (60 + i % 5) * MIB, MIB, i % 2 };
		ok(figures_see(store, &key, domain, &took, &news, &err));
		if (i != 5)
			continue;
		ok(figures_machines(store, &key, &machines, &count, &err));
		figure_fill(&figure, machines, count);
		free(STEAL(machines));
		assert_int_equal(figure.memory, 64 * MIB);
	}
	ok(store_run(store, &err, "UPDATE figure_machine SET at = 1 WHERE domain = 'c1-s01-desk-g1'", ""));
	ok(figures_see(store, &key, "c3-s01-desk-g1", &(struct figure_machine){ 60 * MIB, MIB, false }, &news, &err));
	ok(figures_machines(store, &key, &machines, &count, &err));
	assert_int_equal(count, 2 * FIGURE_MACHINES);
	for (size_t i = 0; i < count; i++)
		assert_true(machines[i].memory < (int64_t)(70 * MIB));
}

static void figures_are_kept_by_what_a_machine_is_made_from(void **state)
{
	struct fixture *f = *state;
	struct store *store = f->core->store;
	const struct figure_key old = { "quizzes", "desk", "one" }, new = { "quizzes", "desk", "two" };
	const struct figure_key other = { "quizzes", "files", "one" };
	struct figure figure = { .memory = 5, .disk = 6, .worked = true, .saved = 7, .ready_ms = 8 };
	struct err err;

	ok(figures_put(store, &old, &figure, &err));
	ok(figures_find(store, &other, &figure, &err));
	assert_int_equal(figure.memory + figure.disk + figure.saved + figure.ready_ms, 0);
	ok(figures_find(store, &new, &figure, &err));
	assert_true(figure.earlier && figure.worked);
	figure.memory = 50;
	ok(figures_put(store, &new, &figure, &err));
	ok(figures_find(store, &new, &figure, &err));
	assert_int_equal(figure.memory, 50);
	assert_false(figure.earlier);
	ok(figures_find(store, &old, &figure, &err));
	assert_int_equal(figure.memory, 5);
	assert_false(figure.earlier);
}

/* ---- weighing --------------------------------------------------------------------------------- */

static void seats_fit_into_what_others_leave(void **state)
{
	(void)state;
	struct load load = { .seats = 30, .seat_memory = 150 * MIB, .seat_disk = 512 * MIB, .once = 120 * MIB,
			     .memory = 6 * GIB, .disk = 100 * GIB, .launch_ms = 6500 };
	struct capacity capacity;

	capacity_weigh(&capacity, &load);
	assert_true(capacity.fits);
	assert_int_equal(capacity.memory_needed, 4620 * MIB);
	assert_int_equal(capacity.seats_that_fit, 40);
	load.memory_kept = 2 * GIB;
	load.kept_for = 2;
	capacity_weigh(&capacity, &load);
	assert_false(capacity.fits);
	assert_int_equal(capacity.memory_free, 4 * GIB);
	assert_int_equal(capacity.seats_that_fit, 26);
	load.disk_kept = 99 * GIB;
	capacity_weigh(&capacity, &load);
	assert_int_equal(capacity.seats_that_fit, 2);
}

static void nothing_fits_where_others_take_more_than_there_is(void **state)
{
	(void)state;
	const struct load load = { .seats = 1, .seat_memory = MIB, .once = 2 * MIB, .memory = GIB, .memory_kept = 2 * GIB,
				   .kept_for = 1 };
	const struct load tight = { .seats = 1, .seat_memory = MIB, .once = 2 * MIB, .memory = 2 * MIB };
	struct capacity capacity;

	capacity_weigh(&capacity, &load);
	assert_int_equal(capacity.memory_free, 0);
	assert_int_equal(capacity.seats_that_fit, 0);
	assert_false(capacity.fits);
	capacity_weigh(&capacity, &tight);
	assert_int_equal(capacity.seats_that_fit, 0);
}

/* ---- classes beside each other ---------------------------------------------------------------- */

/* 384 MiB cold, 40 for QEMU, 64 for what it translates. */
#define EACH (488 * MIB)

static void host_has(struct fixture *f, uint64_t memory)
{
	f->core->host = (struct virt_host){ .memory_available = memory + memory_reserve(f->core),
					    .disk_free = 1000 * GIB };
	f->core->host_known = true;
}

static struct class *another(struct fixture *f, unsigned seats)
{
	const struct class_new request = { .course = "quizzes", .seats = seats };
	struct class *class;
	struct err err;

	ok(class_create(f->core, &somebody, &request, &class, &err));
	return class;
}

static uint64_t kept(struct class *beside, unsigned classes)
{
	struct capacity capacity;

	class_capacity(beside, &capacity);
	assert_int_equal(capacity.kept_for, classes);
	return capacity.memory_kept;
}

static void plan_for(struct class *class, enum plan_action action, int64_t hours)
{
	const struct plan plan = { clock_real_ms() + hours * HOUR, action };
	struct err err;

	ok(class_schedule(class->core, &somebody, class, &plan, 1, true, &err));
}

static void machines_that_run_keep_what_they_have_not_grown_to(void **state)
{
	struct fixture *f = *state;
	struct class *new = another(f, 1);

	host_has(f, 10 * GIB);
	assert_int_equal(kept(new, 1), SEATS * EACH);
	for (size_t i = 0; i < SEATS; i++)
		f->class->seat[i].machine[0].own = 88 * MIB;
	assert_int_equal(kept(new, 1), SEATS * 400 * MIB);
	f->class->seat[0].machine[0].own = EACH + 1;
	assert_int_equal(kept(new, 1), (SEATS - 1) * 400 * MIB);
	machine_step(&f->class->seat[1].machine[0], EVENT_STOPPED, NULL);
	assert_int_equal(f->class->seat[1].machine[0].state, MACHINE_OFF);
	assert_int_equal(kept(new, 1), (SEATS - 2) * 400 * MIB + EACH);
}

static void a_draft_counts_when_it_is_planned_for_the_same_time(void **state)
{
	struct fixture *f = *state;
	struct class *new = another(f, 1), *draft = another(f, 3);

	host_has(f, 10 * GIB);
	f->class->state = CLASS_CLOSED;
	assert_int_equal(kept(new, 0), 0);
	plan_for(draft, PLAN_PREPARE, 20);
	assert_int_equal(kept(new, 0), 0);
	plan_for(draft, PLAN_OPEN, 3);
	assert_int_equal(kept(new, 1), 3 * EACH);
	plan_for(new, PLAN_CLOSE, 2);
	assert_int_equal(kept(new, 0), 0);
}

static void freeze_by_hand(struct class *class)
{
	class->state = CLASS_FROZEN;
	for (size_t i = 0; i < class->seats; i++)
		class->seat[i].machine[0].state = MACHINE_FROZEN;
}

static void a_frozen_class_counts_unless_it_comes_back_later(void **state)
{
	struct fixture *f = *state;
	struct class *new = another(f, 2);

	host_has(f, 10 * GIB);
	freeze_by_hand(f->class);
	assert_int_equal(kept(new, 1), SEATS * EACH);
	plan_for(f->class, PLAN_RESUME, 14);
	assert_int_equal(kept(new, 0), 0);
	plan_for(new, PLAN_CLOSE, 15);
	assert_int_equal(kept(new, 1), SEATS * EACH);
}

static void who_resumes_first_comes_first(void **state)
{
	struct fixture *f = *state;
	struct class *other = another(f, 2);
	struct err err;

	freeze_by_hand(f->class);
	freeze_by_hand(other);
	host_has(f, SEATS * EACH);
	assert_int_equal(kept(f->class, 0), 0);
	ok(capacity_check(f->class, &err));
	plan_for(other, PLAN_RESUME, 1);
	assert_int_equal(kept(f->class, 1), 2 * EACH);
	refused(ERR_CAPACITY, capacity_check(f->class, &err));
	assert_non_null(strstr(err.message, "bringing back class"));
	assert_non_null(strstr(err.message, "kept for 1 other class "));
	assert_non_null(strstr(err.message, "freeze or close another class first"));
}

static void the_verdict_names_others_only_when_they_make_the_difference(void **state)
{
	struct fixture *f = *state;
	struct class *new = another(f, 10);
	struct capacity capacity;
	struct err err;

	host_has(f, 1000 * GIB);
	class_capacity(new, &capacity);
	assert_true(capacity.fits);
	assert_null(strstr(capacity.verdict, "other class"));
	assert_non_null(strstr(capacity.verdict, "10 seats need 4.8 GB of 997.6 GB free memory, ready in about 4 s; "
						 "500 would fit (estimated; not measured on this host yet)"));
	host_has(f, 12 * EACH);
	refused(ERR_CAPACITY, capacity_check(new, &err));
	assert_non_null(strstr(err.message, "; 7 seats fit; 2.4 GB of memory and 2.5 GB of disk are kept for 1 other class "));
	assert_non_null(strstr(err.message, "close another class"));
	f->class->state = CLASS_CLOSED;
	ok(capacity_check(new, &err));
}

/* ---- while classes run ------------------------------------------------------------------------ */

static void memory_below_the_reserve_is_told_until_there_is_a_quarter_more(void **state)
{
	struct fixture *f = *state;
	uint64_t reserve = memory_reserve(f->core);

	f->core->host.memory_available = reserve - 1;
	capacity_look(f->core);
	assert_true(f->core->memory_low);
	f->core->host.memory_available = reserve + 1;
	capacity_look(f->core);
	assert_true(f->core->memory_low);
	f->core->host.memory_available = reserve * 5 / 4;
	capacity_look(f->core);
	assert_false(f->core->memory_low);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_measured_is_guessed),
		cmocka_unit_test(a_fresh_clone_does_not_make_a_class_small),
		cmocka_unit_test(what_labs_took_counts_with_a_quarter_more),
		cmocka_unit_test(an_earlier_template_is_a_hint_only),
		cmocka_unit_test(one_of_ten_does_not_stand_for_all),
		cmocka_unit_test(those_that_had_worked_count_and_the_others_where_they_take_more),
		cmocka_unit_test_setup_teardown(a_machine_that_ran_wild_is_forgotten_when_others_were_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(figures_are_kept_by_what_a_machine_is_made_from, setup, teardown),
		cmocka_unit_test(seats_fit_into_what_others_leave),
		cmocka_unit_test(nothing_fits_where_others_take_more_than_there_is),
		cmocka_unit_test_setup_teardown(machines_that_run_keep_what_they_have_not_grown_to, setup, teardown),
		cmocka_unit_test_setup_teardown(a_draft_counts_when_it_is_planned_for_the_same_time, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frozen_class_counts_unless_it_comes_back_later, setup, teardown),
		cmocka_unit_test_setup_teardown(who_resumes_first_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(the_verdict_names_others_only_when_they_make_the_difference, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_below_the_reserve_is_told_until_there_is_a_quarter_more, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
