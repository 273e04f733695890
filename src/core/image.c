/* Images: one per recipe, made by the script images/build as a child process.
 *
 * An image fits its recipe by a digest over everything that goes into it: the recipe's files, the script,
 * the agent. Only the script knows how that digest is made, and it takes a moment, so it is asked once
 * and its answer is kept, also over restarts, together with a signature of the files (names, sizes,
 * times), which is cheap enough to look at on T0 whenever somebody asks. Only when the signature
 * differs is the script asked again. Until it has answered, what was known holds: most often the files
 * were only written anew, and a launch must not fail for that. A build waits for the answer.
 *
 * A built image is the directory <state>/images/<name>-<first 12 of the recipe's digest>[-<n>]. It appears
 * whole or not at all (the script's doing), and never changes: disks of templates stand on it. A forced
 * build makes another directory; the newest that fits is the one that is found. image.digest is the
 * digest of what came out, not of what went in: it differs between two builds of one recipe.
 */
#include "core/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LOG_MODULE "image"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "core/image_copy.h"
#include "core/image_line.h"
#include "core/image_log.h"
#include "core/image_recipe.h"
#include "loop/child.h"

#define DIGEST_HEX 64

struct recipe {
	LIST_ENTRY(recipe) entry;
	struct core *core;
	char name[64];
	uint64_t signature;          /* of the files that digest was made from */
	char digest[DIGEST_HEX + 1]; /* "" while it is not known */
	char problem[512];           /* why it is not known */
	char answer[DIGEST_HEX + 1]; /* of the script that is being asked */
	struct child *asking;        /* the script, for the digest */
	struct child *building;
	struct work *work;           /* of the build that runs or waits for the digest */
	struct image_log *log;       /* what it prints, or the last one printed */
	bool force;
};

struct image_set {
	LIST_HEAD(, recipe) recipes;
};

/* ---- the recipe's digest ---------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;

	while (length--)
		hash = (hash ^ *byte++) * 0x100000001b3u; /* FNV-1a */
	return hash;
}

static uint64_t mix_file(uint64_t hash, const char *path, const struct stat *about)
{
	hash = mix(hash, path, strlen(path));
	hash = mix(hash, &about->st_size, sizeof(about->st_size));
	hash = mix(hash, &about->st_mode, sizeof(about->st_mode));
	return mix(hash, &about->st_mtim, sizeof(about->st_mtim));
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static char *script_path(const struct core *core)
{
	return str_fmt("%s/build", core->config.images_dir);
}

static char *recipe_path(const struct recipe *recipe)
{
	return str_fmt("%s/%s", recipe->core->config.images_dir, recipe->name);
}

/* It lies beside the agent. */
static char *loader_path(const struct core *core)
{
	const char *agent = core->config.agent, *slash = strrchr(agent, '/');

	return str_fmt("%.*sterakoya-loader", slash ? (int)(slash + 1 - agent) : 0, agent);
}

static uint64_t recipe_signature(const struct recipe *recipe)
{
	AUTO_FREE char *script = script_path(recipe->core);
	AUTO_FREE char *directory = recipe_path(recipe);
	AUTO_FREE char *loader = loader_path(recipe->core);
	char *paths[] = { directory, script, (char *)recipe->core->config.agent, loader, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	uint64_t hash = 0xcbf29ce484222325u;
	FTSENT *file;

	if (!tree)
		return 0;
	while ((file = fts_read(tree)))
		if (file->fts_info == FTS_F || file->fts_info == FTS_SL || file->fts_info == FTS_SLNONE)
			hash = mix_file(hash, file->fts_path, file->fts_statp);
	fts_close(tree);
	return hash;
}

static char *digest_key(const struct recipe *recipe)
{
	return str_fmt("image-digest:%s", recipe->name);
}

static void digest_recall(struct recipe *recipe)
{
	AUTO_FREE char *key = digest_key(recipe);
	AUTO_FREE char *value = store_setting(recipe->core->store, key);
	unsigned long long signature;
	char digest[DIGEST_HEX + 1];

	if (!value || sscanf(value, "%llx %64[0-9a-f]", &signature, digest) != 2 ||
	    strlen(digest) != DIGEST_HEX)
		return;
	recipe->signature = signature;
	memcpy(recipe->digest, digest, sizeof(digest));
}

static void digest_keep(const struct recipe *recipe)
{
	AUTO_FREE char *key = digest_key(recipe);
	AUTO_FREE char *value =
		str_fmt("%llx %s", (unsigned long long)recipe->signature, recipe->digest);
	struct err err = ERR_INIT;

	if (store_set_setting(recipe->core->store, key, value, &err) < 0)
		log_warning("%s", err.message);
}

static void digest_line(void *context, const char *line)
{
	struct recipe *recipe = context;

	if (strlen(line) == DIGEST_HEX && strspn(line, "0123456789abcdef") == DIGEST_HEX)
		memcpy(recipe->answer, line, DIGEST_HEX + 1);
}

static void build_go_on(struct recipe *recipe);
static void build_end(struct recipe *recipe, const char *message);

/* The script's own name says nothing to people. */
static const char *complaint_text(const char *complaint)
{
	if (str_starts(complaint, "build: "))
		return complaint + strlen("build: ");
	return *complaint ? complaint : "images/build ended without a word";
}

static void digest_ended(void *context, int status, const char *complaint)
{
	struct recipe *recipe = context;

	memcpy(recipe->digest, recipe->answer, sizeof(recipe->digest));
	if (status != 0 || !*recipe->digest) {
		*recipe->digest = 0;
		snprintf(recipe->problem, sizeof(recipe->problem), "%s", complaint_text(complaint));
		log_warning("%s: %s", recipe->name, recipe->problem);
	} else {
		*recipe->problem = 0;
		digest_keep(recipe);
	}
	child_free(STEAL(recipe->asking));
	if (recipe->work)
		build_go_on(recipe);
	templates_refresh(recipe->core);
}

static void digest_ask(struct recipe *recipe)
{
	static const struct child_events events = { digest_line, digest_ended };
	AUTO_FREE char *script = script_path(recipe->core);
	AUTO_FREE char *directory = recipe_path(recipe);
	char *argv[] = { script, (char *)"--digest", directory, (char *)recipe->core->config.agent, NULL };
	struct err err = ERR_INIT;

	*recipe->answer = 0;
	snprintf(recipe->problem, sizeof(recipe->problem), "its recipe is being looked at");
	recipe->asking = child_start(recipe->core->loop, argv, &events, recipe, &err);
	if (!recipe->asking) {
		snprintf(recipe->problem, sizeof(recipe->problem), "%.500s", err.message);
		log_error("%s: %s", recipe->name, recipe->problem);
	}
}

/* Makes sure that the digest is that of the files as they are now, or is being asked for. */
static void digest_refresh(struct recipe *recipe)
{
	uint64_t signature;

	if (recipe->asking)
		return;
	signature = recipe_signature(recipe);
	if (signature == recipe->signature && (*recipe->digest || *recipe->problem))
		return;
	recipe->signature = signature;
	digest_ask(recipe);
}

/* ---- what is built ---------------------------------------------------------------------------- */

static char *images_path(const struct core *core)
{
	return str_fmt("%s/images", core->config.state_dir);
}

/* The image.json of a directory, when it belongs to this recipe as it is now. NULL else. */
static json_t *image_read(const struct recipe *recipe, const char *directory)
{
	AUTO_FREE char *path = str_fmt("%s/image.json", directory);
	AUTO_FREE char *disk = str_fmt("%s/disk.qcow2", directory);
	json_t *about = json_load_file(path, 0, NULL);

	if (about && str_equal(json_string_value(json_object_get(about, "recipe")), recipe->digest) &&
	    str_equal(json_string_value(json_object_get(about, "name")), recipe->name) &&
	    access(disk, R_OK) == 0)
		return about;
	json_decref(about);
	return NULL;
}

static json_int_t integer(json_t *about, const char *key)
{
	return json_integer_value(json_object_get(about, key));
}

/* The newest image that fits: its description, and its directory in *directory. NULL when there is none. */
static json_t *image_newest(const struct recipe *recipe, char **directory)
{
	AUTO_FREE char *images = images_path(recipe->core);
	AUTO_FREE char *prefix = str_fmt("%s-%.12s", recipe->name, recipe->digest);
	DIR *listing = *recipe->digest ? opendir(images) : NULL;
	json_t *newest = NULL;
	struct dirent *file;

	while (listing && (file = readdir(listing))) {
		AUTO_FREE char *path = str_fmt("%s/%s", images, file->d_name);
		json_t *about = str_starts(file->d_name, prefix) ? image_read(recipe, path) : NULL;

		if (!about || (newest && integer(about, "built_at") <= integer(newest, "built_at"))) {
			json_decref(about);
			continue;
		}
		json_decref(newest);
		newest = about;
		free(*directory);
		*directory = STEAL(path);
	}
	if (listing)
		closedir(listing);
	return newest;
}

static struct recipe *recipe_find(struct core *core, const char *name, struct err *err)
{
	struct recipe *recipe;

	LIST_FOREACH(recipe, &core->images->recipes, entry)
		if (str_equal(recipe->name, name))
			return recipe;
	err_set(err, ERR_NOT_FOUND, "there is no recipe for an image named \"%.60s\" in %s", name,
		core->config.images_dir);
	return NULL;
}

int image_find(struct core *core, const char *name, struct image *image, struct err *err)
{
	struct recipe *recipe = recipe_find(core, name, err);
	AUTO_FREE char *directory = NULL;
	json_t *about;

	if (!recipe)
		return -1;
	digest_refresh(recipe);
	about = image_newest(recipe, &directory);
	if (!about)
		return err_set(err, ERR_NOT_FOUND,
			       "the image %s is not built%s%s; build it on the page Images or with "
			       "`terakoya image build %s`",
			       name, *recipe->problem ? ": " : "", recipe->problem, name);
	*image = (struct image){
		.disk = str_fmt("%s/disk.qcow2", directory),
		.kernel = str_fmt("%s/vmlinuz", directory),
		.initrd = str_fmt("%s/initrd", directory),
		.cmdline = str_copy(json_string_value(json_object_get(about, "cmdline"))),
		.disk_bytes = (uint64_t)integer(about, "disk_bytes"),
		.virtual_bytes = (uint64_t)integer(about, "virtual_bytes"),
	};
	snprintf(image->name, sizeof(image->name), "%s", recipe->name);
	snprintf(image->digest, sizeof(image->digest), "%s",
		 json_string_value(json_object_get(about, "digest")) ?: "");
	json_decref(about);
	return 0;
}

void image_free(struct image *image)
{
	free(image->disk);
	free(image->kernel);
	free(image->initrd);
	free(image->cmdline);
	*image = (struct image){ 0 };
}

/* ---- building --------------------------------------------------------------------------------- */

static void build_end(struct recipe *recipe, const char *message)
{
	work_end(recipe->core, STEAL(recipe->work), message);
	if (!message)
		templates_refresh(recipe->core);
}

static void build_line(void *context, const char *line)
{
	struct recipe *recipe = context;
	const char *text;
	double fraction;

	if (!image_line_parse(line, &fraction, &text)) {
		image_log_add(recipe->log, line);
		return;
	}
	if (strcmp(recipe->work->step, text) != 0)
		image_log_add(recipe->log, text);
	work_progress(recipe->core, recipe->work, fraction, text);
}

static void build_ended(void *context, int status, const char *complaint)
{
	struct recipe *recipe = context;
	AUTO_FREE char *message = NULL;

	if (WIFSIGNALED(status))
		message = str_fmt("images/build was ended by signal %d; build again", WTERMSIG(status));
	else if (status != 0)
		message = str_copy(complaint_text(complaint));
	child_free(STEAL(recipe->building));
	image_log_end(recipe->log);
	if (message)
		image_log_add(recipe->log, message);
	build_end(recipe, message);
	if (!message)
		image_prune(recipe->core, recipe->name);
}

/* A name that is not taken: what exists may have templates standing on it. */
static char *build_target(const struct recipe *recipe)
{
	AUTO_FREE char *images = images_path(recipe->core);
	char *path = str_fmt("%s/%s-%.12s", images, recipe->name, recipe->digest);

	for (unsigned n = 2; access(path, F_OK) == 0; n++) {
		free(path);
		path = str_fmt("%s/%s-%.12s-%u", images, recipe->name, recipe->digest, n);
	}
	return path;
}

static int build_start(struct recipe *recipe, struct err *err)
{
	static const struct child_events events = { build_line, build_ended };
	AUTO_FREE char *script = script_path(recipe->core);
	AUTO_FREE char *directory = recipe_path(recipe);
	AUTO_FREE char *target = build_target(recipe);
	AUTO_FREE char *log = str_fmt("%s.partial/log", target);
	char *argv[] = { script, directory, (char *)recipe->core->config.agent, target, NULL };

	image_log_begin(recipe->log, log);
	recipe->building = child_start(recipe->core->loop, argv, &events, recipe, err);
	return recipe->building ? 0 : -1;
}

/* The digest is known, or why it is not. */
static void build_go_on(struct recipe *recipe)
{
	AUTO_FREE char *directory = NULL;
	struct err err = ERR_INIT;
	json_t *about = recipe->force ? NULL : image_newest(recipe, &directory);

	if (about || !*recipe->digest) {
		json_decref(about);
		build_end(recipe, about ? NULL : recipe->problem);
		return;
	}
	if (build_start(recipe, &err) < 0)
		build_end(recipe, err.message);
}

int image_build(struct core *core, const char *name, bool force, struct work **work, struct err *err)
{
	struct recipe *recipe = recipe_find(core, name, err);
	AUTO_FREE char *directory = NULL;
	json_t *about = NULL;

	if (!recipe)
		return -1;
	if (!recipe->work) {
		digest_refresh(recipe);
		about = force || recipe->asking ? NULL : image_newest(recipe, &directory);
		if (!about) {
			recipe->force = force;
			recipe->work = work_start(core, "image", name);
			if (!recipe->asking)
				build_go_on(recipe);
		}
	}
	json_decref(about);
	*work = about ? NULL : work_newest(core, "image", name);
	return 0;
}

json_t *image_log(struct core *core, const char *name, uint64_t after, struct err *err)
{
	const struct recipe *recipe = recipe_find(core, name, err);

	return recipe ? image_log_view(recipe->log, after) : NULL;
}

/* All builds of this name, newest first; each says whether it was made from that recipe, and is the one found. */
static json_t *copies_view(const struct image_copies *copies, const char *name, const char *recipe,
			   const char *found)
{
	json_t *list = json_array();

	for (size_t i = 0; i < copies->count; i++) {
		const struct image_copy *copy = &copies->copy[i];
		if (!str_equal(copy->name, name))
			continue;
		json_t *view = view_image_copy(copy);
		json_object_set_new(view, "fits", json_boolean(*recipe && str_equal(copy->recipe, recipe)));
		json_object_set_new(view, "current",
				    json_boolean(found && str_ends(found, copy->directory)));
		json_array_append_new(list, view);
	}
	return list;
}

static json_t *recipe_view(struct recipe *recipe, const struct image_copies *copies)
{
	AUTO_FREE char *directory = NULL;
	json_t *about, *view;

	digest_refresh(recipe);
	about = image_newest(recipe, &directory);
	view = json_pack("{s:s, s:s, s:b, s:b, s:s}", "name", recipe->name, "recipe", recipe->digest, "built",
			 about != NULL, "building", recipe->work != NULL, "problem", recipe->problem);
	if (about) {
		json_object_update(view, about);
		json_object_set_new(view, "path", json_string(directory));
		json_object_del(view, "cmdline");
		json_decref(about);
	}
	json_object_set_new(view, "copies", copies_view(copies, recipe->name, recipe->digest, directory));
	return view;
}

/* The machines of courses that are made from it; of each course the version that new classes get. */
static json_t *courses_view(const struct core *core, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < course_count(core); i++) {
		const struct pack *pack = course_at(core, i);
		for (size_t k = 0; k < pack->machines; k++)
			if (str_equal(pack->machine[k].image, name))
				json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "course", pack->id, "version",
								      pack->version, "machine",
								      pack->machine[k].name));
	}
	return list;
}

json_t *image_show(struct core *core, const char *name, struct err *err)
{
	struct recipe *recipe = recipe_find(core, name, err);
	struct image_copies copies;
	json_t *view;

	if (!recipe)
		return NULL;
	AUTO_FREE char *directory = recipe_path(recipe);
	AUTO_FREE char *script = script_path(core);
	AUTO_FREE char *loader = loader_path(core);
	image_copies_look(core, &copies);
	view = recipe_view(recipe, &copies);
	image_copies_free(&copies);
	json_object_set_new(view, "content", image_recipe_view(directory));
	json_object_set_new(view, "directory", json_string(directory));
	json_object_set_new(view, "beside", json_pack("[s, s, s]", script, core->config.agent, loader));
	json_object_set_new(view, "courses", courses_view(core, name));
	return view;
}

/* Images whose recipes are gone can be used and removed like any. */
static void lost_view(struct core *core, const struct image_copies *copies, json_t *list)
{
	for (size_t i = 0; i < copies->count; i++) {
		const char *name = copies->copy[i].name;
		bool listed = recipe_find(core, name, NULL) != NULL;
		for (size_t k = 0; k < i && !listed; k++)
			listed = str_equal(copies->copy[k].name, name);
		if (!listed)
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:b, s:b, s:s, s:o}", "name", name,
						"recipe", "", "built", 0, "building", 0, "problem",
						"its recipe is gone", "copies",
						copies_view(copies, name, "", NULL)));
	}
}

json_t *image_list(struct core *core)
{
	json_t *list = json_array();
	struct image_copies copies;
	struct recipe *recipe;

	image_copies_look(core, &copies);
	LIST_FOREACH(recipe, &core->images->recipes, entry)
		json_array_append_new(list, recipe_view(recipe, &copies));
	lost_view(core, &copies, list);
	image_copies_free(&copies);
	return list;
}

/* ---- start and stop --------------------------------------------------------------------------- */

static void recipe_add(struct core *core, const char *name)
{
	AUTO_FREE char *words = str_fmt("%s/%s/recipe", core->config.images_dir, name);
	struct recipe *recipe;

	if (name[0] == '.' || strlen(name) >= sizeof(recipe->name) || access(words, R_OK) < 0)
		return;
	recipe = mem_alloc(sizeof(*recipe));
	recipe->core = core;
	recipe->log = image_log_new(core->loop);
	snprintf(recipe->name, sizeof(recipe->name), "%s", name);
	LIST_INSERT_HEAD(&core->images->recipes, recipe, entry);
	digest_recall(recipe);
	digest_refresh(recipe);
}

int images_open(struct core *core, struct err *err)
{
	AUTO_FREE char *images = images_path(core);
	DIR *listing = opendir(core->config.images_dir);
	struct dirent *file;

	core->images = mem_alloc(sizeof(*core->images));
	LIST_INIT(&core->images->recipes);
	if (mkdir(images, 0755) < 0 && errno != EEXIST) {
		if (listing)
			closedir(listing);
		return err_errno(err, "cannot make %s", images);
	}
	image_sweep(core);
	while (listing && (file = readdir(listing)))
		recipe_add(core, file->d_name);
	if (listing)
		closedir(listing);
	else
		log_warning("there are no recipes in %s: images cannot be built", core->config.images_dir);
	return 0;
}

void images_free(struct core *core)
{
	struct recipe *recipe;

	if (!core->images)
		return;
	while ((recipe = LIST_FIRST(&core->images->recipes))) {
		child_free(recipe->asking);
		child_free(recipe->building);
		image_log_free(recipe->log);
		LIST_REMOVE(recipe, entry);
		free(recipe);
	}
	free(core->images);
	core->images = NULL;
}
