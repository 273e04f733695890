/* Who uses an image is read from the disks themselves: an overlay's header names the file that it
 * stands on. So it is true also of what the database does not know: a machine of before a restore,
 * a template that was left behind.
 *
 * A template that no course fits any more is nobody's: nothing is ever cloned from it again. It is
 * no reason to keep an image, and goes with it; unless a machine still stands on it, and then that
 * machine's class is the user.
 *
 * Removing renames the directory first, here on T0, so that nobody finds the image any more; the
 * files go on a lane. What a crash leaves is swept at the next start by its name.
 */
#include "core/image_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_MODULE "image"
#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "core/internal.h"

#define KEPT     2 /* builds of one image that stay although nobody uses them */
#define REMOVING ".removing-"
#define KEY_HEX  64

/* ---- what lies there ------------------------------------------------------------------------ */

static uint64_t bytes_below(const char *directory)
{
	char *paths[] = { (char *)directory, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	uint64_t bytes = 0;
	FTSENT *file;

	while (tree && (file = fts_read(tree)))
		if (file->fts_info == FTS_F)
			bytes += (uint64_t)file->fts_statp->st_blocks * 512;
	if (tree)
		fts_close(tree);
	return bytes;
}

/* "debian-13-0a1b2c3d4e5f-2" of image "debian-13" is its build "0a1b2c3d4e5f-2". */
static bool copy_read(const char *images, const char *directory, struct image_copy *copy)
{
	AUTO_FREE char *path = str_fmt("%s/%s", images, directory);
	AUTO_FREE char *about_path = str_fmt("%s/image.json", path);
	json_t *about = *directory == '.' ? NULL : json_load_file(about_path, 0, NULL);
	const char *name = json_string_value(json_object_get(about, "name"));
	size_t length = name ? strlen(name) : 0;
	bool good = length && length < sizeof(copy->name) && str_starts(directory, name) &&
		    directory[length] == '-' &&
		    strlen(directory + length + 1) < sizeof(copy->digest) &&
		    strlen(directory) < sizeof(copy->directory);

	if (good) {
		*copy = (struct image_copy){ .users = json_array(), .bytes = bytes_below(path) };
		strcpy(copy->name, name);
		strcpy(copy->digest, directory + length + 1);
		strcpy(copy->directory, directory);
		snprintf(copy->recipe, sizeof(copy->recipe), "%s",
			 json_string_value(json_object_get(about, "recipe")) ?: "");
		copy->built_at = json_integer_value(json_object_get(about, "built_at"));
	}
	json_decref(about);
	return good;
}

static int newest_first(const void *a, const void *b)
{
	const struct image_copy *one = a, *other = b;

	return one->built_at < other->built_at ? 1 : one->built_at > other->built_at ? -1 : 0;
}

static void copies_read(const char *images, struct image_copies *copies)
{
	DIR *listing = opendir(images);
	struct image_copy copy;
	struct dirent *file;

	while (listing && (file = readdir(listing))) {
		if (!copy_read(images, file->d_name, &copy))
			continue;
		copies->copy = mem_grow(copies->copy, copies->count + 1, sizeof(copy));
		copies->copy[copies->count++] = copy;
	}
	if (listing)
		closedir(listing);
	if (copies->count)
		qsort(copies->copy, copies->count, sizeof(copy), newest_first);
}

/* ---- who stands on it ----------------------------------------------------------------------- */

struct look {
	struct core *core;
	struct image_copies *copies;
	char *images, *templates, *pool; /* directories, with a slash at the end */
};

/* The name of the directory below `parent` that a path leads through, or false. */
static bool below(const char *path, const char *parent, char *name, size_t size)
{
	if (!str_starts(path, parent))
		return false;
	snprintf(name, size, "%.*s", (int)strcspn(path + strlen(parent), "/"),
		 path + strlen(parent));
	return true;
}

static struct image_copy *copy_under(struct look *look, const char *disk)
{
	char base[512], directory[112];

	if (virt_disk_base(disk, base, sizeof(base), NULL) < 0 ||
	    !below(base, look->images, directory, sizeof(directory)))
		return NULL;
	for (size_t i = 0; i < look->copies->count; i++)
		if (str_equal(look->copies->copy[i].directory, directory))
			return &look->copies->copy[i];
	return NULL;
}

static void user_add(struct image_copy *copy, const char *kind, const char *name, int64_t id)
{
	json_t *user;
	size_t i;

	json_array_foreach(copy->users, i, user)
		if (str_equal(json_string_value(json_object_get(user, "kind")), kind) &&
		    str_equal(json_string_value(json_object_get(user, "name")), name) &&
		    json_integer_value(json_object_get(user, "id")) == id)
			return;
	json_array_append_new(copy->users, json_pack("{s:s, s:s, s:I}", "kind", kind, "name", name,
						     "id", (json_int_t)id));
}

static void look_at_template(struct look *look, const char *key)
{
	AUTO_FREE char *disk = str_fmt("%s%s/disk.qcow2", look->templates, key);
	struct image_copy *copy = copy_under(look, disk);
	char name[128];

	if (!copy || strlen(key) < KEY_HEX)
		return;
	if (template_name(look->core, key, name)) {
		user_add(copy, "template", name, 0);
	} else if (!templates_known(look->core)) {
		user_add(copy, "template", key, 0); /* nobody can say yet whether it is stale */
	} else if (strlen(key) == KEY_HEX) {
		copy->stale = mem_grow(copy->stale, copy->stales + 1, sizeof(*copy->stale));
		strcpy(copy->stale[copy->stales++], key);
	} else {
		user_add(copy, "template", key, 0); /* it is being baked */
	}
}

/* A machine's disk stands on the image, or on a template that does. */
static void look_at_disk(struct look *look, const char *file)
{
	AUTO_FREE char *disk = str_fmt("%s%s", look->pool, file);
	AUTO_FREE char *domain = str_copy_n(file, strcspn(file, "."));
	struct image_copy *copy = copy_under(look, disk);
	char base[512], key[80];

	if (!copy && virt_disk_base(disk, base, sizeof(base), NULL) == 0 &&
	    below(base, look->templates, key, sizeof(key)))
		copy = copy_under(look, base);
	if (!copy)
		return;
	const struct machine *machine = core_machine_by_domain(look->core, domain);
	const struct class *class = machine ? machine->seat->class : NULL;
	user_add(copy, "class", class ? class->row.name : domain, class ? class->row.id : 0);
}

static void each_in(struct look *look, const char *directory,
		    void (*each)(struct look *look, const char *name))
{
	DIR *listing = opendir(directory);
	struct dirent *file;

	while (listing && (file = readdir(listing)))
		if (file->d_name[0] != '.')
			each(look, file->d_name);
	if (listing)
		closedir(listing);
}

void image_copies_look(struct core *core, struct image_copies *copies)
{
	const char *state = core->config.state_dir;
	AUTO_FREE char *images = str_fmt("%s/images/", state);
	AUTO_FREE char *templates = str_fmt("%s/templates/", state);
	AUTO_FREE char *pool = str_fmt("%s/pool/", state);
	struct look look = { core, copies, images, templates, pool };

	*copies = (struct image_copies){ 0 };
	copies_read(images, copies);
	each_in(&look, templates, look_at_template);
	each_in(&look, pool, look_at_disk);
}

void image_copies_free(struct image_copies *copies)
{
	for (size_t i = 0; i < copies->count; i++) {
		json_decref(copies->copy[i].users);
		free(copies->copy[i].stale);
	}
	free(copies->copy);
	*copies = (struct image_copies){ 0 };
}

json_t *view_image_copy(const struct image_copy *copy)
{
	return json_pack("{s:s, s:I, s:I, s:O}", "digest", copy->digest, "built_at",
			 (json_int_t)copy->built_at, "bytes", (json_int_t)copy->bytes, "users",
			 copy->users);
}

/* ---- removing ------------------------------------------------------------------------------- */

struct removal {
	struct virt_job base;
	char *path;
	char (*stale)[65];
	size_t stales;
	char what[112];
	image_removed_fn *done;
	void *context;
};

static int remove_tree(const char *path, struct err *err)
{
	char *paths[] = { (char *)path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int result = 0;
	FTSENT *file;

	if (!tree)
		return err_errno(err, "cannot remove %s", path);
	while ((file = fts_read(tree)))
		if (file->fts_info != FTS_D && remove(file->fts_accpath) < 0)
			result = err_errno(err, "cannot remove %s", file->fts_path);
	fts_close(tree);
	return result;
}

static void removal_work(struct job *job)
{
	struct removal *removal = (struct removal *)job;
	struct virt_job *base = &removal->base;

	for (size_t i = 0; i < removal->stales && base->result == 0; i++)
		base->result = virt_template_remove(base->virt, removal->stale[i], &base->err);
	if (base->result == 0)
		base->result = remove_tree(removal->path, &base->err);
}

static void removal_done(struct job *job)
{
	struct removal *removal = (struct removal *)job;
	bool failed = removal->base.result < 0;

	if (failed)
		log_error("image %s: %s", removal->what, removal->base.err.message);
	else
		log_info("image %s is removed, and %zu templates that nothing fitted",
			 removal->what, removal->stales);
	if (removal->done)
		removal->done(removal->context, failed ? &removal->base.err : NULL);
	free(removal->path);
	free(removal->stale);
	free(removal);
}

/* Takes it out of sight, and its files away on a lane. Steals what is stale. */
static int removal_begin(struct core *core, struct image_copy *copy, image_removed_fn *done,
			 void *context, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/images/%s", core->config.state_dir, copy->directory);
	AUTO_FREE char *hidden =
		str_fmt("%s/images/" REMOVING "%s", core->config.state_dir, copy->directory);
	struct removal *removal;

	if (rename(path, hidden) < 0)
		return err_errno(err, "cannot remove %s", path);
	removal = mem_alloc(sizeof(*removal));
	removal->base.job.work = removal_work;
	removal->base.job.done = removal_done;
	removal->path = STEAL(hidden);
	removal->stale = STEAL(copy->stale);
	removal->stales = copy->stales;
	snprintf(removal->what, sizeof(removal->what), "%s", copy->directory);
	removal->done = done;
	removal->context = context;
	core_submit(core, &removal->base);
	return 0;
}

static bool copy_is_named(const struct image_copy *copy, const char *name, const char *digest)
{
	return str_equal(copy->name, name) && (!digest || str_starts(copy->digest, digest));
}

/* The one that is meant. */
static struct image_copy *copy_choose(struct image_copies *copies, const char *name,
				      const char *digest, struct err *err)
{
	AUTO(buf) struct buf names = { 0 };
	struct image_copy *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < copies->count; i++) {
		struct image_copy *copy = &copies->copy[i];
		if (copy_is_named(copy, name, digest) && str_equal(copy->digest, digest))
			return copy;
		if (!copy_is_named(copy, name, digest))
			continue;
		found = copy;
		buf_fmt(&names, "%s%s@%s", count++ ? ", " : "", name, copy->digest);
	}
	if (count > 1)
		err_set(err, ERR_INVALID, "there are %zu of them, name one: %s", count,
			(char *)names.data);
	else if (!count)
		err_set(err, ERR_NOT_FOUND, "there is no image %.64s%s%.32s on the disk", name,
			digest ? "@" : "", digest ? digest : "");
	return count == 1 ? found : NULL;
}

static int copy_must_be_free(struct core *core, const struct image_copy *copy, struct err *err)
{
	AUTO(buf) struct buf users = { 0 };
	json_t *user;
	size_t i;

	json_array_foreach(copy->users, i, user)
		buf_fmt(&users, "%s%s %s", i ? ", " : "",
			json_string_value(json_object_get(user, "kind")),
			json_string_value(json_object_get(user, "name")));
	if (users.length)
		return err_set(err, ERR_CONFLICT, "image %s@%s is in use by %.300s: close the class, or bake "
			       "the template again from another image, first", copy->name, copy->digest,
			       (char *)users.data);
	if (core->bake || core->clones || !TAILQ_EMPTY(&core->queue))
		return err_set(err, ERR_CONFLICT,
			       "machines are being made: remove the image when they are there");
	return 0;
}

int image_remove(struct core *core, const struct actor *actor, const char *name, const char *digest,
		 image_removed_fn *done, void *context, struct err *err)
{
	struct image_copies copies;
	int result = -1;

	image_copies_look(core, &copies);
	struct image_copy *copy = copy_choose(&copies, name, digest, err);
	if (copy && copy_must_be_free(core, copy, err) == 0) {
		AUTO_FREE char *object = str_fmt("image %s@%s", copy->name, copy->digest);
		result = removal_begin(core, copy, done, context, err);
		if (result == 0)
			note(core, actor, "image.remove", 0, 0, object, "");
	}
	image_copies_free(&copies);
	return result;
}

void image_prune(struct core *core, const char *name)
{
	struct image_copies copies;
	unsigned seen = 0;

	image_copies_look(core, &copies);
	for (size_t i = 0; i < copies.count; i++) {
		const struct image_copy *copy = &copies.copy[i];
		struct err err = ERR_INIT;
		if (!str_equal(copy->name, name) || seen++ < KEPT || json_array_size(copy->users))
			continue;
		if (image_remove(core, NULL, name, copy->digest, NULL, NULL, &err) < 0)
			log_info("%s stays for now: %s", copy->directory, err.message);
	}
	image_copies_free(&copies);
}

void image_sweep(struct core *core)
{
	AUTO_FREE char *images = str_fmt("%s/images", core->config.state_dir);
	DIR *listing = opendir(images);
	struct err err = ERR_INIT;
	struct dirent *file;

	while (listing && (file = readdir(listing))) {
		AUTO_FREE char *path = str_fmt("%s/%s", images, file->d_name);
		if (str_starts(file->d_name, REMOVING) && remove_tree(path, &err) < 0)
			log_warning("%s", err.message);
	}
	if (listing)
		closedir(listing);
}
