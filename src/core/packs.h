/* Versions of courses: installed side by side, brought in and sent out as archives.
 *
 * A pack that came in lies in state_dir/packs/ID-VERSION and never changes. New classes get the newest
 * version, or the one that was activated; a class keeps the one that it was made with until it is
 * removed, also when the daemon restarts and when that version is not on disk any more: an archive of it
 * is kept in state_dir/packs/.kept as long as there is such a class.
 */
#ifndef CORE_PACKS_H
#define CORE_PACKS_H

#include "core/core.h"

/* [{id, version, digest, title, tlp, license, authors, active, ships, classes, labs, files, bytes}],
 * sorted by id, newest first. */
json_t *packs_list(struct core *core);
json_t *view_pack(struct core *core, const struct pack *pack);
/* ERR_NOT_FOUND says which there are. */
int packs_find(struct core *core, const char *id, const char *version, const struct pack **pack,
	       struct err *err);

/* A new file without a name, to be written and read by its descriptor; gone when that is closed. */
int packs_file(struct core *core, int *fd, struct err *err);

/* Exactly one of pack and err is not NULL. is_new false: the same pack was installed already. findings
 * hold what lint says of a pack that is refused for it. */
typedef void packs_imported_fn(void *context, const struct pack *pack, bool is_new,
			       const struct pack_findings *findings, const struct err *err);
/* Installs the archive in fd, which it takes, as pack_import() reads it. ERR_CONFLICT when that version
 * is installed with other content. done is called once, later, on T0; core_free() calls those that are
 * left. */
void packs_import(struct core *core, const struct actor *actor, int fd, packs_imported_fn *done,
		  void *context);

/* The archive's descriptor, which is the receiver's, or -1 with err. */
typedef void packs_exported_fn(void *context, int fd, const struct err *err);
void packs_export(struct core *core, const struct pack *pack, packs_exported_fn *done, void *context);

/* Which version new classes get from now on; "newest": whichever that is. */
int packs_activate(struct core *core, const struct actor *actor, const char *id, const char *version,
		   struct err *err);
/* ERR_CONFLICT names the classes that use it; or says that it ships with Terakoya. */
int packs_remove(struct core *core, const struct actor *actor, const char *id, const char *version,
		 struct err *err);

#endif
