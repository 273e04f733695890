/* Packs as one file: a .tar.gz that begins with a manifest of digests.
 *
 *	MANIFEST                       "# Terakoya pack: linux-intro 1.0.0", "# Digest: ...", and one line
 *	                               per file in sha256sum's form
 *	linux-intro-1.0.0/course.xml   the files, sorted, without folders, owners and times
 *	...
 *
 * The same pack gives the same bytes, whoever exports it and whenever: two archives can be compared,
 * and an import of what is there already is seen to be one. An archive that comes in is hostile until
 * proven otherwise (import.c says how).
 */
#ifndef PACK_ARCHIVE_H
#define PACK_ARCHIVE_H

#include "pack/pack.h"

/* An archive's own size, bytes: the largest pack, with its headers, not compressed at all. */
#define PACK_ARCHIVE_MAX (40 * 1024 * 1024)

/* Writes the pack's archive to fd. */
int pack_export(const struct pack *pack, int fd, struct err *err);

/* "linux-intro-1.0.0": what an archive, its folder and an installed version are called. The caller
 * frees. */
char *pack_name(const char *id, const char *version);

/* Reads an archive from fd's beginning, at most PACK_ARCHIVE_MAX bytes, into a new private folder below
 * `parent` (".import-XXXXXX"), compares it with its manifest, and reads it as pack_open() does. The pack's
 * directory is <that folder>/ID-VERSION: pack_settle() or pack_discard() has to follow.
 *
 * NULL: nothing was written elsewhere, and nothing is left. ERR_INVALID or ERR_TOO_LARGE name the entry
 * and the remedy; where the pack itself is at fault, findings (may be NULL) hold what lint says.
 *
 * Blocks. The calling thread has a working directory of its own afterwards (unshare(2), CLONE_FS). */
struct pack *pack_import(int fd, const char *parent, struct pack_findings *findings,
			 struct err *err);
/* Moves an imported pack to its place, `directory`, by one rename. ERR_CONFLICT when something is
 * there; then the pack is where it was. */
int pack_settle(struct pack *pack, const char *directory, struct err *err);
/* Removes an imported pack's files; takes the pack. NULL-safe. */
void pack_discard(struct pack *pack);
/* Removes its files and leaves the pack, which has them all in memory. */
void pack_vanish(struct pack *pack);
/* Removes what imports that were cut short left below parent. */
void pack_sweep(const char *parent);

/* Removes a folder with all in it; follows no link. Errors are not told: it may be gone already. */
void folder_remove(const char *path);

#endif
