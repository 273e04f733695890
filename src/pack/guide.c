/* A lab's guides: checked when the pack is read, rendered for a seat when it is looked at. */
#include "pack/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define MARKER "{{task:"

static char *guide_path(const struct pack_lab *lab, enum pack_lang lang)
{
	return str_fmt("%s/guide.%s.md", lab->id, pack_lang_names[lang]);
}

/* Well-formed UTF-8 whose only control characters are newline and tab. Returns the line that is
 * not, or 0. */
static int text_bad_line(const struct buf *text)
{
	const char *p = (const char *)text->data;
	size_t left = text->length;

	for (int line = 1; left; line++) {
		const char *newline = memchr(p, '\n', left);
		size_t length = newline ? (size_t)(newline - p) : left;
		for (size_t start = 0, i = 0; i <= length; i++) {
			if (i < length && p[i] != '\t')
				continue;
			if (!str_is_clean_utf8(p + start, i - start))
				return line;
			start = i + 1;
		}
		p += length + !!newline;
		left -= length + !!newline;
	}
	return 0;
}

/* ---- {{task:id}} -----------------------------------------------------------------------------
 *
 * Marks where a task belongs in the guide. A guide has none, or all of them in order.
 */

struct marks {
	struct reader *reader;
	const struct pack_lab *lab;
	const char *file;
	unsigned seen[PACK_TASKS_MAX];
	size_t last; /* index of the task shown last, and one more */
};

static void mark_found(struct marks *marks, const char *id, int line, bool alone)
{
	const struct pack_task *task = pack_task(marks->lab, id);

	if (!task) {
		finding_add(marks->reader, marks->file, line,
			    "{{task:%.40s}}, but %s has no such task; expected the id of a <task>",
			    id, marks->lab->id);
		return;
	}
	size_t index = (size_t)(task - marks->lab->task);
	if (!alone)
		finding_add(marks->reader, marks->file, line,
			    "{{task:%s}} has words beside it; expected it alone in its paragraph",
			    id);
	if (marks->seen[index]++)
		finding_add(marks->reader, marks->file, line,
			    "{{task:%s}} a second time; expected each task once", id);
	else if (index + 1 < marks->last)
		finding_add(marks->reader, marks->file, line,
			    "{{task:%s}} comes after a later task; expected the order of lab.xml",
			    id);
	marks->last = index + 1 > marks->last ? index + 1 : marks->last;
}

static bool line_is_blank(const char *line)
{
	return !line[strspn(line, " \t\n")] || line[strspn(line, " \t")] == '\n';
}

/* Alone: nothing else on its line, and blank lines around it. */
static bool mark_is_alone(const char *text, const char *mark, const char *end)
{
	bool first = mark == text || mark[-1] == '\n';
	bool above = mark == text || mark == text + 1 || (first && mark[-2] == '\n');

	return first && above && (!*end || (*end == '\n' && line_is_blank(end + 1)));
}

static void marks_find(struct marks *marks, const char *text)
{
	const char *counted = text;
	int line = 1;

	for (const char *p = text; (p = strstr(p, MARKER)); p++) {
		const char *id = p + strlen(MARKER), *end = name_end(id);
		if (!end)
			continue;
		for (; counted < p; counted++)
			line += *counted == '\n';
		AUTO_FREE char *name = str_copy_n(id, (size_t)(end - id));
		mark_found(marks, name, line, mark_is_alone(text, p, end + 2));
	}
}

static void check_marks(struct reader *reader, const struct pack_lab *lab, const char *file,
			const char *text)
{
	struct marks marks = { .reader = reader, .lab = lab, .file = file };

	marks_find(&marks, text);
	for (size_t i = 0; marks.last && i < lab->tasks; i++)
		if (!marks.seen[i])
			finding_add(
				reader, file, 0,
				"other tasks are marked, but %s is not; expected {{task:%s}} alone "
				"in a paragraph",
				lab->task[i].id, lab->task[i].id);
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* The names in text, with the tasks' marks taken out: those have their own check. */
static void check_guide_names(struct reader *reader, const struct pack_lab *lab, const char *file,
			      const char *text)
{
	AUTO_FREE char *rest = str_copy(text);

	for (char *p = rest; (p = strstr(p, MARKER)); p++)
		memset(p, ' ', 2);
	check_names(reader, lab, file, 1, rest);
}

static void check_guide(struct reader *reader, const struct pack_lab *lab, const char *path)
{
	const struct pack_file *file = tree_file(reader->pack, path);

	if (!file || !file->content.length) {
		finding_add(reader, path, 0, "%s; expected a guide in every language",
			    file ? "it is empty" : "there is none");
		return;
	}
	const char *text = (const char *)file->content.data;
	int line = text_bad_line(&file->content);
	if (line) {
		finding_add(
			reader, path, line,
			"a control character or broken UTF-8; expected UTF-8 with plain newlines");
		return;
	}
	check_marks(reader, lab, file->path, text);
	check_guide_names(reader, lab, file->path, text);
	check_markdown(reader, file->path, 0, text);
}

void check_guides(struct reader *reader, const struct pack_lab *lab)
{
	for (int lang = 0; lang < PACK_LANGS; lang++) {
		AUTO_FREE char *path = guide_path(lab, lang);
		check_guide(reader, lab, path);
	}
}

/* ---- for a seat ------------------------------------------------------------------------------ */

int pack_guide(const struct pack *pack, const struct pack_lab *lab, enum pack_lang lang,
	       const struct pack_values *values, struct buf *html, struct err *err)
{
	AUTO_FREE char *path = guide_path(lab, lang);
	const struct pack_file *file = tree_file(pack, path);

	if (!file)
		return err_set(err, ERR_NOT_FOUND, "the pack %s has no guide %s", pack->id, path);
	if (pack_render((const char *)file->content.data, values, false, html, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}
