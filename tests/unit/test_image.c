#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/image_line.h"
#include "loop/child.h"

/* ---- progress lines ---- */

static void a_progress_line_has_a_fraction_and_a_text(void **state)
{
	double fraction = -1;
	const char *text = NULL;

	(void)state;
	assert_true(image_line_parse("progress 0.25 downloading packages", &fraction, &text));
	assert_true(fraction > 0.249 && fraction < 0.251);
	assert_string_equal(text, "downloading packages");
	assert_true(image_line_parse("progress 1 there", &fraction, &text));
	assert_true(fraction == 1);
}

static void broken_progress_lines_change_nothing(void **state)
{
	static const char *const broken[] = {
		"", "progress", "progress ", "progress 0.5", "progress 0.5 ", "progress x text",
		"progress nan text", "progress inf text", "progress -0.5 text", "progress 1.01 text",
		"progress 1e99 text", "progress 0.5text", "Progress 0.5 text", "progress  0.5 text",
	};
	double fraction = 0.125;
	const char *text = "before";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		assert_false(image_line_parse(broken[i], &fraction, &text));
	assert_true(fraction == 0.125);
	assert_string_equal(text, "before");
}

/* ---- the child that builds ---- */

struct heard {
	struct loop *loop;
	struct buf lines;
	int status;
	char complaint[CHILD_LINE_MAX + 1];
};

static void hear_line(void *context, const char *line)
{
	struct heard *heard = context;

	buf_fmt(&heard->lines, "[%s]", line);
}

static void hear_end(void *context, int status, const char *complaint)
{
	struct heard *heard = context;

	heard->status = status;
	snprintf(heard->complaint, sizeof(heard->complaint), "%s", complaint);
	loop_stop(heard->loop, 0);
}

static const struct child_events hearing = { hear_line, hear_end };

static void run_script(struct heard *heard, const char *script)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };
	struct err err = ERR_INIT;
	struct child *child;

	*heard = (struct heard){ .loop = loop_new(&err) };
	assert_non_null(heard->loop);
	buf_text(&heard->lines, "");
	child = child_start(heard->loop, argv, &hearing, heard, &err);
	assert_non_null(child);
	loop_run(heard->loop);
	child_free(child);
	loop_free(heard->loop);
}

static void a_childs_lines_come_whole_and_its_last_word_is_kept(void **state)
{
	struct heard heard;

	(void)state;
	run_script(&heard, "printf 'one\\ntw'; sleep 0.05; printf 'o\\n\\nhalf'; "
			   "echo first >&2; echo last >&2; exit 3");
	assert_string_equal(heard.lines.data, "[one][two][][half]");
	assert_string_equal(heard.complaint, "last");
	assert_true(WIFEXITED(heard.status) && WEXITSTATUS(heard.status) == 3);
	buf_free(&heard.lines);
}

static void a_line_that_is_too_long_is_dropped_whole(void **state)
{
	struct heard heard;

	(void)state;
	run_script(&heard, "echo a; head -c 100000 /dev/zero | tr '\\0' x; echo; echo b; "
			   "head -c 512 /dev/zero | tr '\\0' y; echo");
	assert_int_equal(heard.lines.length, strlen("[a][b][]") + 512);
	assert_memory_equal(heard.lines.data, "[a][b][y", 8);
	buf_free(&heard.lines);
}

static void control_characters_become_blanks(void **state)
{
	struct heard heard;

	(void)state;
	run_script(&heard, "printf 'a\\033[1mb\\tc\\r\\n'");
	assert_string_equal(heard.lines.data, "[a [1mb c ]");
	buf_free(&heard.lines);
}

static void a_grandchild_that_keeps_the_pipe_does_not_keep_us_waiting(void **state)
{
	struct heard heard;
	uint64_t start = clock_mono_ms();

	(void)state;
	run_script(&heard, "sleep 5 & echo gone");
	assert_string_equal(heard.lines.data, "[gone]");
	assert_true(clock_mono_ms() - start < 3000);
	buf_free(&heard.lines);
}

static void a_child_that_is_not_wanted_ends_with_its_group(void **state)
{
	char file[] = "/tmp/terakoya-child-XXXXXX";
	AUTO_CLOSE int fd = mkstemp(file);
	AUTO_FREE char *script = str_fmt("sleep 60 & echo $! > %s; wait", file);
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", script, NULL };
	struct heard heard = { 0 };
	struct err err = ERR_INIT;
	struct child *child;
	char text[16] = "";

	(void)state;
	heard.loop = loop_new(&err);
	child = child_start(heard.loop, argv, &hearing, &heard, &err);
	assert_non_null(child);
	for (int i = 0; i < 100 && pread(fd, text, sizeof(text) - 1, 0) < 2; i++)
		usleep(20000);
	assert_true(atoi(text) > 1);
	child_free(child);
	loop_free(heard.loop);
	/* Gone, or a zombie of whoever took it over. */
	for (int i = 0; i < 100 && kill(atoi(text), 0) == 0; i++) {
		AUTO_FREE char *path = str_fmt("/proc/%d/stat", atoi(text));
		AUTO_FREE char *line = NULL;
		AUTO_FILE FILE *stat = fopen(path, "r");
		size_t room = 0;

		if (stat && getline(&line, &room, stat) > 0 && strstr(line, ") Z "))
			break;
		usleep(20000);
		assert_true(i < 99);
	}
	unlink(file);
}

static void a_program_that_is_not_there_is_an_error_with_its_name(void **state)
{
	char *argv[] = { (char *)"/nonexistent/build", NULL };
	struct heard heard = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	heard.loop = loop_new(&err);
	assert_null(child_start(heard.loop, argv, &hearing, &heard, &err));
	assert_non_null(strstr(err.message, "/nonexistent/build"));
	loop_free(heard.loop);
}

/* ---- the digest ---- */

static void write_text(const char *path, const char *text)
{
	AUTO_FILE FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
}

/* What the script says of a recipe; must be freed. */
static char *digest_of(const char *recipe, const char *agent)
{
	AUTO_FREE char *command = str_fmt("images/build --digest %s %s", recipe, agent);
	char text[80] = "";
	FILE *pipe = popen(command, "r");

	assert_non_null(pipe);
	assert_non_null(fgets(text, sizeof(text), pipe));
	assert_int_equal(pclose(pipe), 0);
	assert_int_equal(strlen(text), 65);
	return str_copy_n(text, 64);
}

static void the_digest_changes_with_what_goes_in_and_with_nothing_else(void **state)
{
	char directory[] = "/tmp/terakoya-recipe-XXXXXX";
	AUTO_FREE char *recipe = NULL, *agent = NULL, *loader = NULL, *file = NULL, *remove = NULL;
	AUTO_FREE char *first = NULL, *again = NULL, *other = NULL, *back = NULL;
	AUTO_FREE char *new_agent = NULL, *new_loader = NULL, *link = NULL, *linked = NULL, *other_link = NULL;

	(void)state;
	assert_non_null(mkdtemp(directory));
	recipe = str_fmt("%s/small", directory);
	agent = str_fmt("%s/agent", directory);
	loader = str_fmt("%s/terakoya-loader", directory);
	file = str_fmt("%s/recipe", recipe);
	assert_int_equal(mkdir(recipe, 0755), 0);
	write_text(file, "name=small\narch=amd64\n");
	write_text(agent, "agent one");
	write_text(loader, "loader one");
	first = digest_of(recipe, agent);
	write_text(file, "name=small\narch=amd64\ndisk=1\n");
	other = digest_of(recipe, agent);
	write_text(file, "name=small\narch=amd64\n");
	back = digest_of(recipe, agent);
	again = digest_of(recipe, agent);
	write_text(agent, "agent two");
	new_agent = digest_of(recipe, agent);
	write_text(loader, "loader two");
	new_loader = digest_of(recipe, agent);
	link = str_fmt("%s/link", recipe);
	assert_int_equal(symlink("here", link), 0);
	linked = digest_of(recipe, agent);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("there", link), 0);
	other_link = digest_of(recipe, agent);
	assert_string_equal(first, again);
	assert_string_equal(first, back);
	assert_string_not_equal(new_loader, linked);
	assert_string_not_equal(linked, other_link);
	assert_string_not_equal(first, other);
	assert_string_not_equal(first, new_agent);
	assert_string_not_equal(new_agent, new_loader);
	remove = str_fmt("rm -r %s", directory);
	assert_int_equal(system(remove), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_progress_line_has_a_fraction_and_a_text),
		cmocka_unit_test(broken_progress_lines_change_nothing),
		cmocka_unit_test(a_childs_lines_come_whole_and_its_last_word_is_kept),
		cmocka_unit_test(a_line_that_is_too_long_is_dropped_whole),
		cmocka_unit_test(control_characters_become_blanks),
		cmocka_unit_test(a_grandchild_that_keeps_the_pipe_does_not_keep_us_waiting),
		cmocka_unit_test(a_child_that_is_not_wanted_ends_with_its_group),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error_with_its_name),
		cmocka_unit_test(the_digest_changes_with_what_goes_in_and_with_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
