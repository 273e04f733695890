/* What an entry of an archive may be: a plain file of a pack, or a folder, at a place of its own.
 *
 * Names are letters, digits, '.', '_' and '-', as in a pack that lies on disk. So a name has one spelling
 * only: what differs in Unicode's normal form is refused for its letters before it could meet its twin.
 * Names that differ in case only are refused, too: on another system one would replace the other.
 */
#include "pack/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"

struct entry_name {
	char *path;
	bool folder;
};

void entry_names_free(struct entry_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->item[i].path);
	free(names->item);
}

/* A name in UTF-8 is not to be had by the first call where the locale is "C". */
const char *entry_path(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);

	if (!path)
		path = archive_entry_pathname_utf8(entry);
	return path ? path : "";
}

/* ---- one entry by itself --------------------------------------------------------------------- */

static bool is_nameless(struct archive_entry *entry, const char *path)
{
	(void)entry;
	return !*path;
}

static bool is_link(struct archive_entry *entry, const char *path)
{
	(void)path;
	return archive_entry_hardlink(entry) || archive_entry_hardlink_utf8(entry) ||
	       archive_entry_filetype(entry) == AE_IFLNK;
}

static bool is_special(struct archive_entry *entry, const char *path)
{
	(void)path;
	return archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != AE_IFDIR;
}

static bool is_absolute(struct archive_entry *entry, const char *path)
{
	(void)entry;
	return *path == '/';
}

static bool climbs(struct archive_entry *entry, const char *path)
{
	AUTO_FREE char *slashed = str_fmt("/%s/", path);

	(void)entry;
	return strstr(slashed, "/../");
}

static bool has_controls(struct archive_entry *entry, const char *path)
{
	(void)entry;
	for (; *path; path++)
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			return true;
	return false;
}

static bool is_strange(struct archive_entry *entry, const char *path)
{
	(void)entry;
	return strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") !=
	       strlen(path);
}

static bool is_hidden(struct archive_entry *entry, const char *path)
{
	AUTO_FREE char *slashed = str_fmt("/%s", path);

	(void)entry;
	return strstr(slashed, "/.") || strstr(slashed, "//");
}

static bool is_long(struct archive_entry *entry, const char *path)
{
	size_t longest = 0;

	(void)entry;
	for (const char *part = path; *part; part += strcspn(part, "/") + (part[strcspn(part, "/")] != 0))
		longest = strcspn(part, "/") > longest ? strcspn(part, "/") : longest;
	return strlen(path) > BUNDLE_PATH_MAX || longest > 200;
}

static bool is_deep(struct archive_entry *entry, const char *path)
{
	unsigned slashes = 0;

	(void)entry;
	for (; *path; path++)
		slashes += *path == '/' && path[1];
	return slashes > PACK_FOLDERS_MAX + 1;
}

static bool is_privileged(struct archive_entry *entry, const char *path)
{
	(void)path;
	return archive_entry_perm(entry) & 07000;
}

static bool is_large(struct archive_entry *entry, const char *path)
{
	(void)path;
	return archive_entry_size(entry) < 0 || archive_entry_size(entry) > PACK_FILE_MAX;
}

#define EXPORT "make the archive with `terakoya pack export`"

/* In this order: the first that an entry breaks is the one that it is refused for. */
static const struct {
	bool (*breaks)(struct archive_entry *entry, const char *path);
	enum err_kind kind;
	const char *what;
} rules[] = {
	{ is_nameless, ERR_INVALID, "an entry without a readable name; " EXPORT },
	{ is_link, ERR_INVALID, "it is a link; put the file itself in its place" },
	{ is_special, ERR_INVALID, "it is a device, a pipe or a socket; leave it out" },
	{ is_absolute, ERR_INVALID, "its path begins with '/'; " EXPORT },
	{ climbs, ERR_INVALID, "its path climbs with '..'; " EXPORT },
	{ has_controls, ERR_INVALID, "its name has control characters; rename it" },
	{ is_strange, ERR_INVALID,
	  "its name has other characters than letters, digits, '.', '_' and '-'; rename it" },
	{ is_hidden, ERR_INVALID,
	  "its path has an empty part or one that begins with '.'; hidden files are no part of a "
	  "pack: leave it out" },
	{ is_long, ERR_TOO_LARGE, "its name or path is too long; shorten it" },
	{ is_deep, ERR_TOO_LARGE, "it lies more than 8 folders deep; move it up" },
	{ is_privileged, ERR_INVALID,
	  "it has a set-uid, set-gid or sticky bit; give it the mode 644 or 755" },
	{ is_large, ERR_TOO_LARGE, "it is larger than 1 MiB; make it smaller, or let a script make it" },
};

static int refuse(const char *path, enum err_kind kind, const char *what, struct err *err)
{
	return err_set(err, kind, "%.*s: %s", BUNDLE_PATH_MAX, path, what);
}

/* ---- beside the others ----------------------------------------------------------------------- */

static struct entry_name *find(struct entry_names *names, const char *path)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->item[i].path, path) == 0)
			return &names->item[i];
	return NULL;
}

/* Takes note of a name: a folder may be named again and again, a file once. */
static int take_name(struct entry_names *names, const char *path, bool folder, struct err *err)
{
	const struct entry_name *other = find(names, path);

	if (!other && names->count == BUNDLE_NAMES_MAX)
		return refuse(path, ERR_TOO_LARGE,
			      "with it the archive has more than 4096 files and folders; leave some out",
			      err);
	if (!other) {
		names->item = mem_grow(names->item, names->count + 1, sizeof(*names->item));
		names->item[names->count++] =
			(struct entry_name){ .path = str_copy(path), .folder = folder };
		return 0;
	}
	if (strcmp(other->path, path) != 0)
		return err_set(err, ERR_INVALID,
			       "%s: its name differs from %s in case only; rename one of them", path,
			       other->path);
	if (folder && other->folder)
		return 0;
	return refuse(path, ERR_INVALID, "it is in the archive twice; leave one out", err);
}

/* The folders above it are names as well, whether they have entries or not. */
static int take_path(struct entry_names *names, const char *path, bool folder, struct err *err)
{
	size_t length = strlen(path);

	length -= length > 1 && path[length - 1] == '/';
	for (size_t i = 1; i < length; i++) {
		if (path[i] != '/')
			continue;
		AUTO_FREE char *above = str_copy_n(path, i);
		if (take_name(names, above, true, err) < 0)
			return -1;
	}
	AUTO_FREE char *name = str_copy_n(path, length);
	return take_name(names, name, folder, err);
}

static bool is_in(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && (!path[length] || path[length] == '/');
}

static int check_place(struct archive_entry *entry, const char *path, const char *top, struct err *err)
{
	bool folder = archive_entry_filetype(entry) == AE_IFDIR;

	if (!top && (folder || strcmp(path, MANIFEST_NAME) != 0))
		return refuse(path, ERR_INVALID,
			      "it comes first, and is not the file " MANIFEST_NAME "; " EXPORT, err);
	if (top && (!is_in(path, top) || (!folder && strcmp(path, top) == 0)))
		return err_set(err, ERR_INVALID, "%s: it is not in the folder %s; " EXPORT, path, top);
	return 0;
}

int entry_check(struct entry_names *names, struct archive_entry *entry, const char *top,
		struct err *err)
{
	const char *path = entry_path(entry);

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].breaks(entry, path))
			return refuse(path, rules[i].kind, rules[i].what, err);
	names->bytes += (size_t)archive_entry_size(entry);
	if (names->bytes > PACK_TOTAL_MAX)
		return refuse(path, ERR_TOO_LARGE,
			      "with it the pack is larger than 32 MiB; leave some files out", err);
	if (check_place(entry, path, top, err) < 0)
		return -1;
	return take_path(names, path, archive_entry_filetype(entry) == AE_IFDIR, err);
}
