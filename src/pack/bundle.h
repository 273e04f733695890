/* Inside pack/: what export.c and import.c share about archives. */
#ifndef PACK_BUNDLE_H
#define PACK_BUNDLE_H

#include <archive.h>
#include <archive_entry.h>

#include "pack/archive.h"
#include "pack/reader.h"

#define MANIFEST_NAME	 "MANIFEST"
#define MANIFEST_MAX	 (1024 * 1024)
#define BUNDLE_PATH_MAX	 400  /* bytes */
#define BUNDLE_NAMES_MAX 4096 /* files and folders together */

static inline void archive_read_cleanup(struct archive **archive)
{
	archive_read_free(*archive);
}

static inline void archive_write_cleanup(struct archive **archive)
{
	archive_write_free(*archive);
}

static inline void archive_entry_cleanup(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}

/* ---- manifest.c ------------------------------------------------------------------------------ */

struct manifest {
	struct buf text;
	char *id, *version; /* as its first line says */
	char *top;	    /* the folder that all files are in: pack_name() */
};

void manifest_free(struct manifest *manifest);
static inline void manifest_cleanup(struct manifest *manifest)
{
	manifest_free(manifest);
}

/* The text for a pack whose files and digest are there. */
void manifest_write(const struct pack *pack, const char *id, const char *version, struct buf *text);
/* Reads the first line of manifest->text. */
int manifest_begin(struct manifest *manifest, struct err *err);
/* The files are those of the manifest, byte by byte and mode by mode; else ERR_INVALID names the first
 * that is not. Needs pack->file, sorted; leaves pack->digest. */
int manifest_check(const struct manifest *manifest, struct pack *pack, struct err *err);

/* ---- entry.c: what an entry of an archive may be --------------------------------------------- */

struct entry_names {
	struct entry_name *item;
	size_t count;
	size_t bytes; /* announced by all entries */
};

void entry_names_free(struct entry_names *names);
static inline void entry_names_cleanup(struct entry_names *names)
{
	entry_names_free(names);
}

/* Refuses an entry that a pack cannot have, or that stands in the way of an earlier one. `top` is the
 * folder that it has to be in; NULL: it has to be the manifest. */
int entry_check(struct entry_names *names, struct archive_entry *entry, const char *top,
		struct err *err);
/* The entry's path; "" when it has none that can be read. */
const char *entry_path(struct archive_entry *entry);

#endif
