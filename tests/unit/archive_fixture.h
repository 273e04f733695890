/* Archives made at test time, sound and hostile: a list of entries, and what becomes of it. */
#ifndef TESTS_ARCHIVE_FIXTURE_H
#define TESTS_ARCHIVE_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "pack/bundle.h"
#include "pack_fixture.h"

struct parcel {
	struct archive *archive;
	int fd;
};

/* `wraps`: how often it is compressed; 1 is right. */
static inline struct parcel parcel_begin(unsigned wraps)
{
	struct parcel parcel = { archive_write_new(), memfd_create("archive", MFD_CLOEXEC) };

	archive_write_set_format_pax_restricted(parcel.archive);
	for (unsigned i = 0; i < wraps; i++)
		archive_write_add_filter_gzip(parcel.archive);
	archive_write_set_options(parcel.archive, "hdrcharset=BINARY");
	archive_write_open_fd(parcel.archive, parcel.fd);
	return parcel;
}

/* kind: 'f' file, 'd' folder, 'l' symbolic link, 'h' hard link, 'c' 'b' devices, 'p' pipe. For links
 * content is where they lead. */
static inline void parcel_add(struct parcel *parcel, char kind, unsigned mode, const char *path,
			      const void *content, size_t length)
{
	static const char kinds[] = "fdlhcbp";
	static const unsigned types[] = { AE_IFREG, AE_IFDIR, AE_IFLNK, AE_IFREG,
					  AE_IFCHR, AE_IFBLK, AE_IFIFO };
	const char *found = strchr(kinds, kind);
	AUTO(archive_entry) struct archive_entry *entry = archive_entry_new();
	bool file = !found || kind == 'f' || !kind;

	archive_entry_set_filetype(entry, file ? AE_IFREG : types[found - kinds]);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_perm(entry, mode & 07777);
	archive_entry_set_size(entry, file ? (la_int64_t)length : 0);
	if (kind == 'l')
		archive_entry_set_symlink(entry, content);
	if (kind == 'h')
		archive_entry_set_hardlink(entry, content);
	if (archive_write_header(parcel->archive, entry) == ARCHIVE_OK && file && length)
		archive_write_data(parcel->archive, content, length);
}

static inline void parcel_text(struct parcel *parcel, const char *path, const char *text)
{
	parcel_add(parcel, 'f', 0644, path, text, strlen(text));
}

/* The descriptor; the caller closes it. */
static inline int parcel_end(struct parcel *parcel)
{
	archive_write_free(parcel->archive);
	return parcel->fd;
}

/* How many files and folders are below path. */
static inline unsigned things_below(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, NULL);
	unsigned things = 0;

	for (int i = 0; i < count; i++) {
		bool dots = str_equal(names[i]->d_name, ".") || str_equal(names[i]->d_name, "..");
		AUTO_FREE char *below = str_fmt("%s/%s", path, names[i]->d_name);
		if (!dots)
			things += 1 + (names[i]->d_type == DT_DIR ? things_below(below) : 0);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return things;
}

#endif
