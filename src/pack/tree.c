/* The files of a pack, read into memory once.
 *
 * Everything later (schema, checks, scripts, guides, digest) works on these bytes, so nothing can
 * be exchanged between its check and its use, and a class keeps the version that it was launched
 * with. The walk holds a descriptor per folder and opens each name in it with O_NOFOLLOW, so that
 * no link and no race leads out of the pack. Hidden files and editors' backups (.x, x~) are no part
 * of a pack.
 */
#include "pack/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"

struct walk {
	struct reader *reader;
	size_t total;
	bool full; /* a bound of the whole pack was met: said once, and nothing more is read */
};

static bool name_is_plain(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
	       strlen(name);
}

void tree_add(struct pack *pack, const char *path, bool executable, const void *data, size_t length)
{
	pack->file = mem_grow(pack->file, pack->files + 1, sizeof(*pack->file));
	struct pack_file *file = &pack->file[pack->files++];
	*file = (struct pack_file){ .path = str_copy(path), .executable = executable };
	buf_append(&file->content, data, length);
}

static int file_compare(const void *a, const void *b)
{
	return strcmp(((const struct pack_file *)a)->path, ((const struct pack_file *)b)->path);
}

void tree_sort(struct pack *pack)
{
	if (pack->files)
		qsort(pack->file, pack->files, sizeof(*pack->file), file_compare);
}

const struct pack_file *tree_file(const struct pack *pack, const char *path)
{
	struct pack_file key = { .path = (char *)path };

	return pack->files ? bsearch(&key, pack->file, pack->files, sizeof(key), file_compare)
			   : NULL;
}

/* At most PACK_FILE_MAX + 1 bytes, so that the caller sees a file that is too large. */
static int bytes_read(int fd, struct buf *bytes)
{
	while (bytes->length <= PACK_FILE_MAX) {
		size_t want = PACK_FILE_MAX + 1 - bytes->length;
		want = want < 65536 ? want : 65536;
		ssize_t got = read(fd, buf_reserve(bytes, want), want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		buf_written(bytes, (size_t)got);
	}
	return 0;
}

static void file_read(struct walk *walk, int fd, const char *path, mode_t mode)
{
	AUTO(buf) struct buf bytes = { 0 };

	if (bytes_read(fd, &bytes) < 0) {
		finding_add(walk->reader, path, 0, "it cannot be read: %s", strerror(errno));
		return;
	}
	if (bytes.length > PACK_FILE_MAX) {
		finding_add(walk->reader, path, 0,
			    "it is larger than 1 MiB; expected a smaller file");
		return;
	}
	walk->total += bytes.length;
	if (walk->total > PACK_TOTAL_MAX || walk->reader->pack->files == PACK_FILES_MAX) {
		finding_add(
			walk->reader, path, 0,
			"with this file the pack has more than %d files or %d MiB; expected fewer",
			PACK_FILES_MAX, PACK_TOTAL_MAX >> 20);
		walk->full = true;
		return;
	}
	tree_add(walk->reader->pack, path, mode & S_IXUSR, bytes.data, bytes.length);
}

static void folder_read(struct walk *walk, int fd, const char *prefix, unsigned depth);

static void entry_read(struct walk *walk, int folder, const char *name, const char *path,
		       unsigned depth)
{
	struct stat status;
	AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ELOOP) {
		finding_add(walk->reader, path, 0,
			    "it is a symbolic link; expected a file or a folder");
		return;
	}
	if (fd < 0 || fstat(fd, &status) < 0) {
		finding_add(walk->reader, path, 0, "it cannot be read: %s", strerror(errno));
		return;
	}
	if (S_ISREG(status.st_mode)) {
		file_read(walk, fd, path, status.st_mode);
	} else if (S_ISDIR(status.st_mode) && depth < PACK_FOLDERS_MAX) {
		AUTO_FREE char *prefix = str_fmt("%s/", path);
		folder_read(walk, STEAL_FD(fd), prefix, depth + 1);
	} else if (S_ISDIR(status.st_mode)) {
		finding_add(walk->reader, path, 0,
			    "it lies more than %d folders deep; expected fewer", PACK_FOLDERS_MAX);
	} else {
		finding_add(walk->reader, path, 0,
			    "it is a device, a socket or a pipe; expected a file or a folder");
	}
}

/* Takes fd. */
static void folder_read(struct walk *walk, int fd, const char *prefix, unsigned depth)
{
	AUTO_DIR DIR *directory = fdopendir(fd);

	if (!directory) {
		close(fd);
		return;
	}
	for (struct dirent *entry; !walk->full && (entry = readdir(directory));) {
		if (entry->d_name[0] == '.' || str_ends(entry->d_name, "~"))
			continue;
		AUTO_FREE char *path = str_fmt("%s%s", prefix, entry->d_name);
		if (name_is_plain(entry->d_name))
			entry_read(walk, fd, entry->d_name, path, depth);
		else
			finding_add(
				walk->reader, path, 0,
				"its name has other characters than letters, digits, '.', '_' and "
				"'-'; expected only those");
	}
}

int tree_read(struct reader *reader, struct err *err)
{
	struct walk walk = { .reader = reader };
	int fd = open(reader->pack->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "the pack %s cannot be read", reader->pack->directory);
	folder_read(&walk, fd, "", 0);
	tree_sort(reader->pack);
	return 0;
}
