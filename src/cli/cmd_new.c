/* `lab new`: a pack to begin with, small and sound. */
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "cli/skeleton.h"
#include "pack/pack.h"

#define ID_MAX 32

/* ---- where ------------------------------------------------------------------------------------ */

static int only_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Makes it, or finds it empty. */
static int take_directory(const char *path, struct err *err)
{
	struct dirent **names;

	if (mkdir(path, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(err, "the directory %s cannot be made", path);
	int count = scandir(path, &names, only_dots, NULL);
	if (count < 0)
		return err_errno(err, "%s cannot be looked into", path);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	if (count)
		return err_set(err, ERR_CONFLICT, "%s is not empty: name a directory that is not there yet",
			       path);
	return 0;
}

/* ---- with which words ------------------------------------------------------------------------- */

static bool is_id(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length && length <= ID_MAX && !text[length] && *text >= 'a' && *text <= 'z';
}

/* The directory's own name, unless the author says another. */
static int choose_id(const struct invocation *invocation, char id[ID_MAX + 1], struct err *err)
{
	AUTO_FREE char *path = str_copy(invocation->argument[0]);
	const char *wanted = option_value(invocation, "id");

	if (!wanted)
		wanted = basename(path);
	if (!is_id(wanted))
		return err_set(err, ERR_INVALID,
			       "\"%s\" is no name for a course; give --id: lower-case letters, digits and "
			       "dashes, beginning with a letter, at most %d", wanted, ID_MAX);
	snprintf(id, ID_MAX + 1, "%s", wanted);
	return 0;
}

static void put_escaped(struct buf *text, const char *words)
{
	for (; *words; words++) {
		const char *entity = *words == '<' ? "&lt;" : *words == '&' ? "&amp;" : NULL;
		buf_append(text, entity ? entity : words, entity ? strlen(entity) : 1);
	}
}

/* Copies from up to where `what` stands, then puts `words` in its place. Returns where to go on. */
static const char *replace(struct buf *text, const char *from, const char *what, const char *words)
{
	const char *at = strstr(from, what);

	buf_append(text, from, (size_t)(at - from));
	put_escaped(text, words);
	return at + strlen(what);
}

/* The three words stand in course.xml in this order. */
static void fill_course(struct buf *text, const char *template, const char *id, const char *title)
{
	const char *rest = replace(text, template, SKELETON_ID, id);

	rest = replace(text, rest, SKELETON_TITLE_EN, title ? title : SKELETON_TITLE_EN);
	rest = replace(text, rest, SKELETON_TITLE_JA, title ? title : SKELETON_TITLE_JA);
	buf_append(text, rest, strlen(rest));
}

/* ---- writing it ------------------------------------------------------------------------------- */

static int write_file(const char *directory, const char *path, const char *text, struct err *err)
{
	AUTO_FREE char *whole = str_fmt("%s/%s", directory, path), *folder = str_copy(whole);

	*strrchr(folder, '/') = 0;
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return err_errno(err, "the directory %s cannot be made", folder);
	FILE *file = fopen(whole, "wxe");
	if (!file)
		return err_errno(err, "%s cannot be written", whole);
	bool written = fputs(text, file) >= 0;
	if (fclose(file) != 0 || !written)
		return err_errno(err, "%s cannot be written", whole);
	return 0;
}

static int write_pack(const char *directory, const char *id, const char *title, struct err *err)
{
	for (const struct skeleton_file *file = skeleton; file->path; file++) {
		AUTO(buf) struct buf text = { 0 };
		if (file == skeleton)
			fill_course(&text, file->text, id, title);
		else
			buf_append(&text, file->text, strlen(file->text));
		if (write_file(directory, file->path, (const char *)text.data, err) < 0)
			return -1;
	}
	return 0;
}

int cmd_lab_new(struct invocation *invocation, struct err *err)
{
	const char *directory = invocation->argument[0], *title = option_value(invocation, "title");
	char id[ID_MAX + 1];

	if (title && (!*title || !str_is_clean_utf8(title, strlen(title))))
		return err_set(err, ERR_INVALID, "--title takes a line of plain text");
	if (choose_id(invocation, id, err) < 0 || take_directory(directory, err) < 0 ||
	    write_pack(directory, id, title, err) < 0)
		return -1;
	struct pack *pack = pack_open(directory, NULL, err);
	if (!pack)
		return -1;
	pack_free(pack);
	if (invocation->json) {
		show_done(invocation, "%s: the course %s", directory, id);
		return 0;
	}
	printf("%s: the course %s, with one machine, one lab, and a task of each kind.\n"
	       "  terakoya lab try %s first-lab   work in it while you write\n"
	       "  terakoya lab lint %s            find mistakes\n", directory, id, directory, directory);
	return 0;
}
