#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/child.h"

static struct loop *loop;
static struct err err;
static char lines[8][CHILD_LINE_MAX + 1], complaint[CHILD_LINE_MAX + 1];
static unsigned long count;
static int ended_with;

static void keep_line(void *context, const char *line)
{
	(void)context;
	if (count < 8)
		snprintf(lines[count], sizeof(lines[0]), "%s", line);
	count++;
}

static void keep_end(void *context, int status, const char *last)
{
	(void)context;
	ended_with = status;
	snprintf(complaint, sizeof(complaint), "%s", last);
	loop_stop(loop, 0);
}

static const struct child_events events = { keep_line, keep_end };

static int setup(void **state)
{
	(void)state;
	loop = loop_new(&err);
	count = 0;
	ended_with = -1;
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static struct child *shell(const char *script)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };
	struct child *child = child_start(loop, argv, &events, NULL, &err);

	if (!child)
		fail_msg("%s", err.message);
	return child;
}

static int stop_soon(sd_event_source *timer, uint64_t at, void *context)
{
	(void)timer, (void)at, (void)context;
	loop_stop(loop, 9);
	return 0;
}

static void lines_status_and_complaint_are_told(void **state)
{
	struct child *child = shell("echo one; echo two >&2; printf 'a\\tb\\nhalf'; exit 3");

	(void)state;
	loop_run(loop);
	assert_int_equal(count, 3);
	assert_string_equal(lines[0], "one");
	assert_string_equal(lines[1], "a b");
	assert_string_equal(lines[2], "half");
	assert_string_equal(complaint, "two");
	assert_int_equal(WEXITSTATUS(ended_with), 3);
	child_free(child);
}

static void a_line_that_is_too_long_is_dropped_whole(void **state)
{
	struct child *child = shell("head -c 9000 /dev/zero | tr '\\0' x; echo; echo next");

	(void)state;
	loop_run(loop);
	assert_int_equal(count, 1);
	assert_string_equal(lines[0], "next");
	child_free(child);
}

static void a_child_that_prints_without_end_does_not_hold_the_loop(void **state)
{
	struct child *child = shell("exec yes");
	sd_event_source *timer = NULL;

	(void)state;
	loop_timer(loop, &timer, 100, stop_soon, NULL);
	assert_int_equal(loop_run(loop), 9);
	assert_true(count > 0);
	child_free(child);
	sd_event_source_disable_unref(timer);
}

/* The grandchild goes on writing into the pipe when the child is gone. */
static void a_grandchild_that_goes_on_does_not_keep_the_end_away(void **state)
{
	struct child *child = shell("yes & sleep 0.05; echo $! >&2");

	(void)state;
	loop_run(loop);
	assert_int_equal(ended_with, 0);
	kill((pid_t)atoi(complaint), SIGKILL);
	child_free(child);
}

static bool is_running(pid_t pid)
{
	char path[64], text[256] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (file) {
		if (!fgets(text, sizeof(text), file))
			text[0] = 0;
		fclose(file);
	}
	const char *name_end = strrchr(text, ')');
	return name_end && name_end[2] != 'Z'; /* a zombie waits for init only */
}

static void freeing_ends_the_whole_group(void **state)
{
	struct child *child = shell("sleep 1000 & echo $!; wait");

	(void)state;
	while (!count)
		sd_event_run(loop_event(loop), 1000000);
	pid_t grandchild = (pid_t)atoi(lines[0]);
	assert_true(is_running(grandchild));
	child_free(child);
	for (int i = 0; i < 200 && is_running(grandchild); i++)
		usleep(10000);
	assert_false(is_running(grandchild));
}

static void what_cannot_be_started_says_why(void **state)
{
	char *argv[] = { (char *)"/nonexistent/tool", NULL };

	(void)state;
	assert_null(child_start(loop, argv, &events, NULL, &err));
	assert_non_null(strstr(err.message, "/nonexistent/tool"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(lines_status_and_complaint_are_told),
		test(a_line_that_is_too_long_is_dropped_whole),
		test(a_child_that_prints_without_end_does_not_hold_the_loop),
		test(a_grandchild_that_goes_on_does_not_keep_the_end_away),
		test(freeing_ends_the_whole_group),
		test(what_cannot_be_started_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
