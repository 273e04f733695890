/* What the checks read of the kernel, and how they run programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "../../src/doctor/bridge.c" /* for the names of its switches */

static void memory_is_read_from_the_kernels_table(void **state)
{
	static const char text[] = "MemTotal:       24684000 kB\nMemFree: 1 kB\n"
				   "MemAvailable:   2048 kB\nSwapTotal: 0 kB\n";

	(void)state;
	assert_int_equal(doctor_meminfo(text, "MemAvailable"), 2048 * 1024);
	assert_int_equal(doctor_meminfo(text, "MemTotal"), 24684000ull * 1024);
	assert_int_equal(doctor_meminfo(text, "Mem"), 0);
	assert_int_equal(doctor_meminfo("", "MemFree"), 0);
	assert_int_equal(doctor_meminfo("MemFree: lots\n", "MemFree"), 0);
}

static void a_processor_flag_is_a_word_of_its_own(void **state)
{
	static const char text[] = "processor : 0\nflags\t\t: fpu xsvmx vmxx de svm\nbugs : vmx\n";

	(void)state;
	assert_true(doctor_cpu_flag(text, "svm"));
	assert_true(doctor_cpu_flag(text, "fpu"));
	assert_false(doctor_cpu_flag(text, "vmx"));
	assert_false(doctor_cpu_flag("processor : 0\n", "vmx"));
	assert_true(doctor_cpu_flag("\nflags : vmx", "vmx"));
}

static void the_last_line_that_says_something_is_found(void **state)
{
	struct buf text = { 0 }, empty = { 0 };
	char line[16];

	(void)state;
	buf_text(&text, "first\nE: it failed\n\n  \n");
	doctor_last_line(&text, line, sizeof(line));
	assert_string_equal(line, "E: it failed");
	doctor_last_line(&empty, line, sizeof(line));
	assert_string_equal(line, "");
	buf_text(&text, "a line much longer than its place");
	doctor_last_line(&text, line, sizeof(line));
	assert_int_equal(strlen(line), sizeof(line) - 1);
	buf_free(&text);
}

static void a_program_is_fed_heard_and_not_waited_for_too_long(void **state)
{
	char *cat[] = { (char *)"cat", NULL };
	char *sleeper[] = { (char *)"sleep", (char *)"20", NULL };
	char *missing[] = { (char *)"/nonexistent/tool", NULL };
	struct buf output = { 0 };
	uint64_t start = clock_mono_ms();

	(void)state;
	assert_int_equal(doctor_run_program(cat, "hello", 2000, &output), 0);
	assert_string_equal(output.data, "hello");
	assert_int_equal(doctor_run_program(sleeper, NULL, 100, NULL), -1);
	assert_true(clock_mono_ms() - start < 3000);
	assert_int_equal(doctor_run_program(missing, NULL, 100, NULL), -1);
	buf_free(&output);
}

static void remember_directory(void *context, const char *directory)
{
	buf_fmt(context, "%s ", directory);
}

/* Tried as nobody: needs root, as the daemon does. */
static void closed_directories_on_the_way_are_named(void **state)
{
	char top[] = "/tmp/terakoya-reach-XXXXXX";
	AUTO_FREE char *mid = NULL, *low = NULL, *absent = NULL, *expected = NULL;
	struct buf closed = { 0 };

	(void)state;
	if (geteuid() != 0)
		fail_msg("only root can try a way as another user: run the tests as root");
	assert_non_null(mkdtemp(top)); /* 0700 */
	mid = str_fmt("%s/mid", top);
	low = str_fmt("%s/low", mid);
	absent = str_fmt("%s/not/yet", low);
	assert_int_equal(mkdir(mid, 0755), 0);
	assert_int_equal(mkdir(low, 0700), 0);

	assert_int_equal(doctor_blocked(absent, 65534, 65534, remember_directory, &closed), 2);
	expected = str_fmt("%s %s ", top, low);
	assert_string_equal(closed.data, expected);

	assert_int_equal(chmod(top, 0711), 0);
	buf_free(&closed);
	assert_int_equal(doctor_blocked(absent, 65534, 65534, remember_directory, &closed), 1);
	assert_int_equal(chmod(low, 0711), 0);
	assert_int_equal(doctor_blocked(absent, 65534, 65534, remember_directory, &closed), 0);
	assert_int_equal(doctor_blocked(low, 65534, 65534, remember_directory, &closed), 0);
	buf_free(&closed);
	rmdir(low);
	rmdir(mid);
	rmdir(top);
}

static void bridged_frames_are_seen_in_the_packet_filter_and_taken_out(void **state)
{
	char directory[] = "/tmp/terakoya-bridge-XXXXXX";
	AUTO_FREE char *iptables = NULL;

	(void)state;
	assert_int_equal(doctor_bridge_switches("/nonexistent"), 0);
	assert_non_null(mkdtemp(directory));
	iptables = str_fmt("%s/bridge-nf-call-iptables", directory);
	assert_int_equal(doctor_bridge_switch_off(directory), 0);
	assert_int_equal(doctor_bridge_switches(directory), 0);
	assert_int_equal(write_file(iptables, "1\n"), 0);
	assert_int_equal(doctor_bridge_switches(directory), 1);
	assert_int_equal(doctor_bridge_switch_off(directory), 0);
	assert_int_equal(doctor_bridge_switches(directory), 0);
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		AUTO_FREE char *path = str_fmt("%s/%s", directory, switches[i]);
		assert_int_equal(unlink(path), 0);
	}
	rmdir(directory);
}

static void an_examination_is_quick_and_every_finding_has_a_remedy(void **state)
{
	struct doctor_report report = { 0 };
	uint64_t start = clock_mono_ms();
	json_t *json;
	int failures;

	(void)state;
	failures = doctor_run("/var/lib/terakoya", false, &report);
	assert_int_equal(failures, report.failures);
	assert_true(clock_mono_ms() - start < 4000); /* two, on a machine that is not busy testing */
	assert_int_equal(report.count, doctor_host_count + doctor_libvirt_count);
	for (size_t i = 0; i < report.count; i++) {
		struct doctor_result *result = &report.result[i];

		assert_true(*result->found != 0);
		assert_true((result->verdict == DOCTOR_OK) == (*result->remedy == 0));
		assert_false(result->fixed);
	}
	json = doctor_report_json(&report);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "checks")), report.count);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_read_from_the_kernels_table),
		cmocka_unit_test(a_processor_flag_is_a_word_of_its_own),
		cmocka_unit_test(the_last_line_that_says_something_is_found),
		cmocka_unit_test(a_program_is_fed_heard_and_not_waited_for_too_long),
		cmocka_unit_test(closed_directories_on_the_way_are_named),
		cmocka_unit_test(bridged_frames_are_seen_in_the_packet_filter_and_taken_out),
		cmocka_unit_test(an_examination_is_quick_and_every_finding_has_a_remedy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
