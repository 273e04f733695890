/* One machine's life: the transition table and what entering a state does, with a real database, a real
 * core on libvirt's test driver, and events sent by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/internal.h"

struct fixture {
	char directory[64];
	struct loop *loop;
	struct core *core;
	struct machine *machine;
};

static int open_core(struct fixture *f)
{
	struct err err = ERR_INIT;
	char packs[256];
	snprintf(packs, sizeof(packs), "%s/labs", getcwd((char[200]){ 0 }, 200));
	struct core_config config = { .state_dir = f->directory,
				      .packs_dir = packs,
				      .images_dir = packs,
				      .agent = "/nonexistent",
				      .uri = "test:///default" };

	f->core = core_new(f->loop, &config, &err);
	if (!f->core)
		print_error("%s\n", err.message);
	return f->core ? 0 : -1;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct actor actor = { .role = ROLE_ADMIN, .name = "test" };
	struct class_new request = { .course = "linux-intro", .seats = 1 };
	struct err err = ERR_INIT;
	struct class *class;

	if (sodium_init() < 0)
		return -1;
	strcpy(f->directory, "/var/tmp/tk-unit-XXXXXX");
	if (!mkdtemp(f->directory))
		return -1;
	f->loop = loop_new(&err);
	if (open_core(f) < 0 || class_create(f->core, &actor, &request, &class, &err) < 0)
		return -1;
	f->machine = &class->seat[0].machine[0];
	f->core->virt_up = false; /* nothing is made by itself: events come from the test */
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

/* What virt/ posted before it was closed still has to arrive and find nobody. */
static void close_core(struct fixture *f)
{
	core_free(f->core);
	while (sd_event_run(loop_event(f->loop), 0) > 0)
		;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close_core(f);
	loop_free(f->loop);
	nftw(f->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void step(struct fixture *f, enum machine_event event, enum machine_state expected)
{
	machine_step(f->machine, event, NULL);
	assert_string_equal(machine_state_names[f->machine->state], machine_state_names[expected]);
}

/* What the database says of it, in the words of the row. */
static char *saved_state(struct fixture *f)
{
	struct machine_row *rows;
	size_t count;
	static char text[32];

	assert_int_equal(machines_list(f->core->store, f->machine->seat->row.id, &rows, &count, NULL), 0);
	snprintf(text, sizeof(text), "%s", rows[0].state);
	for (size_t i = 0; i < count; i++)
		machine_row_free(&rows[i]);
	free(rows);
	return text;
}

static void make_ready(struct fixture *f)
{
	step(f, EVENT_WANT, MACHINE_WAITING);
	step(f, EVENT_TURN, MACHINE_CLONING);
	step(f, EVENT_CLONED, MACHINE_PERSONALISING);
	step(f, EVENT_UP, MACHINE_PERSONALISING);
	step(f, EVENT_IDENTIFIED, MACHINE_PROBING);
	step(f, EVENT_PROBED, MACHINE_READY);
}

static void the_straight_road_ends_ready_and_on_disk(void **state)
{
	struct fixture *f = *state;
	struct seat *seat = f->machine->seat;

	for (size_t i = seat->machines; i-- > 0;) { /* the first one last */
		assert_false(seat_is_ready(seat));
		f->machine = &seat->machine[i];
		make_ready(f);
	}
	assert_true(seat_is_ready(seat));
	assert_int_equal(f->machine->row.generation, 1);
	assert_string_equal(saved_state(f), "ready");
}

static void a_wanted_machine_is_wanted_after_a_restart(void **state)
{
	struct fixture *f = *state;

	step(f, EVENT_WANT, MACHINE_WAITING);
	assert_string_equal(saved_state(f), "waiting");
	step(f, EVENT_TURN, MACHINE_CLONING);
	assert_string_equal(saved_state(f), "waiting");
}

/* libvirtd is there, but what is wanted has to wait for its turn. */
static void every_lane_is_taken(struct fixture *f)
{
	f->core->virt_up = true;
	f->core->clones = f->core->config.clones;
}

static void a_machine_that_fails_is_replaced_once(void **state)
{
	struct fixture *f = *state;

	every_lane_is_taken(f);
	step(f, EVENT_WANT, MACHINE_WAITING);
	step(f, EVENT_TURN, MACHINE_CLONING);
	machine_step(f->machine, EVENT_NOT_MADE, "the first went wrong");
	assert_int_equal(f->machine->state, MACHINE_WAITING);
	assert_int_equal(f->machine->row.generation, 2);
	step(f, EVENT_TURN, MACHINE_CLONING);
	machine_step(f->machine, EVENT_NOT_MADE, "the second, too");
	assert_int_equal(f->machine->state, MACHINE_FAILED);
	assert_string_equal(f->machine->row.reason, "the second, too");
	assert_string_equal(saved_state(f), "failed");
	f->core->clones = 0;
}

static void a_reset_makes_a_new_generation_beside_the_old_one(void **state)
{
	struct fixture *f = *state;
	char domain[64];

	make_ready(f);
	machine_domain(f->machine, domain);
	step(f, EVENT_WANT, MACHINE_WAITING);
	assert_string_equal(f->machine->doomed, domain);
	machine_domain(f->machine, domain);
	assert_string_not_equal(f->machine->doomed, domain);
}

static void a_machine_with_work_on_it_is_never_thrown_away(void **state)
{
	struct fixture *f = *state;

	make_ready(f);
	step(f, EVENT_UP, MACHINE_PERSONALISING); /* its agent was killed and came back */
	step(f, EVENT_IDENTIFIED, MACHINE_PROBING);
	step(f, EVENT_REFUSED, MACHINE_LOST);
	assert_int_equal(f->machine->row.generation, 1);
	step(f, EVENT_KNOWN, MACHINE_PROBING);
	step(f, EVENT_PROBED, MACHINE_READY);
}

static void power_off_keeps_the_disk_and_start_boots_it(void **state)
{
	struct fixture *f = *state;

	make_ready(f);
	step(f, EVENT_STOPPED, MACHINE_OFF);
	assert_string_equal(saved_state(f), "off");
	assert_null(f->machine->link);
	/* There is no image here: what cannot be started stays off, and says why. */
	step(f, EVENT_START, MACHINE_OFF);
	assert_non_null(strstr(f->machine->row.reason, "image"));
	assert_int_equal(f->machine->row.generation, 1);
}

static void a_machine_that_stops_before_it_was_ready_has_failed(void **state)
{
	struct fixture *f = *state;

	every_lane_is_taken(f);
	f->machine->row.replaced = 1;
	step(f, EVENT_WANT, MACHINE_WAITING);
	step(f, EVENT_TURN, MACHINE_CLONING);
	step(f, EVENT_CLONED, MACHINE_PERSONALISING);
	step(f, EVENT_STOPPED, MACHINE_FAILED);
	f->core->clones = 0;
}

static void what_fails_while_libvirtd_is_away_waits_for_it(void **state)
{
	struct fixture *f = *state;

	f->machine->row.replaced = 1;
	step(f, EVENT_WANT, MACHINE_WAITING);
	step(f, EVENT_TURN, MACHINE_CLONING);
	step(f, EVENT_NOT_MADE, MACHINE_WAITING);
	assert_int_equal(f->machine->row.replaced, 1);
}

static void a_reboot_goes_through_booting(void **state)
{
	struct fixture *f = *state;

	make_ready(f);
	step(f, EVENT_REBOOTED, MACHINE_BOOTING);
	step(f, EVENT_UP, MACHINE_PERSONALISING);
	step(f, EVENT_IDENTIFIED, MACHINE_PROBING);
	step(f, EVENT_PROBED, MACHINE_READY);
	assert_int_equal(f->machine->row.generation, 1);
}

static void late_answers_are_nobodys(void **state)
{
	struct fixture *f = *state;

	step(f, EVENT_WANT, MACHINE_WAITING);
	struct awaited *before = await(f->machine);
	struct awaited *again = await(f->machine);
	step(f, EVENT_TURN, MACHINE_CLONING);
	assert_ptr_equal(awaited_machine(again), f->machine); /* the straight road keeps the life */
	step(f, EVENT_WANT, MACHINE_WAITING);
	assert_null(awaited_machine(before));
}

static void nothing_leaves_removing(void **state)
{
	struct fixture *f = *state;

	make_ready(f);
	step(f, EVENT_REMOVE, MACHINE_REMOVING);
	for (int event = 0; event < MACHINE_EVENTS; event++)
		step(f, event, MACHINE_REMOVING);
}

/* Whatever comes, in whatever order: the state is one of the table's, and a second life never shares a
 * domain's name with the first. */
static void any_order_of_events_keeps_the_machine_sound(void **state)
{
	struct fixture *f = *state;
	unsigned generation = 0;

	srand(7);
	for (int i = 0; i < 3000; i++) {
		enum machine_event event = rand() % MACHINE_EVENTS;
		if (event == EVENT_REMOVE || event == EVENT_START)
			continue;
		bool ready = f->machine->state == MACHINE_READY;
		machine_step(f->machine, event, NULL);
		assert_in_range(f->machine->state, 0, MACHINE_STATES - 1);
		assert_true(f->machine->row.generation >= generation);
		if (ready && event != EVENT_WANT)
			assert_int_equal(f->machine->row.generation, generation);
		generation = f->machine->row.generation;
	}
}

static void a_restart_looks_for_what_was_ready(void **state)
{
	struct fixture *f = *state;

	make_ready(f);
	close_core(f);
	assert_int_equal(open_core(f), 0);
	struct class *class = LIST_FIRST(&f->core->classes);
	f->machine = &class->seat[0].machine[0];
	assert_int_equal(f->machine->state, MACHINE_LOST);
	assert_true(f->machine->proven);
	step(f, EVENT_MISSING, MACHINE_OFF);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_straight_road_ends_ready_and_on_disk),
		TEST(a_wanted_machine_is_wanted_after_a_restart),
		TEST(a_machine_that_fails_is_replaced_once),
		TEST(a_reset_makes_a_new_generation_beside_the_old_one),
		TEST(a_machine_with_work_on_it_is_never_thrown_away),
		TEST(power_off_keeps_the_disk_and_start_boots_it),
		TEST(a_machine_that_stops_before_it_was_ready_has_failed),
		TEST(what_fails_while_libvirtd_is_away_waits_for_it),
		TEST(a_reboot_goes_through_booting),
		TEST(late_answers_are_nobodys),
		TEST(nothing_leaves_removing),
		TEST(any_order_of_events_keeps_the_machine_sound),
		TEST(a_restart_looks_for_what_was_ready),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
