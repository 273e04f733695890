/* A pack's archive, always the same bytes: entries in the order of their paths, one time for all, no
 * owners, modes 644 and 755 only, and nothing in gzip's header that tells when and where. */
#include "pack/bundle.h"

#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* 1980-01-01, the first day that every tool takes for a time. */
#define ENTRY_TIME 315532800

static int tell(struct archive *archive, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "the archive cannot be written: %s",
		       archive_error_string(archive));
}

static int add(struct archive *archive, const char *path, bool executable, const struct buf *content,
	       struct err *err)
{
	AUTO(archive_entry) struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, executable ? 0755 : 0644);
	archive_entry_set_mtime(entry, ENTRY_TIME, 0);
	archive_entry_set_size(entry, (la_int64_t)content->length);
	if (archive_write_header(archive, entry) < ARCHIVE_OK)
		return tell(archive, err);
	if (content->length && archive_write_data(archive, content->data, content->length) !=
				       (la_ssize_t)content->length)
		return tell(archive, err);
	return 0;
}

static int begin(struct archive *archive, int fd, struct err *err)
{
	if (archive_write_set_format_pax_restricted(archive) < ARCHIVE_OK ||
	    archive_write_add_filter_gzip(archive) < ARCHIVE_OK ||
	    archive_write_set_filter_option(archive, "gzip", "timestamp", NULL) < ARCHIVE_OK ||
	    archive_write_set_filter_option(archive, "gzip", "compression-level", "9") < ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(archive, 1) < ARCHIVE_OK ||
	    archive_write_open_fd(archive, fd) < ARCHIVE_OK)
		return tell(archive, err);
	return 0;
}

int pack_export(const struct pack *pack, int fd, struct err *err)
{
	AUTO(archive_write) struct archive *archive = archive_write_new();
	AUTO(buf) struct buf manifest = { 0 };
	AUTO_FREE char *top = pack_name(pack->id, pack->version);

	manifest_write(pack, pack->id, pack->version, &manifest);
	if (begin(archive, fd, err) < 0 || add(archive, MANIFEST_NAME, false, &manifest, err) < 0)
		return -1;
	for (size_t i = 0; i < pack->files; i++) {
		const struct pack_file *file = &pack->file[i];
		AUTO_FREE char *path = str_fmt("%s/%s", top, file->path);
		if (add(archive, path, file->executable, &file->content, err) < 0)
			return -1;
	}
	return archive_write_close(archive) < ARCHIVE_OK ? tell(archive, err) : 0;
}
