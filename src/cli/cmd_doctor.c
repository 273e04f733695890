#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "doctor/doctor.h"

static void say(const char *text)
{
	fprintf(stderr, "doctor: %s\n", text);
}

static void print_result(const struct doctor_result *result, bool colour)
{
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m" };
	static const char *const marks[] = { "ok  ", "warn", "FAIL" };

	printf("%s%s%s  %s: %s\n", colour ? colours[result->verdict] : "", marks[result->verdict],
	       colour ? "\033[0m" : "", result->title, result->found);
	if (!str_is_empty(result->means))
		printf("      %s\n", result->means);
	if (!str_is_empty(result->fix_note))
		printf("      %s %s\n", result->fixed ? "mended:" : "not mended:", result->fix_note);
	if (!str_is_empty(result->remedy) && !result->fixed)
		printf("      do: %s\n", result->remedy);
}

int cmd_doctor(struct invocation *invocation, struct err *err)
{
	static struct doctor_report report;
	int failures;

	report.say = say;
	failures = doctor_run(invocation->state_dir, option_value(invocation, "fix") != NULL, &report);
	if (invocation->json) {
		json_t *all = doctor_report_json(&report);
		show_json(invocation, all);
		json_decref(all);
	} else {
		for (size_t i = 0; i < report.count; i++)
			print_result(&report.result[i], isatty(STDOUT_FILENO));
	}
	if (failures)
		return err_set(err, ERR_INTERNAL, "%d thing%s to be mended before classes can be held%s",
			       failures, failures == 1 ? " has" : "s have",
			       option_value(invocation, "fix") ? "" : "; try terakoya doctor --fix");
	return 0;
}
