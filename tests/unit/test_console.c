/* A serial line whose other end is this test, as QEMU's is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "guest/console.h"

#define PATIENCE_MS 20000
#include "loop_wait.h"

struct line {
	struct loop *loop;
	int master;
	char path[64];
	struct console *console;
	struct buf heard;
	unsigned calls, rooms;
	bool gone;
};

static void on_data(void *context, const uint8_t *data, size_t length)
{
	struct line *line = context;

	line->calls++;
	buf_append(&line->heard, data, length);
}

static void on_room(void *context)
{
	((struct line *)context)->rooms++;
}

static void on_gone(void *context)
{
	struct line *line = context;

	line->gone = true;
	console_free(STEAL(line->console));
}

static const struct console_events events = { on_data, on_room, on_gone };

static int set_up(void **state)
{
	struct line *line = calloc(1, sizeof(*line));
	struct err err = ERR_INIT;
	int slave;

	line->loop = loop_new(&err);
	if (openpty(&line->master, &slave, line->path, NULL, NULL) < 0)
		return -1;
	close(slave);
	fcntl(line->master, F_SETFL, O_NONBLOCK);
	line->console = console_open(line->loop, line->path, getpid(), &events, line, &err);
	*state = line;
	return line->console ? 0 : -1;
}

static int tear_down(void **state)
{
	struct line *line = *state;

	console_free(line->console);
	if (line->master >= 0)
		close(line->master);
	loop_free(line->loop);
	buf_free(&line->heard);
	free(line);
	return 0;
}

static void machine_says(struct line *line, const char *text)
{
	assert_int_equal(write(line->master, text, strlen(text)), strlen(text));
}

static void bytes_pass_both_ways_as_they_are(void **state)
{
	struct line *line = *state;
	char read_back[64] = "";

	machine_says(line, "login:\r\n\x1b[0m\x03");
	LOOP_WAIT(line->loop, line->heard.length == 13);
	assert_string_equal(line->heard.data, "login:\r\n\x1b[0m\x03");
	assert_int_equal(console_write(line->console, (const uint8_t *)"root\r\x04", 6), 6);
	assert_int_equal(read(line->master, read_back, sizeof(read_back)), 6);
	assert_string_equal(read_back, "root\r\x04");
}

static void what_the_machine_says_is_not_echoed_to_it(void **state)
{
	struct line *line = *state;
	char read_back[64];

	machine_says(line, "hello\r\n");
	LOOP_WAIT(line->loop, line->heard.length == 7);
	assert_int_equal(read(line->master, read_back, sizeof(read_back)), -1);
	assert_int_equal(errno, EAGAIN);
}

static void a_flood_is_read_a_piece_at_a_time(void **state)
{
	struct line *line = *state;
	uint8_t much[CONSOLE_PIECE];
	uint64_t begin = clock_mono_ms(), end = begin + PATIENCE_MS;

	memset(much, 'x', sizeof(much));
	while (line->calls < 10 && clock_mono_ms() < end) {
		if (write(line->master, much, sizeof(much)) < 0)
			assert_int_equal(errno, EAGAIN);
		sd_event_run(loop_event(line->loop), 1000);
	}
	assert_int_equal(line->calls, 10);
	assert_true(clock_mono_ms() - begin >= 9 * CONSOLE_PAUSE_MS - 1);
	assert_true(line->heard.length <= line->calls * CONSOLE_PIECE);
}

static void a_machine_that_does_not_read_is_not_waited_for(void **state)
{
	struct line *line = *state;
	uint8_t much[64 * 1024], some[4096];

	memset(much, 'x', sizeof(much));
	assert_true(console_write(line->console, much, sizeof(much)) < sizeof(much));
	assert_int_equal(console_write(line->console, much, sizeof(much)), 0);
	loop_run_for(line->loop, 30);
	assert_int_equal(line->rooms, 0);
	while (read(line->master, some, sizeof(some)) > 0)
		;
	LOOP_WAIT(line->loop, line->rooms == 1);
	assert_true(console_write(line->console, much, 100) > 0);
}

static void its_last_words_are_heard_before_it_is_gone(void **state)
{
	struct line *line = *state;

	machine_says(line, "reboot: Power down\r\n");
	close(line->master);
	line->master = -1;
	LOOP_WAIT(line->loop, line->gone);
	/* Linux may drop what was not read when the other end closes, but gives no part of it. */
	assert_true(line->heard.length == 20 || line->heard.length == 0);
}

static void a_terminal_of_another_process_is_not_opened(void **state)
{
	struct line *line = *state;
	struct err err = ERR_INIT;

	assert_null(console_open(line->loop, line->path, 1, &events, line, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_null(console_open(line->loop, line->path, 0, &events, line, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_null(console_open(line->loop, "/dev/null", getpid(), &events, line, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_null(console_open(line->loop, "/dev/pts/none", getpid(), &events, line, &err));
}

#define holds(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(bytes_pass_both_ways_as_they_are),
		holds(what_the_machine_says_is_not_echoed_to_it),
		holds(a_flood_is_read_a_piece_at_a_time),
		holds(a_machine_that_does_not_read_is_not_waited_for),
		holds(its_last_words_are_heard_before_it_is_gone),
		holds(a_terminal_of_another_process_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
