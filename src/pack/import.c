/* Archives that come in.
 *
 * Who sends one wants to write where they may not, to fill the disk, to keep a processor busy, or to get a
 * pack in that is not what its manifest says. Four fences, each of which would do alone:
 *
 *	the format   gzip around tar, once, and nothing else of what libarchive knows
 *	entry.c      an entry is a plain file of a pack or a folder, or the whole archive is refused;
 *	             sizes are announced before the bytes, so a bomb is refused unread
 *	the folder   all is written below a new folder of mode 700 that nobody else knows, by libarchive with
 *	             its flags against '..', links and absolute paths, never over something; what is written is
 *	             made anew from name, size and mode: no owners, times, links, attributes
 *	the reading  the folder is then read as any pack is, compared with the manifest, and checked as
 *	             `terakoya lab lint` does
 *
 * Only then is the folder moved to its place, in one step. Whatever fails before, the folder is removed.
 *
 * libarchive refuses absolute paths, also ours: it wants to work in the working directory. That belongs to
 * the process, and other threads look up names meanwhile; so this thread gets one of its own. */
#include "pack/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"

#define PRIVATE "/.import-"
/* Headers, padding and long names around the content. */
#define UNPACKED_MAX (PACK_TOTAL_MAX + BUNDLE_NAMES_MAX * 4096 + MANIFEST_MAX)

static const int write_flags = ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
			       ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS |
			       ARCHIVE_EXTRACT_NO_OVERWRITE;

struct import {
	struct archive *in, *out;
	struct entry_names names;
	struct manifest manifest;
	uint8_t *room; /* PACK_FILE_MAX bytes */
};

static inline void import_cleanup(struct import *import)
{
	archive_read_free(import->in);
	archive_write_free(import->out);
	entry_names_free(&import->names);
	manifest_free(&import->manifest);
	free(import->room);
}

/* ---- folders --------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	remove(path);
	return 0;
}

void folder_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void pack_sweep(const char *parent)
{
	struct dirent **names;
	int count = scandir(parent, &names, NULL, NULL);

	for (int i = 0; i < count; i++) {
		AUTO_FREE char *path = str_fmt("%s/%s", parent, names[i]->d_name);
		if (str_starts(path + strlen(parent), PRIVATE))
			folder_remove(path);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

/* The folder that an imported pack's own folder is in. */
static char *private_of(const struct pack *pack)
{
	return str_copy_n(pack->directory, (size_t)(strrchr(pack->directory, '/') - pack->directory));
}

void pack_vanish(struct pack *pack)
{
	AUTO_FREE char *folder = private_of(pack);

	folder_remove(folder);
}

void pack_discard(struct pack *pack)
{
	if (pack)
		pack_vanish(pack);
	pack_free(pack);
}

int pack_settle(struct pack *pack, const char *directory, struct err *err)
{
	AUTO_FREE char *folder = private_of(pack);

	if (renameat2(AT_FDCWD, pack->directory, AT_FDCWD, directory, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? err_set(err, ERR_CONFLICT, "%s is there already", directory) :
					 err_errno(err, "%s cannot be moved to %s", pack->directory,
						   directory);
	free(pack->directory);
	pack->directory = str_copy(directory);
	folder_remove(folder);
	return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int unreadable(struct archive *in, struct err *err)
{
	const char *why = archive_error_string(in);

	return err_set(err, ERR_INVALID,
		       "the archive cannot be read (%s): is it a .tar.gz, and did all of it come?",
		       why ? why : "its end is missing");
}

static int open_archive(struct import *import, int fd, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, "the archive cannot be read");
	if (status.st_size > PACK_ARCHIVE_MAX)
		return err_set(err, ERR_TOO_LARGE, "the archive is larger than %d MiB",
			       PACK_ARCHIVE_MAX >> 20);
	import->in = archive_read_new();
	if (archive_read_support_filter_gzip(import->in) < ARCHIVE_WARN ||
	    archive_read_support_format_tar(import->in) < ARCHIVE_WARN ||
	    archive_read_open_fd(import->in, fd, 65536) < ARCHIVE_OK)
		return unreadable(import->in, err);
	return 0;
}

/* gzip, and below it the file itself. */
static int check_wrapping(struct import *import, struct err *err)
{
	if (archive_filter_count(import->in) == 2 &&
	    archive_filter_code(import->in, 0) == ARCHIVE_FILTER_GZIP)
		return 0;
	return err_set(err, ERR_INVALID,
		       "the archive is not a tar file that was compressed once with gzip; make it with "
		       "`terakoya pack export`");
}

static int check_unpacked(struct import *import, struct err *err)
{
	if (archive_filter_bytes(import->in, 0) <= UNPACKED_MAX)
		return 0;
	return err_set(err, ERR_TOO_LARGE, "the archive unpacks to more than %d MiB",
		       UNPACKED_MAX >> 20);
}

/* 1 with an entry, 0 at the end. */
static int next_entry(struct import *import, struct archive_entry **entry, struct err *err)
{
	int got = archive_read_next_header(import->in, entry);

	if (got != ARCHIVE_EOF && got < ARCHIVE_WARN)
		return unreadable(import->in, err);
	if (check_wrapping(import, err) < 0 || check_unpacked(import, err) < 0)
		return -1;
	return got == ARCHIVE_EOF ? 0 : 1;
}

/* The entry's content into import->room. */
static int read_content(struct import *import, struct archive_entry *entry, struct err *err)
{
	la_int64_t size = archive_entry_size(entry);

	if (archive_read_data(import->in, import->room, (size_t)size) != size)
		return unreadable(import->in, err);
	return 0;
}

static int read_manifest(struct import *import, struct err *err)
{
	struct archive_entry *entry;
	int got = next_entry(import, &entry, err);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(err, ERR_INVALID, "the archive is empty; make it with `terakoya pack export`");
	if (entry_check(&import->names, entry, NULL, err) < 0 || read_content(import, entry, err) < 0)
		return -1;
	buf_append(&import->manifest.text, import->room, (size_t)archive_entry_size(entry));
	return manifest_begin(&import->manifest, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int write_entry(struct import *import, struct archive_entry *entry, struct err *err)
{
	AUTO(archive_entry) struct archive_entry *mine = archive_entry_new();
	bool folder = archive_entry_filetype(entry) == AE_IFDIR;
	size_t size = folder ? 0 : (size_t)archive_entry_size(entry);

	archive_entry_set_pathname(mine, entry_path(entry));
	archive_entry_set_filetype(mine, folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(mine, folder || archive_entry_perm(entry) & S_IXUSR ? 0755 : 0644);
	archive_entry_set_size(mine, (la_int64_t)size);
	if (!folder && read_content(import, entry, err) < 0)
		return -1;
	if (archive_write_header(import->out, mine) < ARCHIVE_OK ||
	    (size && archive_write_data(import->out, import->room, size) != (la_ssize_t)size) ||
	    archive_write_finish_entry(import->out) < ARCHIVE_OK)
		return err_set(err, ERR_INTERNAL, "%s cannot be written: %s", entry_path(entry),
			       archive_error_string(import->out));
	return 0;
}

static int unpack(struct import *import, int fd, struct err *err)
{
	struct archive_entry *entry;
	int got;

	import->room = mem_alloc(PACK_FILE_MAX);
	import->out = archive_write_disk_new();
	archive_write_disk_set_options(import->out, write_flags);
	if (open_archive(import, fd, err) < 0 || read_manifest(import, err) < 0)
		return -1;
	while ((got = next_entry(import, &entry, err)) > 0)
		if (entry_check(&import->names, entry, import->manifest.top, err) < 0 ||
		    write_entry(import, entry, err) < 0)
			return -1;
	if (got == 0 && import->names.count < 2)
		return err_set(err, ERR_INVALID, "the archive holds nothing but its " MANIFEST_NAME);
	if (got == 0 && archive_write_close(import->out) < ARCHIVE_OK)
		return err_set(err, ERR_INTERNAL, "the pack cannot be written: %s",
			       archive_error_string(import->out));
	return got;
}

/* unpack() with `folder` as the working directory of this thread alone. */
static int unpack_in(struct import *import, int fd, const char *folder, struct err *err)
{
	AUTO_CLOSE int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (back < 0 || unshare(CLONE_FS) < 0 || chdir(folder) < 0)
		return err_errno(err, "there is no working in %s", folder);
	int result = unpack(import, fd, err);
	if (fchdir(back) < 0)
		return err_errno(err, "there is no way back from %s", folder);
	return result;
}

/* ---- the pack in it -------------------------------------------------------------------------- */

static int check_course_names(const struct pack *pack, const struct manifest *manifest, struct err *err)
{
	if (str_equal(pack->id, manifest->id) && str_equal(pack->version, manifest->version))
		return 0;
	return err_set(err, ERR_INVALID,
		       "course.xml is of %s %s, " MANIFEST_NAME " of %s %s; have it exported again",
		       pack->id, pack->version, manifest->id, manifest->version);
}

/* As pack_open(), with the manifest's word before the rest is looked at. */
static struct pack *read_pack(const struct manifest *manifest, char *directory,
			      struct pack_findings *findings, struct err *err)
{
	struct pack *pack = mem_alloc(sizeof(*pack));
	struct reader reader = { .pack = pack, .findings = findings };
	int result = -1;

	pack->directory = directory;
	if (tree_read(&reader, err) < 0)
		result = -1;
	else if (findings->count)
		findings_to_err(findings, err);
	else if (manifest_check(manifest, pack, err) < 0)
		result = -1;
	else if (!pack_assemble(&reader))
		findings_to_err(findings, err);
	else
		result = check_course_names(pack, manifest, err);
	free(reader.place);
	if (result == 0)
		return pack;
	pack_free(pack);
	return NULL;
}

static struct pack *import_into(int fd, const char *folder, struct pack_findings *findings,
				struct err *err)
{
	AUTO(import) struct import import = { 0 };

	if (unpack_in(&import, fd, folder, err) < 0)
		return NULL;
	char *directory = str_fmt("%s/%s", folder, import.manifest.top);
	return read_pack(&import.manifest, directory, findings, err);
}

struct pack *pack_import(int fd, const char *parent, struct pack_findings *findings,
			 struct err *err)
{
	AUTO_FREE char *folder = str_fmt("%s" PRIVATE "XXXXXX", parent);
	struct pack_findings own = { 0 };

	if (sodium_init() < 0) {
		err_set(err, ERR_INTERNAL, "libsodium cannot be initialised");
		return NULL;
	}
	if (!mkdtemp(folder)) {
		err_errno(err, "no folder can be made in %s", parent);
		return NULL;
	}
	struct pack *pack = import_into(fd, folder, findings ? findings : &own, err);
	if (!pack)
		folder_remove(folder);
	pack_findings_free(&own);
	return pack;
}
