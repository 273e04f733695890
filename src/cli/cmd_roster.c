#include "cli/cli.h"

#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

#define READ_MOST (1024 * 1024) /* the daemon's own bound is lower, and its words are better */

static int read_all(FILE *in, struct buf *text)
{
	char part[4096];
	size_t length;

	while (text->length < READ_MOST && (length = fread(part, 1, sizeof(part), in)))
		buf_append(text, part, length);
	return ferror(in) ? -1 : 0;
}

static int read_file(const char *file, struct buf *text, struct err *err)
{
	bool standard = strcmp(file, "-") == 0;
	AUTO_FILE FILE *opened = standard ? NULL : fopen(file, "re");

	if (!standard && !opened)
		return err_errno(err, "the roster cannot be read from %s", file);
	buf_text(text, "");
	return read_all(standard ? stdin : opened, text) < 0 ? err_errno(err, "%s cannot be read", file) : 0;
}

/* "line 7, mail: ...": in Japanese where the terminal is. Gives how many are wrong. */
static size_t tell_problems(json_t *problems)
{
	const char *language = getenv("LANG");
	bool japanese = language && str_starts(language, "ja");
	json_t *problem;
	size_t i, wrong = 0;

	json_array_foreach(problems, i, problem) {
		json_int_t line = number_of(problem, "line");
		json_t *text = json_object_get(problem, "text");
		if (line)
			fprintf(stderr, "line %lld, ", (long long)line);
		fprintf(stderr, "%s: %s\n", json_string_value(json_object_get(problem, "field")),
			json_string_value(json_object_get(text, japanese ? "ja" : "en")));
		wrong += json_is_true(json_object_get(problem, "wrong"));
	}
	return wrong;
}

/* The row without what was said of it. */
static json_t *person_of(json_t *row)
{
	json_t *person = json_copy(row);

	json_object_del(person, "line");
	json_object_del(person, "problems");
	return person;
}

int roster_people(struct invocation *invocation, const char *file, json_t **people, struct err *err)
{
	AUTO(buf) struct buf text = { 0 };
	json_t *roster = NULL, *row;
	size_t i, wrong;

	if (read_file(file, &text, err) < 0 ||
	    client_send(invocation->client, "/roster/preview", "text/csv", text.data, text.length, &roster,
			err) < 0)
		return -1;
	json_t *list = json_array();
	wrong = tell_problems(json_object_get(roster, "problems"));
	json_array_foreach(json_object_get(roster, "rows"), i, row) {
		wrong += tell_problems(json_object_get(row, "problems"));
		json_array_append_new(list, person_of(row));
	}
	json_decref(roster);
	if (!wrong) {
		*people = list;
		return 0;
	}
	json_decref(list);
	return err_set(err, ERR_INVALID, "%s has %zu mistake%s, so nothing was made", file, wrong,
		       wrong == 1 ? "" : "s");
}
