/* The recipe's own files are read as images/build reads them: `recipe` holds NAME=VALUE, `packages` and `repository`
 * one package a line, `overlay/` what is laid over the root, and the rest are scripts. They are small; a site's
 * own may hold anything, so that everything is bounded. */
#include "core/image_recipe.h"

#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

#define OVERLAY "overlay/"

/* The recipe's own files before those that it lays in. */
static int files_first(const FTSENT **a, const FTSENT **b)
{
	int difference = ((*a)->fts_info == FTS_D) - ((*b)->fts_info == FTS_D);

	return difference ? difference : strcmp((*a)->fts_name, (*b)->fts_name);
}

static const char *kind_of(const char *path, bool executable)
{
	if (str_equal(path, "recipe"))
		return "words";
	if (str_equal(path, "packages"))
		return "packages";
	if (str_equal(path, "repository"))
		return "shelf";
	if (str_starts(path, OVERLAY))
		return "overlay";
	return executable || str_equal(path, "init") ? "script" : "other";
}

/* The text of a file, with at most so many bytes; null when it has none that can be shown. */
static json_t *text_read(const char *path, size_t most)
{
	AUTO(buf) struct buf text = { 0 };

	buf_text(&text, "");
	if (buf_read_file(&text, path, most, NULL) < 0 || memchr(text.data, 0, text.length) ||
	    !str_is_utf8((char *)text.data, text.length))
		return json_null();
	return json_string((char *)text.data);
}

static json_t *link_read(const char *path)
{
	char target[1024];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return json_null();
	target[length] = 0;
	str_scrub(target);
	return json_string(target);
}

static json_t *file_view(const FTSENT *file, const char *path, size_t most)
{
	AUTO_FREE char *shown = str_copy(path);
	bool is_link = file->fts_info != FTS_F;
	bool executable = !is_link && file->fts_statp->st_mode & S_IXUSR;

	str_scrub(shown);
	return json_pack("{s:s, s:s, s:I, s:b, s:o, s:o}", "path", shown, "kind", kind_of(path, executable),
			 "bytes", (json_int_t)file->fts_statp->st_size, "executable", executable, "link",
			 is_link ? link_read(file->fts_accpath) : json_null(), "text",
			 is_link ? json_null() : text_read(file->fts_accpath, most));
}

static size_t text_length(const json_t *file)
{
	return json_string_length(json_object_get(file, "text"));
}

/* The number of files that are not in the list. */
static json_int_t files_read(const char *directory, json_t *files)
{
	char *paths[] = { (char *)directory, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, files_first);
	size_t left = RECIPE_TEXTS_MAX;
	json_int_t left_out = 0;
	FTSENT *file;

	while (tree && (file = fts_read(tree))) {
		if (file->fts_info != FTS_F && file->fts_info != FTS_SL && file->fts_info != FTS_SLNONE)
			continue;
		if (json_array_size(files) == RECIPE_FILES_MAX) {
			left_out++;
			continue;
		}
		json_t *view = file_view(file, file->fts_path + strlen(directory) + 1,
					 left < RECIPE_TEXT_MAX ? left : RECIPE_TEXT_MAX);
		left -= text_length(view);
		json_array_append_new(files, view);
	}
	if (tree)
		fts_close(tree);
	return left_out;
}

/* ---- what the files say ----------------------------------------------------------------------- */

static const char *text_of_kind(json_t *files, const char *kind)
{
	json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
		if (str_equal(json_string_value(json_object_get(file, "kind")), kind))
			return json_string_value(json_object_get(file, "text"));
	return NULL;
}

/* Calls each with every line that is no comment; the line may be changed. */
static void each_line(const char *text, void (*each)(json_t *list, char *line), json_t *list)
{
	AUTO_FREE char *copy = str_copy(text ? text : "");
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line != '#')
			each(list, line);
}

static void add_word(json_t *list, char *line)
{
	char *value = strchr(line, '=');

	if (!value || value == line)
		return;
	*value++ = 0;
	json_array_append_new(list, json_pack("{s:s, s:s}", "name", line, "value", value));
}

static void add_packages(json_t *list, char *line)
{
	char *word;

	while ((word = strsep(&line, " \t\r")))
		if (*word)
			json_array_append_new(list, json_string(word));
}

json_t *image_recipe_view(const char *directory)
{
	json_t *words = json_array(), *packages = json_array(), *shelf = json_array(), *files = json_array();
	json_int_t left_out = files_read(directory, files);

	each_line(text_of_kind(files, "words"), add_word, words);
	each_line(text_of_kind(files, "packages"), add_packages, packages);
	each_line(text_of_kind(files, "shelf"), add_packages, shelf);
	return json_pack("{s:o, s:o, s:o, s:o, s:I}", "words", words, "packages", packages, "shelf", shelf,
			 "files", files, "left_out", left_out);
}
