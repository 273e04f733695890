#include "doctor/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "doctor/inside.h"

#define OUTPUT_MAX (256u << 10)

extern char **environ;

const char *const doctor_verdict_names[] = { "ok", "warn", "fail" };
_Static_assert(ARRAY_SIZE(doctor_verdict_names) == DOCTOR_VERDICTS, "a name for every verdict");

/* ---- saying what was seen --------------------------------------------------------------------- */

#define FILL(field, format)                                                                        \
	do {                                                                                       \
		va_list words;                                                                     \
		va_start(words, format);                                                           \
		vsnprintf(field, sizeof(field), format, words);                                    \
		va_end(words);                                                                     \
		str_scrub(field); /* programs say what they like, and a cut may go through a character */ \
	} while (0)

void doctor_ok(struct doctor_result *result, const char *found, ...)
{
	result->verdict = DOCTOR_OK;
	FILL(result->found, found);
}

void doctor_warn(struct doctor_result *result, const char *found, ...)
{
	result->verdict = DOCTOR_WARN;
	FILL(result->found, found);
}

void doctor_fail(struct doctor_result *result, const char *found, ...)
{
	result->verdict = DOCTOR_FAIL;
	FILL(result->found, found);
}

void doctor_means(struct doctor_result *result, const char *format, ...)
{
	FILL(result->means, format);
}

void doctor_remedy(struct doctor_result *result, const char *format, ...)
{
	FILL(result->remedy, format);
}

int doctor_note(struct doctor_result *result, int value, const char *format, ...)
{
	FILL(result->fix_note, format);
	return value;
}

/* ---- running a program ------------------------------------------------------------------------ */

static int program_spawn(pid_t *pid, char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, out, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	r = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* A file of the size of a few lines always fits into a pipe. */
static int input_pipe(const char *input, int in[2])
{
	if (!input)
		return 0;
	if (pipe2(in, O_CLOEXEC) < 0)
		return -1;
	if (write(in[1], input, strlen(input)) < 0)
		return -1;
	close(in[1]);
	in[1] = -1;
	return 0;
}

/* Reads to the end, or to the deadline. False when it came to that. */
static bool output_read(int fd, uint64_t deadline, struct buf *output)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char bytes[4096];

	for (;;) {
		uint64_t now = clock_mono_ms();
		ssize_t got;

		if (now >= deadline || poll(&ready, 1, (int)(deadline - now)) == 0)
			return false;
		got = read(fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		if (output->length < OUTPUT_MAX)
			buf_append(output, bytes, (size_t)got);
	}
}

int doctor_run_program(char *const argv[], const char *input, unsigned timeout_ms,
		       struct buf *output)
{
	AUTO(buf) struct buf own = { 0 };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, status = -1;
	bool done = false;
	pid_t pid;

	if (input_pipe(input, in) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	    program_spawn(&pid, argv, in[0], out[1]) == 0) {
		close(out[1]);
		out[1] = -1;
		done = output_read(out[0], clock_mono_ms() + timeout_ms, output ? output : &own);
		if (!done)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	for (int i = 0; i < 2; i++) {
		close_fd_cleanup(&in[i]);
		close_fd_cleanup(&out[i]);
	}
	return done && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void doctor_last_line(const struct buf *output, char *line, size_t size)
{
	const char *text = output->data ? (const char *)output->data : "";
	size_t end = strlen(text), start;

	while (end && (unsigned char)text[end - 1] <= ' ')
		end--;
	for (start = end; start && text[start - 1] != '\n'; start--)
		;
	snprintf(line, size, "%.*s", (int)(end - start), text + start);
}

/* ---- the whole examination -------------------------------------------------------------------- */

static void say_nothing(const char *text)
{
	(void)text;
}

static void clear(struct doctor_result *result)
{
	result->verdict = DOCTOR_OK;
	*result->found = *result->means = *result->remedy = 0;
}

static void mend(struct doctor *doctor, const struct doctor_check *check,
		 struct doctor_result *result)
{
	if (geteuid() != 0) {
		doctor_note(result, -1, "only root can mend this: run it with sudo");
		return;
	}
	if (check->fix(doctor, result) < 0)
		return;
	clear(result);
	check->probe(doctor, result);
	result->fixed = result->verdict == DOCTOR_OK;
}

static void examine(struct doctor *doctor, bool fix, const struct doctor_check *check,
		    struct doctor_report *report)
{
	struct doctor_result *result = &report->result[report->count++];

	*result = (struct doctor_result){ .id = check->id, .title = check->title };
	check->probe(doctor, result);
	result->fixable = result->verdict != DOCTOR_OK && check->fix;
	if (fix && result->fixable)
		mend(doctor, check, result);
	report->warnings += result->verdict == DOCTOR_WARN;
	report->failures += result->verdict == DOCTOR_FAIL;
}

int doctor_run(const char *state_dir, bool fix, struct doctor_report *report)
{
	struct doctor doctor = {
		.state_dir = state_dir,
		.say = report->say ? report->say : say_nothing,
	};

	report->count = report->warnings = report->failures = 0;
	for (size_t i = 0; i < doctor_host_count; i++)
		examine(&doctor, fix, &doctor_host_checks[i], report);
	for (size_t i = 0; i < doctor_libvirt_count; i++)
		examine(&doctor, fix, &doctor_libvirt_checks[i], report);
	return (int)report->failures;
}

static json_t *result_json(const struct doctor_result *result)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s}", "id", result->id, "title",
			 result->title, "verdict", doctor_verdict_names[result->verdict], "found",
			 result->found, "means", result->means, "remedy", result->remedy, "fixable",
			 result->fixable, "fixed", result->fixed, "fix_note", result->fix_note);
}

json_t *doctor_report_json(const struct doctor_report *report)
{
	enum doctor_verdict verdict = report->failures   ? DOCTOR_FAIL
				      : report->warnings ? DOCTOR_WARN
							 : DOCTOR_OK;
	json_t *checks = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(checks, result_json(&report->result[i]));
	return json_pack("{s:s, s:i, s:i, s:o}", "verdict", doctor_verdict_names[verdict], "failures",
			 (int)report->failures, "warnings", (int)report->warnings, "checks", checks);
}
