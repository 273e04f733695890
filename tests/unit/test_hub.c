/* The hub between a core and an agent that are played by this test: every function that the hub calls
 * below is here, and says what it was called with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/class.h"
#include "core/grade.h"
#include "core/note.h"
#include "term/hub.h"
#include "term/watch.h"

/* ---- a core of one seat with one machine, and its agent ------------------------------------- */

static struct loop *loop;
static struct hub *hub;
static struct pack_machine spec = { .user = (char *)"student" };
static struct machine machine;
static struct class class;
static struct seat seat = { .machine = &machine, .machines = 1, .class = &class, .row = { .id = 7 } };
static const struct core_terminals *hooks;
static struct bus_listener *listener;

static bool up;
static struct buf typed;          /* what reached the agent */
static size_t window;             /* bytes of input that it takes now */
static char opened_for[64];
static char opened_as[64];
static link_done_fn *opened;
static void *opened_context;
static uint64_t acked, attached_at;
static unsigned opens, attaches, activity;
static uint16_t rows, columns;

const char *const machine_state_names[MACHINE_STATES] = {
	[MACHINE_ABSENT] = "absent",   [MACHINE_WAITING] = "waiting", [MACHINE_CLONING] = "cloning",
	[MACHINE_BOOTING] = "booting", [MACHINE_PERSONALISING] = "personalising",
	[MACHINE_PROBING] = "probing", [MACHINE_READY] = "ready",     [MACHINE_OFF] = "off",
	[MACHINE_LOST] = "lost",       [MACHINE_FAILED] = "failed",   [MACHINE_REMOVING] = "removing",
};

struct machine *core_machine(struct core *core, int64_t id)
{
	(void)core;
	return id == machine.row.id ? &machine : NULL;
}

void machine_set_terminals(struct machine *one, uint32_t numbers)
{
	one->terminals = numbers;
}

static struct seat_watcher looking[4];
static size_t lookers;
static char noted[64];

void seat_set_watchers(struct seat *one, const struct seat_watcher *watcher, size_t count)
{
	(void)one;
	memcpy(looking, watcher, count * sizeof(*watcher));
	lookers = count;
}

bool class_is_private(const struct class *one)
{
	(void)one;
	return false;
}

void note(struct core *core, const struct actor *actor, const char *action, int64_t class_id,
	  int64_t seat_id, const char *object, const char *detail)
{
	(void)core, (void)actor, (void)class_id, (void)seat_id, (void)object, (void)detail;
	snprintf(noted + strlen(noted), sizeof(noted) - strlen(noted), "%s ", action);
}

struct seat *core_seat(struct core *core, int64_t id)
{
	(void)core;
	return id == 7 ? &seat : NULL;
}

struct loop *core_loop(struct core *core)
{
	(void)core;
	return loop;
}

void core_set_terminals(struct core *core, const struct core_terminals *terminals, void *context)
{
	(void)core, (void)context;
	hooks = terminals;
}

void bus_listen(struct core *core, struct bus_listener *new_listener)
{
	(void)core;
	listener = new_listener;
}

void bus_unlisten(struct core *core, struct bus_listener *old)
{
	(void)core, (void)old;
	listener = NULL;
}

void grade_activity(struct machine *active)
{
	(void)active;
	activity++;
}

bool link_is_up(const struct link *link)
{
	(void)link;
	return up;
}

void link_pty_open(struct link *link, const struct link_pty_spec *wanted, link_done_fn *done,
		   void *context)
{
	(void)link;
	snprintf(opened_as, sizeof(opened_as), "%s %s %ux%u", wanted->user, wanted->env[0],
		 wanted->rows, wanted->columns);
	snprintf(opened_for, sizeof(opened_for), "%s", wanted->argv ? wanted->argv[4] : "");
	opens++;
	opened = done;
	opened_context = context;
}

void link_pty_attach(struct link *link, uint16_t channel, uint64_t offset)
{
	(void)link, (void)channel;
	attached_at = offset;
	attaches++;
}

size_t link_pty_write(struct link *link, uint16_t channel, const uint8_t *data, size_t length)
{
	size_t taken = length < window ? length : window;

	(void)link, (void)channel;
	buf_append(&typed, data, taken);
	window -= taken;
	return taken;
}

void link_pty_resize(struct link *link, uint16_t channel, uint16_t new_rows, uint16_t new_columns)
{
	(void)link, (void)channel;
	rows = new_rows;
	columns = new_columns;
}

void link_pty_ack(struct link *link, uint16_t channel, uint64_t offset)
{
	(void)link, (void)channel;
	acked = offset;
}

static unsigned closes;

void link_pty_close(struct link *link, uint16_t channel)
{
	(void)link, (void)channel;
	closes++;
}

size_t console_write(struct console *console, const uint8_t *data, size_t length)
{
	return link_pty_write((struct link *)console, HUB_CONSOLE, data, length);
}

/* ---- a viewer that writes down what it is told ---------------------------------------------- */

struct watcher {
	struct viewer *viewer;
	struct buf seen;
	uint64_t first, next;  /* offsets; next is where the following byte has to be */
	bool any, full, ended;
	unsigned jumps, rooms, refusals;
	enum terminal_state state;
	char why[64];
	uint16_t rows;
};

static size_t on_data(void *context, uint64_t offset, const uint8_t *data, size_t length)
{
	struct watcher *watcher = context;

	if (watcher->full)
		return 0;
	if (!watcher->any)
		watcher->first = watcher->next = offset;
	watcher->jumps += offset != watcher->next;
	watcher->any = true;
	/* Takes what a small message holds, as a WebSocket does. */
	size_t taken = length < 1000 ? length : 1000;
	buf_append(&watcher->seen, data, taken);
	watcher->next = offset + taken;
	return taken;
}

static void on_state(void *context, enum terminal_state state, const char *why)
{
	struct watcher *watcher = context;

	watcher->state = state;
	watcher->ended |= state == TERMINAL_ENDED;
	snprintf(watcher->why, sizeof(watcher->why), "%s", why ? why : "");
}

static void on_resized(void *context, uint16_t new_rows, uint16_t new_columns)
{
	struct watcher *watcher = context;

	(void)new_columns;
	watcher->rows = new_rows;
}

static void on_room(void *context)
{
	((struct watcher *)context)->rooms++;
}

static void on_watched(void *context, const char *name, bool assists)
{
	struct watcher *watcher = context;

	snprintf(watcher->why, sizeof(watcher->why), "%s %s", name, assists ? "helps" : "watches");
}

static void on_refused(void *context)
{
	((struct watcher *)context)->refusals++;
}

static const struct viewer_events events = {
	.watched = on_watched,
	.refused = on_refused,
	.data = on_data,
	.state = on_state,
	.resized = on_resized,
	.room = on_room,
};

static void turn(void)
{
	for (int i = 0; i < 4; i++)
		sd_event_run(loop_event(loop), 0);
}

#define CONSOLE 99 /* for attach_as(), where 0 is the first shell */

static void attach_as(struct watcher *watcher, struct hub_attach attach)
{
	struct err err = ERR_INIT;

	attach.machine_id = 1;
	attach.number = attach.number == CONSOLE ? HUB_CONSOLE : 1;
	attach.rows = attach.rows ? attach.rows : 24;
	attach.columns = 80;
	attach.language = attach.language ? attach.language : "en";
	*watcher = (struct watcher){ 0 };
	assert_int_equal(hub_attach(hub, &attach, &events, watcher, &watcher->viewer, &err), 0);
	assert_false(watcher->any);
	turn();
}

static void attach(struct watcher *watcher)
{
	attach_as(watcher, (struct hub_attach){ 0 });
}

static void detach(struct watcher *watcher)
{
	if (!watcher->ended)
		viewer_detach(watcher->viewer);
	buf_free(&watcher->seen);
}

static void say_at(uint64_t offset, const char *text)
{
	hooks->data(hub, &machine, 1, offset, (const uint8_t *)text, strlen(text));
}

static uint64_t said;

static void say(const char *text)
{
	say_at(said, text);
	said += strlen(text);
}

static void open_shell(struct watcher *watcher)
{
	attach(watcher);
	opened(opened_context, NULL);
	turn();
	assert_int_equal(watcher->state, TERMINAL_LIVE);
}

static int set_up(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	loop = loop_new(&err);
	class.paused_at = 0;
	machine = (struct machine){ .row = { .id = 1 }, .seat = &seat, .spec = &spec, .state = MACHINE_READY,
				    .link = (struct link *)&machine, .announced = true };
	up = true;
	window = 1 << 20;
	opens = attaches = activity = closes = 0;
	acked = attached_at = said = 0;
	opened = NULL;
	hub = hub_new(NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hub_free(hub);
	loop_free(loop);
	buf_free(&typed);
	return 0;
}

/* ---- what holds ----------------------------------------------------------------------------- */

static void the_first_viewer_opens_a_shell_in_its_language_and_size(void **state)
{
	struct watcher watcher;

	(void)state;
	attach_as(&watcher, (struct hub_attach){ .language = "ja", .rows = 40 });
	assert_string_equal(opened_as, "student LANG=ja_JP.UTF-8 40x80");
	assert_int_equal(watcher.state, TERMINAL_OPENING);
	opened(opened_context, NULL);
	assert_int_equal(watcher.state, TERMINAL_LIVE);
	struct watcher second;
	attach(&second);
	assert_int_equal(opens, 1);
	detach(&watcher);
	detach(&second);
}

static void output_reaches_everybody_in_the_same_turn(void **state)
{
	struct watcher one, two;

	(void)state;
	open_shell(&one);
	attach(&two);
	say("hello ");
	say("world");
	assert_string_equal(one.seen.data, "hello world");
	assert_string_equal(two.seen.data, "hello world");
	assert_int_equal(activity, 2);
	detach(&one);
	detach(&two);
}

static void a_viewer_that_comes_back_gets_exactly_the_rest(void **state)
{
	struct watcher one, back, late;

	(void)state;
	open_shell(&one);
	say("0123456789");
	detach(&one);
	say("abcdef");
	attach_as(&back, (struct hub_attach){ .has_offset = true, .offset = 8 });
	assert_string_equal(back.seen.data, "89abcdef");
	attach(&late);
	assert_string_equal(late.seen.data, "0123456789abcdef");
	detach(&back);
	detach(&late);
}

static void core_is_told_which_terminals_there_are(void **state)
{
	struct watcher watcher;

	(void)state;
	assert_int_equal(hub_free_number(hub, 1), 2);
	open_shell(&watcher);
	assert_int_equal(machine.terminals, 1u << 1);
	hooks->exit(hub, &machine, 1, 0);
	turn();
	assert_int_equal(machine.terminals, 0);
	detach(&watcher);
}

static void a_terminal_may_be_opened_for_a_command(void **state)
{
	struct watcher watcher;

	(void)state;
	attach_as(&watcher, (struct hub_attach){ .command = "vi 'a b'" });
	assert_string_equal(opened_for, "vi 'a b'");
	opened(opened_context, NULL);
	detach(&watcher);
}

static void who_hangs_up_ends_the_shell_but_not_under_somebody_elses_eyes(void **state)
{
	struct watcher one, two;

	(void)state;
	open_shell(&one);
	attach(&two);
	viewer_hangup(one.viewer);
	assert_int_equal(closes, 0);
	viewer_hangup(two.viewer);
	assert_int_equal(closes, 1);
	buf_free(&one.seen);
	buf_free(&two.seen);
}

static void an_offset_of_another_shell_is_ignored(void **state)
{
	struct watcher one, back;

	(void)state;
	open_shell(&one);
	say("new");
	attach_as(&back, (struct hub_attach){ .has_offset = true, .offset = 5000 });
	assert_int_equal(back.first, 0);
	assert_string_equal(back.seen.data, "new");
	detach(&one);
	detach(&back);
}

static void a_slow_viewer_is_moved_forward_and_holds_up_nobody(void **state)
{
	struct watcher fast, slow;
	char line[101];

	(void)state;
	open_shell(&fast);
	attach(&slow);
	slow.full = true;
	for (int i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "%099d\n", i);
		say(line);
	}
	assert_int_equal(fast.jumps, 0);
	assert_int_equal(fast.next, said);
	assert_in_range(acked, said - LINK_PTY_WINDOW / 4, said);
	slow.full = false;
	viewer_ready(slow.viewer);
	assert_int_equal(slow.first % 100, 0);
	assert_in_range(said - slow.first, HUB_RING_MAX - 100, HUB_RING_MAX);
	assert_int_equal(slow.next, said);
	detach(&fast);
	detach(&slow);
}

static void the_guest_waits_for_the_only_viewer(void **state)
{
	struct watcher one;
	char line[101];

	(void)state;
	open_shell(&one);
	one.full = true;
	for (int i = 0; i < 600; i++) {
		snprintf(line, sizeof(line), "%099d\n", i);
		say(line);
	}
	assert_int_equal(acked, 0);
	one.full = false;
	viewer_ready(one.viewer);
	assert_int_equal(acked, said);
	assert_int_equal(one.jumps, 0);
	detach(&one);
}

static void without_viewers_output_flows(void **state)
{
	struct watcher one;
	char line[101];

	(void)state;
	open_shell(&one);
	detach(&one);
	for (int i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line), "%099d\n", i);
		say(line);
	}
	assert_in_range(acked, said - LINK_PTY_WINDOW / 4, said);
}

static void input_that_the_agent_does_not_take_waits_within_a_bound(void **state)
{
	static uint8_t much[64 * 1024];
	struct watcher one;

	(void)state;
	memset(much, 'a', sizeof(much));
	open_shell(&one);
	window = 100;
	assert_int_equal(viewer_input(one.viewer, much, sizeof(much)), sizeof(much));
	assert_int_equal(typed.length, 100);
	assert_int_equal(viewer_input(one.viewer, much, 1000), 100);
	assert_int_equal(viewer_input(one.viewer, much, 1000), 0);
	window = 50000;
	hooks->writable(hub, &machine, 1);
	assert_int_equal(typed.length, 50100);
	assert_int_equal(one.rooms, 1);
	window = 1 << 20;
	hooks->writable(hub, &machine, 1);
	assert_int_equal(typed.length, sizeof(much) + 100);
	detach(&one);
}

static void what_is_typed_before_the_shell_is_there_is_not_lost(void **state)
{
	struct watcher one;

	(void)state;
	attach(&one);
	assert_int_equal(viewer_input(one.viewer, (const uint8_t *)"ls\n", 3), 3);
	assert_int_equal(typed.length, 0);
	opened(opened_context, NULL);
	assert_string_equal(typed.data, "ls\n");
	detach(&one);
}

static void who_watches_types_nothing_and_changes_no_size(void **state)
{
	struct watcher one, watching;

	(void)state;
	open_shell(&one);
	attach_as(&watching, (struct hub_attach){ .read_only = true, .rows = 5 });
	assert_int_equal(viewer_input(watching.viewer, (const uint8_t *)"rm", 2), 2);
	viewer_resize(watching.viewer, 10, 10);
	assert_int_equal(typed.length, 0);
	assert_int_equal(watching.rows, 24);
	detach(&one);
	detach(&watching);
}

static void while_the_class_is_paused_nothing_can_be_typed(void **state)
{
	struct watcher one;

	(void)state;
	open_shell(&one);
	for (class.paused_at = 5; class.paused_at <= 6; class.paused_at++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(viewer_input(one.viewer, (const uint8_t *)"rm\r", 3), 3);
		assert_int_equal(one.refusals, class.paused_at - 4); /* told once for each pause */
	}
	assert_int_equal(typed.length, 0);
	class.paused_at = 0;
	assert_int_equal(viewer_input(one.viewer, (const uint8_t *)"ls", 2), 2);
	assert_string_equal(typed.data, "ls");
	detach(&one);
}

static void the_size_follows_who_typed_last(void **state)
{
	struct watcher one, two;

	(void)state;
	open_shell(&one);
	attach_as(&two, (struct hub_attach){ .rows = 50 });
	viewer_resize(one.viewer, 30, 90);
	assert_int_equal(rows, 30);
	viewer_resize(two.viewer, 51, 90);
	assert_int_equal(rows, 30);
	viewer_input(two.viewer, (const uint8_t *)"x", 1);
	assert_int_equal(rows, 51);
	assert_int_equal(one.rows, 51);
	viewer_resize(one.viewer, 33, 90);
	assert_int_equal(rows, 51);
	detach(&two);
	viewer_input(one.viewer, (const uint8_t *)"x", 1);
	assert_int_equal(rows, 33);
	detach(&one);
}

static void a_machine_that_is_not_ready_is_waited_for(void **state)
{
	struct bus_event event = { .type = "seat", .seat_id = 7 };
	struct watcher one;

	(void)state;
	machine.state = MACHINE_CLONING;
	attach(&one);
	assert_int_equal(one.state, TERMINAL_AWAY);
	assert_string_equal(one.why, "the machine is cloning");
	machine.state = MACHINE_READY;
	listener->event(listener, &event);
	assert_int_equal(opens, 1);
	opened(opened_context, NULL);
	assert_int_equal(one.state, TERMINAL_LIVE);
	detach(&one);
}

static void a_lost_connection_goes_on_where_it_was(void **state)
{
	struct link_hello hello = { .pty_count = 1, .pty = { { 1, 24, 80, 0, 8 } } };
	struct watcher one;

	(void)state;
	open_shell(&one);
	say("0123");
	up = false;
	hooks->down(hub, &machine, false);
	assert_int_equal(one.state, TERMINAL_AWAY);
	up = true;
	hooks->up(hub, &machine, &hello);
	assert_int_equal(one.state, TERMINAL_LIVE);
	assert_int_equal(attached_at, 4);
	say_at(2, "234567"); /* the agent may repeat itself */
	assert_string_equal(one.seen.data, "01234567");
	assert_int_equal(one.jumps, 0);
	detach(&one);
}

static void after_our_own_restart_history_comes_from_the_agent(void **state)
{
	struct link_hello hello = { .pty_count = 1, .pty = { { 1, 30, 90, 100, 200 } } };
	struct watcher back, late;

	(void)state;
	hooks->up(hub, &machine, &hello);
	assert_int_equal(attached_at, 100);
	attach_as(&back, (struct hub_attach){ .has_offset = true, .offset = 105 });
	attach(&late);
	assert_int_equal(opens, 0);
	say_at(100, "0123456789");
	assert_string_equal(back.seen.data, "56789");
	assert_string_equal(late.seen.data, "0123456789");
	detach(&back);
	detach(&late);
}

static void history_that_is_gone_is_a_jump_not_a_wait(void **state)
{
	struct link_hello hello = { .pty_count = 1, .pty = { { 1, 24, 80, 1000, 2000 } } };
	struct watcher one;

	(void)state;
	open_shell(&one);
	say("0123");
	hooks->up(hub, &machine, &hello);
	assert_int_equal(attached_at, 1000);
	say_at(1000, "later");
	assert_int_equal(one.jumps, 1);
	assert_int_equal(one.next, 1005);
	detach(&one);
}

static void a_reboot_a_reset_and_an_exit_end_it(void **state)
{
	struct link_hello hello = { .pty_count = 0 };
	struct watcher one;

	(void)state;
	open_shell(&one);
	hooks->up(hub, &machine, &hello);
	assert_true(one.ended);
	assert_string_equal(one.why, "the machine was restarted");
	detach(&one);
	open_shell(&one);
	hooks->down(hub, &machine, true);
	assert_string_equal(one.why, "the machine is gone");
	assert_true(one.ended);
	detach(&one);
	said = 0;
	open_shell(&one);
	say("bye");
	hooks->exit(hub, &machine, 1, 0);
	assert_string_equal(one.why, "the shell has ended");
	assert_true(one.ended);
	detach(&one);
	assert_int_equal(opens, 3);
}

static void a_shell_that_cannot_be_opened_says_why(void **state)
{
	struct err err = ERR_INIT;
	struct watcher one;

	(void)state;
	attach(&one);
	err_set(&err, ERR_GUEST, "there is no user student");
	opened(opened_context, &err);
	assert_true(one.ended);
	assert_string_equal(one.why, "there is no user student");
	detach(&one);
}

static void a_connection_lost_while_opening_is_tried_again(void **state)
{
	struct link_hello hello = { .pty_count = 0 };
	struct err err = ERR_INIT;
	struct watcher one;

	(void)state;
	attach(&one);
	err_set(&err, ERR_UNAVAILABLE, "the connection is gone");
	up = false;
	opened(opened_context, &err);
	hooks->down(hub, &machine, false);
	assert_int_equal(one.state, TERMINAL_AWAY);
	up = true;
	hooks->up(hub, &machine, &hello);
	assert_int_equal(opens, 2);
	opened(opened_context, NULL);
	assert_int_equal(one.state, TERMINAL_LIVE);
	detach(&one);
}

/* A machine without a probe is ready as soon as its agent answers; the list of its shells comes next. */
static void after_our_own_restart_no_second_shell_is_opened(void **state)
{
	const struct link_hello hello = { .pty_count = 1,
					  .pty[0] = { .channel = 1, .rows = 24, .columns = 80, .next = 6 } };
	const struct bus_event ready = { .type = "seat", .seat_id = 7 };
	struct watcher one;

	(void)state;
	machine.state = MACHINE_LOST;
	machine.announced = up = false;
	attach_as(&one, (struct hub_attach){ .has_offset = true, .offset = 4 });
	machine.state = MACHINE_READY;
	up = true;
	listener->event(listener, &ready);
	assert_int_equal(opens, 0);
	machine.announced = true;
	hooks->up(hub, &machine, &hello);
	assert_int_equal(opens, 0);
	assert_int_equal(attaches, 1);
	say("012345");
	assert_string_equal(one.seen.data, "45");
	detach(&one);
}

static void nothing_is_kept_of_a_terminal_that_never_was(void **state)
{
	struct hub_stats stats;
	struct watcher one;

	(void)state;
	machine.state = MACHINE_OFF;
	attach(&one);
	detach(&one);
	hub_stats(hub, &stats);
	assert_int_equal(stats.terminals, 0);
}

static void the_hub_may_go_before_the_answer(void **state)
{
	struct err err = ERR_INIT;
	struct watcher one;

	(void)state;
	attach(&one);
	hub_free(hub);
	err_set(&err, ERR_UNAVAILABLE, "over");
	opened(opened_context, &err);
	hub = hub_new(NULL);
}

static void the_student_knows_who_watches_and_who_helps(void **state)
{
	const struct actor hana = { .person = 3, .role = ROLE_INSTRUCTOR, .name = "Hana" };
	struct watcher one, watching, helping;

	(void)state;
	machine.seat = &seat;
	open_shell(&one);
	assert_int_equal(lookers, 0);
	attach_as(&watching, (struct hub_attach){ .read_only = true, .staff = &hana });
	assert_int_equal(lookers, 1);
	assert_string_equal(looking[0].name, "Hana");
	assert_false(looking[0].assists);
	assert_string_equal(one.why, "Hana watches");
	attach_as(&helping, (struct hub_attach){ .staff = &hana });
	assert_int_equal(lookers, 1);
	assert_true(looking[0].assists);
	assert_string_equal(one.why, "Hana helps");
	detach(&helping);
	assert_false(looking[0].assists);
	detach(&watching);
	assert_int_equal(lookers, 1);
	assert_string_equal(noted, "seat.watch seat.assist ");
	for (uint64_t end = clock_mono_ms() + WATCH_LINGER_MS * 3; lookers && clock_mono_ms() < end;)
		sd_event_run(loop_event(loop), 100000);
	assert_int_equal(lookers, 0);
	detach(&one);
}

/* ---- the console ---------------------------------------------------------------------------- */

static void console_is(bool there)
{
	machine.console = there ? (struct console *)&machine : NULL;
	if (there)
		hooks->console_up(hub, &machine);
	else
		hooks->console_down(hub, &machine, machine.state == MACHINE_OFF);
}

static void line_says(const char *text)
{
	hooks->console_data(hub, &machine, (const uint8_t *)text, strlen(text));
}

static void the_console_needs_no_agent_and_keeps_what_was_said_before_anybody_looked(void **state)
{
	struct watcher watcher;

	(void)state;
	up = false;
	machine.state = MACHINE_BOOTING;
	console_is(true);
	line_says("Linux version 6\r\n");
	attach_as(&watcher, (struct hub_attach){ .number = CONSOLE });
	assert_int_equal(watcher.state, TERMINAL_LIVE);
	line_says("login: ");
	assert_string_equal(watcher.seen.data, "Linux version 6\r\nlogin: ");
	assert_int_equal(viewer_input(watcher.viewer, (const uint8_t *)"\r", 1), 1);
	assert_string_equal(typed.data, "\r");
	assert_int_equal(opens, 0);
	assert_int_equal(machine.terminals, 0);
	detach(&watcher);
}

static void the_console_keeps_its_size(void **state)
{
	struct watcher watcher;

	(void)state;
	console_is(true);
	attach_as(&watcher, (struct hub_attach){ .number = CONSOLE, .rows = 50 });
	viewer_resize(watcher.viewer, 60, 200);
	viewer_input(watcher.viewer, (const uint8_t *)"x", 1);
	assert_int_equal(watcher.rows, 24);
	detach(&watcher);
}

static void the_console_waits_for_its_machine_and_goes_on_in_the_next_boot(void **state)
{
	struct watcher watcher, late;

	(void)state;
	console_is(true);
	attach_as(&watcher, (struct hub_attach){ .number = CONSOLE });
	line_says("Power down");
	machine.state = MACHINE_OFF;
	console_is(false);
	assert_int_equal(watcher.state, TERMINAL_AWAY);
	assert_string_equal(watcher.why, "the machine is off");
	viewer_input(watcher.viewer, (const uint8_t *)"x", 1);
	assert_int_equal(typed.length, 0);
	machine.state = MACHINE_BOOTING;
	console_is(true);
	assert_int_equal(watcher.state, TERMINAL_LIVE);
	assert_string_equal(typed.data, "x");
	line_says(", Linux");
	assert_string_equal(watcher.seen.data, "Power down, Linux");
	assert_int_equal(watcher.jumps, 0);
	attach_as(&late, (struct hub_attach){ .number = CONSOLE });
	assert_string_equal(late.seen.data, "Power down, Linux");
	detach(&watcher);
	detach(&late);
}

static void a_reset_machines_console_begins_with_what_the_new_one_says(void **state)
{
	struct watcher watcher, late;

	(void)state;
	console_is(true);
	attach_as(&watcher, (struct hub_attach){ .number = CONSOLE });
	line_says("old");
	machine.row.generation++;
	console_is(false);
	console_is(true);
	line_says("new");
	assert_string_equal(watcher.seen.data, "oldnew");
	attach_as(&late, (struct hub_attach){ .number = CONSOLE });
	assert_string_equal(late.seen.data, "new");
	detach(&watcher);
	detach(&late);
}

/* The offsets of a console that was lost with the daemon are below those of the next. */
static void after_our_own_restart_the_console_begins_beyond_all_that_was(void **state)
{
	struct watcher before, after;

	(void)state;
	console_is(true);
	attach_as(&before, (struct hub_attach){ .number = CONSOLE });
	line_says("before");
	uint64_t had = before.next;
	detach(&before);
	hub_free(hub);
	for (uint64_t now = clock_mono_ms(); clock_mono_ms() < now + 2;)
		;
	hub = hub_new(NULL);
	console_is(true);
	line_says("after");
	attach_as(&after, (struct hub_attach){ .number = CONSOLE, .has_offset = true, .offset = had });
	assert_string_equal(after.seen.data, "after");
	assert_true(after.first > had && after.next < 1ull << 53);
	detach(&after);
}

static void nothing_is_kept_of_a_console_whose_machine_is_gone(void **state)
{
	struct hub_stats stats;

	(void)state;
	console_is(true);
	line_says("hello");
	machine.state = MACHINE_OFF;
	console_is(false);
	hub_stats(hub, &stats);
	assert_int_equal(stats.terminals, 0);
}

#define holds(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_first_viewer_opens_a_shell_in_its_language_and_size),
		holds(output_reaches_everybody_in_the_same_turn),
		holds(a_viewer_that_comes_back_gets_exactly_the_rest),
		holds(an_offset_of_another_shell_is_ignored),
		holds(a_slow_viewer_is_moved_forward_and_holds_up_nobody),
		holds(the_guest_waits_for_the_only_viewer),
		holds(without_viewers_output_flows),
		holds(input_that_the_agent_does_not_take_waits_within_a_bound),
		holds(what_is_typed_before_the_shell_is_there_is_not_lost),
		holds(who_watches_types_nothing_and_changes_no_size),
		holds(while_the_class_is_paused_nothing_can_be_typed),
		holds(the_size_follows_who_typed_last),
		holds(a_machine_that_is_not_ready_is_waited_for),
		holds(a_lost_connection_goes_on_where_it_was),
		holds(after_our_own_restart_history_comes_from_the_agent),
		holds(history_that_is_gone_is_a_jump_not_a_wait),
		holds(a_reboot_a_reset_and_an_exit_end_it),
		holds(a_shell_that_cannot_be_opened_says_why),
		holds(a_connection_lost_while_opening_is_tried_again),
		holds(after_our_own_restart_no_second_shell_is_opened),
		holds(nothing_is_kept_of_a_terminal_that_never_was),
		holds(the_hub_may_go_before_the_answer),
		holds(core_is_told_which_terminals_there_are),
		holds(a_terminal_may_be_opened_for_a_command),
		holds(the_student_knows_who_watches_and_who_helps),
		holds(the_console_needs_no_agent_and_keeps_what_was_said_before_anybody_looked),
		holds(the_console_keeps_its_size),
		holds(the_console_waits_for_its_machine_and_goes_on_in_the_next_boot),
		holds(a_reset_machines_console_begins_with_what_the_new_one_says),
		holds(after_our_own_restart_the_console_begins_beyond_all_that_was),
		holds(nothing_is_kept_of_a_console_whose_machine_is_gone),
		holds(who_hangs_up_ends_the_shell_but_not_under_somebody_elses_eyes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
