#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"

#define COLUMNS_MAX 12
#define BAR_WIDTH   24

bool show_json(const struct invocation *invocation, json_t *value)
{
	if (!invocation->json)
		return false;
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	printf("\n");
	return true;
}

void show_done(const struct invocation *invocation, const char *format, ...)
{
	AUTO_FREE char *line = NULL;
	json_t *done = json_object();
	va_list values;

	va_start(values, format);
	if (vasprintf(&line, format, values) < 0)
		abort();
	va_end(values);
	json_object_set_new(done, "done", json_string(line));
	if (!show_json(invocation, done))
		printf("%s\n", line);
	json_decref(done);
}

const char *show_bytes(json_int_t bytes, char text[32])
{
	if (bytes < 10 * 1024 * 1024)
		snprintf(text, 32, "%.0f kB", (double)bytes / 1024);
	else if (bytes < 1024ll * 1024 * 1024)
		snprintf(text, 32, "%.0f MB", (double)bytes / 1048576);
	else
		snprintf(text, 32, "%.1f GB", (double)bytes / 1073741824);
	return text;
}

const char *show_seconds(json_int_t ms, char text[32])
{
	long seconds = (long)((ms + 999) / 1000);

	if (seconds < 60)
		snprintf(text, 32, "%ld s", seconds);
	else
		snprintf(text, 32, "%ld min %02ld s", seconds / 60, seconds % 60);
	return text;
}

const char *show_time(json_int_t ms, char text[32])
{
	time_t at = (time_t)(ms / 1000);
	struct tm local;

	*text = 0;
	if (at)
		strftime(text, 32, "%Y-%m-%d %H:%M", localtime_r(&at, &local));
	return text;
}

const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* ---- tables ----------------------------------------------------------------------------------- */

static json_t *follow(json_t *value, const char *path)
{
	while (value && *path) {
		size_t length = strcspn(path, ".");
		AUTO_FREE char *name = str_copy_n(path, length);
		value = json_object_get(value, name);
		path += length + (path[length] == '.');
	}
	return value;
}

/* A number whose path says so is a size. */
static char *cell_text(json_t *row, const char *path)
{
	json_t *value = follow(row, path);
	char bytes[32];

	if (json_is_string(value))
		return str_copy(json_string_value(value));
	if (json_is_integer(value) && str_ends(path, "bytes"))
		return str_copy(show_bytes(json_integer_value(value), bytes));
	if (json_is_integer(value))
		return str_fmt("%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return str_copy(json_is_true(value) ? "yes" : "no");
	return str_copy("");
}

/* Columns on the screen: a Japanese character takes two. */
static int text_width(const char *text)
{
	wchar_t wide[512];
	size_t count = mbstowcs(wide, text, ARRAY_SIZE(wide));

	return count == (size_t)-1 ? (int)strlen(text) : wcswidth(wide, count);
}

static void print_cell(const char *text, int width, bool last)
{
	int pad = width - text_width(text);

	printf("%s%*s", text, last ? 0 : (pad > 0 ? pad : 0) + 2, "");
}

static void print_rows(char **cells, size_t rows, size_t columns)
{
	int width[COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < rows * columns; i++)
		if (text_width(cells[i]) > width[i % columns])
			width[i % columns] = text_width(cells[i]);
	for (size_t i = 0; i < rows * columns; i++) {
		bool last = i % columns == columns - 1;
		print_cell(cells[i], width[i % columns], last);
		if (last)
			printf("\n");
		free(cells[i]);
	}
}

void show_table(json_t *rows, const char *const *columns)
{
	size_t count = 0, filled = 0, index;
	json_t *row;

	while (columns[count])
		count++;
	AUTO_FREE char **cells = mem_alloc((json_array_size(rows) + 1) * count * sizeof(*cells));
	for (size_t i = 0; i < count; i++)
		cells[filled++] = str_copy_n(columns[i], strcspn(columns[i], "="));
	json_array_foreach(rows, index, row)
		for (size_t i = 0; i < count; i++)
			cells[filled++] = cell_text(row, strchr(columns[i], '=') + 1);
	print_rows(cells, filled / count, count);
}

int show_list(struct invocation *invocation, const char *path, const char *const *columns,
	      struct err *err)
{
	json_t *rows = NULL;

	if (client_call(invocation->client, "GET", path, NULL, &rows, err) < 0)
		return -1;
	if (!show_json(invocation, rows))
		show_table(rows, columns);
	json_decref(rows);
	return 0;
}

/* ---- long work -------------------------------------------------------------------------------- */

static void draw_work(json_t *work)
{
	double fraction = json_number_value(json_object_get(work, "fraction"));
	json_int_t left = json_integer_value(json_object_get(work, "left_ms"));
	const char *step = json_string_value(json_object_get(work, "step"));
	int filled = (int)(fraction * BAR_WIDTH);
	char bar[BAR_WIDTH + 1], seconds[32];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)(filled < BAR_WIDTH ? filled : BAR_WIDTH));
	bar[BAR_WIDTH] = 0;
	printf("\r\033[K%s %s [%s] %3.0f %%  %.48s%s%s%s", json_string_value(json_object_get(work, "kind")),
	       json_string_value(json_object_get(work, "object")), bar, fraction * 100, step ? step : "",
	       left ? ", about " : "", left ? show_seconds(left, seconds) : "", left ? " left" : "");
	fflush(stdout);
}

/* Without a terminal: a line whenever the step changes. */
static void tell_work(json_t *work, char **last)
{
	const char *step = json_string_value(json_object_get(work, "step"));

	if (isatty(STDOUT_FILENO)) {
		draw_work(work);
	} else if (step && *step && !str_equal(step, *last)) {
		printf("%s %s: %s\n", json_string_value(json_object_get(work, "kind")),
		       json_string_value(json_object_get(work, "object")), step);
		fflush(stdout);
		free(*last);
		*last = str_copy(step);
	}
}

static int work_result(struct invocation *invocation, json_t *work, struct err *err)
{
	const char *state = json_string_value(json_object_get(work, "state"));
	const char *object = json_string_value(json_object_get(work, "object"));
	char seconds[32];

	if (isatty(STDOUT_FILENO) && !invocation->json)
		printf("\r\033[K");
	if (str_equal(state, "failed"))
		return err_set(err, ERR_INTERNAL, "%s: %s", object,
			       json_string_value(json_object_get(work, "message")));
	if (!show_json(invocation, work))
		printf("%s %s: done in %s\n", json_string_value(json_object_get(work, "kind")), object,
		       show_seconds(json_integer_value(json_object_get(work, "took_ms")), seconds));
	return 0;
}

int show_work(struct invocation *invocation, json_t *work, struct err *err)
{
	json_int_t id = json_integer_value(json_object_get(work, "id"));
	AUTO_FREE char *path = str_fmt("/works/%lld", (long long)id);
	AUTO_FREE char *last = NULL;

	if (!id) {
		if (!show_json(invocation, work))
			printf("it is there already; --force makes it again\n");
		return 0;
	}
	for (json_t *now = NULL;; json_decref(now)) {
		if (client_call(invocation->client, "GET", path, NULL, &now, err) < 0)
			return -1;
		if (!str_equal(json_string_value(json_object_get(now, "state")), "running")) {
			int result = work_result(invocation, now, err);
			json_decref(now);
			return result;
		}
		if (!invocation->json)
			tell_work(now, &last);
		usleep(300000);
	}
}

bool confirm(const struct invocation *invocation, const char *question)
{
	char answer[16];

	if (option_value(invocation, "yes"))
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "terakoya: %s Nobody can be asked here; give --yes.\n", question);
		return false;
	}
	fprintf(stderr, "%s [y/N] ", question);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}
