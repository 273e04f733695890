/* Importing and exporting block, on a lane of their own: one at a time, each bounded by what pack/ takes.
 * T0 decides: whether the version is new, and when the folder is moved to its place. */
#include "core/packs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_MODULE "packs"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"
#include "core/proof.h"
#include "pack/archive.h"

static char *packs_path(const struct core *core, const char *name)
{
	return str_fmt("%s/packs/%s", core->config.state_dir, name);
}

int packs_open(struct core *core, struct err *err)
{
	AUTO_FREE char *own = str_fmt("%s/packs", core->config.state_dir);
	AUTO_FREE char *kept = packs_path(core, ".kept");

	mkdir(own, 0755);
	mkdir(kept, 0700);
	if (access(kept, W_OK | X_OK) < 0)
		return err_errno(err, "packs cannot be kept in %s", kept);
	pack_sweep(own);
	core->packs = lanes_new(core->loop, "packs", 1, err);
	return core->packs ? 0 : -1;
}

void packs_close(struct core *core)
{
	lanes_free(core->packs);
	core->packs = NULL;
}

int packs_file(struct core *core, int *fd, struct err *err)
{
	AUTO_FREE char *path = packs_path(core, ".import-file-XXXXXX");

	*fd = mkostemp(path, O_CLOEXEC);
	if (*fd < 0)
		return err_errno(err, "no file can be made at %s", path);
	unlink(path);
	return 0;
}

static void packs_note(struct core *core, const struct actor *actor, const char *action,
		       const struct pack *pack)
{
	AUTO_FREE char *object = str_fmt("%s %s", pack->id, pack->version);
	json_t *detail = json_pack("{s:s}", "digest", pack->digest);
	AUTO_FREE char *text = json_dumps(detail, JSON_COMPACT);

	json_decref(detail);
	note(core, actor, action, 0, 0, object, text);
}

/* ---- looking -------------------------------------------------------------------------------- */

static json_t *classes_of(struct core *core, const struct pack *pack)
{
	json_t *list = json_array();
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (class->pack == pack)
			json_array_append_new(list, json_integer(class->row.id));
	return list;
}

static bool ships(const struct core *core, const struct pack *pack)
{
	AUTO_FREE char *own = packs_path(core, "");

	return !str_starts(pack->directory, own);
}

json_t *view_pack(struct core *core, const struct pack *pack)
{
	size_t bytes = 0;

	for (size_t i = 0; i < pack->files; i++)
		bytes += pack->file[i].content.length;
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:b, s:b, s:o, s:I, s:I, s:I, s:I}", "id",
			 pack->id, "version", pack->version, "digest", pack->digest, "title", "en",
			 pack->title.in[PACK_EN], "ja", pack->title.in[PACK_JA], "tlp", pack->tlp,
			 "license", pack->license, "authors", pack->authors ? pack->authors : "",
			 "active", course_find(core, pack->id) == pack, "ships", ships(core, pack),
			 "classes", classes_of(core, pack), "labs", (json_int_t)pack->labs, "files",
			 (json_int_t)pack->files, "bytes", (json_int_t)bytes, "proven_at",
			 (json_int_t)proof_passed_at(core, pack));
}

static int compare_packs(const void *a, const void *b)
{
	const struct pack *one = *(const struct pack *const *)a, *two = *(const struct pack *const *)b;
	int order = strcmp(one->id, two->id);

	return order ? order : course_compare_versions(two->version, one->version);
}

json_t *packs_list(struct core *core)
{
	json_t *list = json_array();
	size_t count = 0;
	const struct pack *pack;

	while (course_installed(core, count))
		count++;
	AUTO_FREE const struct pack **sorted = mem_alloc((count + 1) * sizeof(*sorted));
	for (size_t i = 0; (pack = course_installed(core, i)); i++)
		sorted[i] = pack;
	qsort(sorted, count, sizeof(*sorted), compare_packs);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, view_pack(core, sorted[i]));
	return list;
}

int packs_find(struct core *core, const char *id, const char *version, const struct pack **pack,
	       struct err *err)
{
	*pack = course_version(core, id, version);
	if (*pack)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "version %s of the course \"%s\" is not installed; see "
		       "`terakoya pack list`", version, id);
}

/* ---- import --------------------------------------------------------------------------------- */

struct import {
	struct job job;
	struct core *core;
	struct actor actor;
	int fd;
	char *parent;
	packs_imported_fn *done;
	void *context;
	struct pack *pack;
	struct pack_findings findings;
	struct err err;
};

static void import_work(struct job *job)
{
	struct import *import = (struct import *)job;

	import->pack = pack_import(import->fd, import->parent, &import->findings, &import->err);
	/* After a power cut a folder with its name must have its content, too. */
	if (import->pack)
		syncfs(import->fd);
}

/* 1: settled; 0: the same was there; -1. */
static int settle(struct core *core, struct pack *pack, struct err *err)
{
	const struct pack *known = course_version(core, pack->id, pack->version);
	AUTO_FREE char *name = pack_name(pack->id, pack->version);
	AUTO_FREE char *place = packs_path(core, name);

	if (known && strcmp(known->digest, pack->digest) == 0)
		return 0;
	if (known)
		return err_set(err, ERR_CONFLICT,
			       "%s %s is installed with other content (digest %.12s, not %.12s): give the "
			       "changed pack a new version in course.xml",
			       pack->id, pack->version, known->digest, pack->digest);
	return pack_settle(pack, place, err) < 0 ? -1 : 1;
}

static void import_finish(struct import *import)
{
	struct core *core = import->core;
	struct pack *pack = import->pack;
	const struct pack *result = NULL;
	int settled = pack ? settle(core, pack, &import->err) : -1;

	if (settled > 0) {
		packs_note(core, &import->actor, "pack.import", pack);
		log_info("course %s %s was imported", pack->id, pack->version);
		result = course_add(core, pack, &import->err);
	} else if (settled == 0) {
		result = course_version(core, pack->id, pack->version);
	}
	import->done(import->context, result, settled > 0, &import->findings, result ? NULL : &import->err);
	if (settled <= 0)
		pack_discard(pack);
}

static void import_done(struct job *job)
{
	struct import *import = (struct import *)job;

	import_finish(import);
	pack_findings_free(&import->findings);
	close(import->fd);
	free(import->parent);
	free(import);
}

void packs_import(struct core *core, const struct actor *actor, int fd, packs_imported_fn *done,
		  void *context)
{
	struct import *import = mem_alloc(sizeof(*import));

	*import = (struct import){ .job = { .work = import_work, .done = import_done },
				   .core = core,
				   .actor = *actor,
				   .fd = fd,
				   .parent = str_fmt("%s/packs", core->config.state_dir),
				   .done = done,
				   .context = context };
	lanes_submit(core->packs, &import->job);
}

/* ---- export --------------------------------------------------------------------------------- */

/* A pack, once read, stays in memory and unchanged until the lanes have ended. */
struct export {
	struct job job;
	const struct pack *pack;
	int fd;
	packs_exported_fn *done;
	void *context;
	int result;
	struct err err;
};

static void export_work(struct job *job)
{
	struct export *export = (struct export *)job;

	if (export->fd >= 0)
		export->result = pack_export(export->pack, export->fd, &export->err);
}

static void export_done(struct job *job)
{
	struct export *export = (struct export *)job;

	if (export->result < 0 && export->fd >= 0)
		close(export->fd);
	export->done(export->context, export->result < 0 ? -1 : export->fd,
		     export->result < 0 ? &export->err : NULL);
	free(export);
}

void packs_export(struct core *core, const struct pack *pack, packs_exported_fn *done, void *context)
{
	struct export *export = mem_alloc(sizeof(*export));

	*export = (struct export){ .job = { .work = export_work, .done = export_done },
				   .pack = pack,
				   .done = done,
				   .context = context };
	export->result = packs_file(core, &export->fd, &export->err);
	lanes_submit(core->packs, &export->job);
}

/* ---- keeping what classes use ---------------------------------------------------------------- */

static char *kept_path(const struct core *core, const char *digest)
{
	AUTO_FREE char *name = str_fmt(".kept/%s.tar.gz", digest);

	return packs_path(core, name);
}

struct keep {
	struct job job;
	const struct pack *pack; /* NULL: not any more */
	char *path;
	struct err err;
};

static int keep_at(const struct pack *pack, const char *path, struct err *err)
{
	AUTO_FREE char *draft = str_fmt("%s.new", path);
	AUTO_CLOSE int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, "%s cannot be written", draft);
	if (pack_export(pack, fd, err) < 0)
		return -1;
	if (fsync(fd) < 0 || rename(draft, path) < 0)
		return err_errno(err, "%s cannot be written", path);
	return 0;
}

static void keep_work(struct job *job)
{
	struct keep *keep = (struct keep *)job;

	if (!keep->pack)
		unlink(keep->path);
	else if (access(keep->path, F_OK) < 0)
		keep_at(keep->pack, keep->path, &keep->err);
}

static void keep_done(struct job *job)
{
	struct keep *keep = (struct keep *)job;

	if (keep->err.kind)
		log_warning("the course %s %s is not kept for its classes: %s", keep->pack->id,
			    keep->pack->version, keep->err.message);
	free(keep->path);
	free(keep);
}

/* One after the other, so that the last word holds. pack NULL: it is not kept any more. */
static void keep_submit(struct core *core, const struct pack *pack, const char *digest)
{
	struct keep *keep = mem_alloc(sizeof(*keep));

	*keep = (struct keep){ .job = { .work = keep_work, .done = keep_done },
			       .pack = pack,
			       .path = kept_path(core, digest) };
	lanes_submit(core->packs, &keep->job);
}

void packs_keep(struct core *core, const struct pack *pack)
{
	keep_submit(core, pack, pack->digest);
}

/* The files are in memory when it is read: none has to stay on disk. */
struct pack *packs_kept(struct core *core, const char *digest)
{
	AUTO_FREE char *path = kept_path(core, digest);
	AUTO_FREE char *parent = str_fmt("%s/packs", core->config.state_dir);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct err err = ERR_INIT;

	if (fd < 0)
		return NULL;
	struct pack *pack = pack_import(fd, parent, NULL, &err);
	if (!pack) {
		log_warning("the course kept in %s cannot be read: %s", path, err.message);
		return NULL;
	}
	pack_vanish(pack);
	return pack;
}

void packs_release(struct core *core, const char *digest)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (strcmp(class->row.digest, digest) == 0)
			return;
	keep_submit(core, NULL, digest);
}

/* ---- activate, remove ------------------------------------------------------------------------ */

int packs_activate(struct core *core, const struct actor *actor, const char *id, const char *version,
		   struct err *err)
{
	bool newest = str_equal(version, "newest");
	const struct pack *pack = newest ? course_find(core, id) : NULL;

	if (newest && !pack)
		return err_set(err, ERR_NOT_FOUND, "there is no course \"%s\"; see `terakoya pack list`", id);
	if (!newest && packs_find(core, id, version, &pack, err) < 0)
		return -1;
	if (course_choose(core, id, newest ? "" : version, err) < 0)
		return -1;
	packs_note(core, actor, "pack.activate", course_find(core, id));
	return 0;
}

/* "class 3 (Tuesday), class 5 (Spring course)" */
static char *names_of_classes(struct core *core, const struct pack *pack)
{
	AUTO(buf) struct buf names = { 0 };
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (class->pack == pack && !class->row.hidden)
			buf_fmt(&names, "%sclass %lld (%s)", names.length ? ", " : "",
				(long long)class->row.id, class->row.name);
	return names.length ? str_copy_n((const char *)names.data, names.length) : NULL;
}

static int check_unused(struct core *core, const struct pack *pack, struct err *err)
{
	AUTO_FREE char *names = names_of_classes(core, pack);

	if (names)
		return err_set(err, ERR_CONFLICT,
			       "%s %s is used by %.300s: what is used cannot go; remove such a class first, on its "
			       "page or with `terakoya class remove`", pack->id, pack->version, names);
	if (work_running(core, "template", pack->id) || work_running(core, "proof", pack->id))
		return err_set(err, ERR_CONFLICT, "%s is being baked or tested; wait until that has ended",
			       pack->id);
	return 0;
}

struct removal {
	struct job job;
	char *path;
};

static void removal_work(struct job *job)
{
	folder_remove(((struct removal *)job)->path);
}

static void removal_done(struct job *job)
{
	free(((struct removal *)job)->path);
	free(job);
}

/* Gone by one rename; the files follow, or the next start sweeps them away. */
static int take_away(struct core *core, const struct pack *pack, struct err *err)
{
	struct removal *removal = mem_alloc(sizeof(*removal));

	removal->job = (struct job){ .work = removal_work, .done = removal_done };
	removal->path = packs_path(core, ".import-removed-XXXXXX");
	if (!mkdtemp(removal->path) || rename(pack->directory, removal->path) < 0) {
		err_errno(err, "%s cannot be removed", pack->directory);
		rmdir(removal->path);
		removal_done(&removal->job);
		return -1;
	}
	lanes_submit(core->packs, &removal->job);
	return 0;
}

int packs_remove(struct core *core, const struct actor *actor, const char *id, const char *version,
		 struct err *err)
{
	const struct pack *pack;

	if (packs_find(core, id, version, &pack, err) < 0)
		return -1;
	if (ships(core, pack))
		return err_set(err, ERR_CONFLICT,
			       "%s %s ships with Terakoya and lies in %s; activate another version instead",
			       id, version, pack->directory);
	if (check_unused(core, pack, err) < 0 || take_away(core, pack, err) < 0)
		return -1;
	packs_note(core, actor, "pack.remove", pack);
	course_forget(core, pack);
	return 0;
}
