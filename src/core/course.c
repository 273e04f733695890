/* The courses that are installed, in all their versions. A pack, once read, stays in memory until the
 * daemon ends: a class goes on with the pack it was made with, whatever is installed, activated or removed
 * meanwhile. Of each course one version is active: the one that was chosen (a setting), as long as it is
 * there; else the newest. */
#include "core/internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_MODULE "course"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"

#define COURSES_MAX 256

struct course_entry {
	struct pack *pack;
	bool current; /* installed: found on disk by the last reading, or imported since */
	bool active;  /* what new classes get; one of each course's current ones */
};

struct course_set {
	struct course_entry entry[COURSES_MAX];
	size_t count;
	unsigned changes; /* packs that came or went by themselves, not by a reading */
	json_t *problems;
};

static struct course_entry *find_digest(struct course_set *set, const char *digest)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->entry[i].pack->digest, digest) == 0)
			return &set->entry[i];
	return NULL;
}

static void add_problem(struct course_set *set, const char *directory, const char *message)
{
	log_warning("the course in %s is left out: %s", directory, message);
	json_array_append_new(set->problems,
			      json_pack("{s:s, s:s}", "directory", directory, "message", message));
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* What was found in the folders of courses: on a lane, that the owner thread does not wait for it. */
struct finding {
	char *directory;
	struct pack *pack; /* NULL: message */
	char *message;
};

struct reading {
	struct job job;
	struct core *core;
	char *parent[2]; /* those that ship, those that were imported */
	struct finding *finding;
	size_t findings;
	unsigned changes; /* of the set, when it began */
	courses_read_fn *done;
	void *context;
};

static void read_one(struct reading *reading, const char *directory)
{
	struct err err = ERR_INIT;
	struct pack *pack = pack_open(directory, NULL, &err);

	reading->finding = mem_grow(reading->finding, reading->findings + 1, sizeof(*reading->finding));
	reading->finding[reading->findings++] = (struct finding){
		.directory = str_copy(directory), .pack = pack, .message = pack ? NULL : str_copy(err.message) };
}

static void read_folder(struct reading *reading, const char *parent)
{
	struct dirent **names;
	int count = scandir(parent, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		AUTO_FREE char *directory = str_fmt("%s/%s", parent, names[i]->d_name);
		AUTO_FREE char *course = str_fmt("%s/course.xml", directory);
		struct stat status;
		if (names[i]->d_name[0] != '.' && stat(course, &status) == 0)
			read_one(reading, directory);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void reading_work(struct job *job)
{
	struct reading *reading = (struct reading *)job;

	for (size_t i = 0; i < ARRAY_SIZE(reading->parent); i++)
		read_folder(reading, reading->parent[i]);
}

static void reading_clear(struct reading *reading)
{
	for (size_t i = 0; i < reading->findings; i++) {
		free(reading->finding[i].directory);
		free(reading->finding[i].message);
		pack_free(reading->finding[i].pack);
	}
	free(STEAL(reading->finding));
	reading->findings = 0;
}

static void reading_free(struct reading *reading)
{
	reading_clear(reading);
	for (size_t i = 0; i < ARRAY_SIZE(reading->parent); i++)
		free(reading->parent[i]);
	free(reading);
}

static void take(struct course_set *set, struct finding *finding)
{
	struct course_entry *known = finding->pack ? find_digest(set, finding->pack->digest) : NULL;

	if (!finding->pack) {
		add_problem(set, finding->directory, finding->message);
	} else if (known) {
		known->current = true;
	} else if (set->count == COURSES_MAX) {
		add_problem(set, finding->directory,
			    "too many courses were read since the start; restart the daemon");
	} else {
		struct pack *pack = STEAL(finding->pack);
		set->entry[set->count++] = (struct course_entry){ .pack = pack, .current = true };
		log_info("course %s %s: %zu labs", pack->id, pack->version, pack->labs);
	}
}

/* ---- versions -------------------------------------------------------------------------------- */

int course_compare_versions(const char *a, const char *b)
{
	while (*a && *b) {
		char *a_end, *b_end;
		long one = strtol(a, &a_end, 10), two = strtol(b, &b_end, 10);
		if (one != two)
			return one < two ? -1 : 1;
		a = a_end + (*a_end == '.');
		b = b_end + (*b_end == '.');
	}
	return (*a != 0) - (*b != 0);
}

static char *choice_key(const char *id)
{
	return str_fmt("pack.active.%s", id);
}

/* The entry that is active among those of a course; NULL when none is installed. */
static struct course_entry *choose(struct core *core, const char *id)
{
	AUTO_FREE char *key = choice_key(id);
	AUTO_FREE char *chosen = store_setting(core->store, key);
	struct course_entry *best = NULL;

	for (size_t i = 0; i < core->courses->count; i++) {
		struct course_entry *entry = &core->courses->entry[i];
		if (!entry->current || strcmp(entry->pack->id, id) != 0)
			continue;
		if (str_equal(entry->pack->version, chosen))
			return entry;
		if (!best || course_compare_versions(entry->pack->version, best->pack->version) > 0)
			best = entry;
	}
	return best;
}

static void choose_all(struct core *core)
{
	struct course_set *set = core->courses;

	for (size_t i = 0; i < set->count; i++)
		set->entry[i].active = false;
	for (size_t i = 0; i < set->count; i++) {
		struct course_entry *best = choose(core, set->entry[i].pack->id);
		if (best)
			best->active = true;
	}
	templates_refresh(core);
}

int course_choose(struct core *core, const char *id, const char *version, struct err *err)
{
	AUTO_FREE char *key = choice_key(id);

	if (store_set_setting(core->store, key, version, err) < 0)
		return -1;
	choose_all(core);
	return 0;
}

const struct pack *course_add(struct core *core, struct pack *pack, struct err *err)
{
	struct course_set *set = core->courses;
	struct course_entry *known = find_digest(set, pack->digest);

	if (!known && set->count == COURSES_MAX) {
		pack_free(pack);
		err_set(err, ERR_CAPACITY, "the pack is installed, and can be used after a restart: too many "
			"were read since the start");
		return NULL;
	}
	if (known) {
		free(known->pack->directory);
		known->pack->directory = STEAL(pack->directory);
		pack_free(pack);
	} else {
		known = &set->entry[set->count++];
		*known = (struct course_entry){ .pack = pack };
	}
	known->current = true;
	set->changes++;
	choose_all(core);
	return known->pack;
}

void course_forget(struct core *core, const struct pack *pack)
{
	for (size_t i = 0; i < core->courses->count; i++)
		if (core->courses->entry[i].pack == pack)
			core->courses->entry[i].current = false;
	core->courses->changes++;
	choose_all(core);
}

/* ---- reading all ----------------------------------------------------------------------------- */

static struct reading *reading_new(struct core *core)
{
	struct reading *reading = mem_alloc(sizeof(*reading));

	reading->core = core;
	reading->parent[0] = str_copy(core->config.packs_dir);
	reading->parent[1] = str_fmt("%s/packs", core->config.state_dir);
	reading->changes = core->courses->changes;
	return reading;
}

static void reading_apply(struct reading *reading)
{
	struct course_set *set = reading->core->courses;

	for (size_t i = 0; i < set->count; i++)
		set->entry[i].current = false;
	json_array_clear(set->problems);
	for (size_t i = 0; i < reading->findings; i++)
		take(set, &reading->finding[i]);
	choose_all(reading->core);
}

/* What was read before a pack came or went says nothing about it: it is read once more. */
static void reading_done(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	struct core *core = reading->core;

	if (!core->stopping && reading->changes != core->courses->changes) {
		reading_clear(reading);
		reading->changes = core->courses->changes;
		lanes_submit(core->packs, &reading->job);
		return;
	}
	if (!core->stopping)
		reading_apply(reading);
	reading->done(reading->context);
	reading_free(reading);
}

void courses_read(struct core *core, courses_read_fn *done, void *context)
{
	struct reading *reading = reading_new(core);

	reading->job = (struct job){ .work = reading_work, .done = reading_done };
	reading->done = done;
	reading->context = context;
	lanes_submit(core->packs, &reading->job);
}

int courses_open(struct core *core, struct err *err)
{
	struct stat status;

	if (stat(core->config.packs_dir, &status) < 0)
		return err_errno(err, "the courses cannot be read from %s", core->config.packs_dir);
	core->courses = mem_alloc(sizeof(*core->courses));
	core->courses->problems = json_array();
	struct reading *reading = reading_new(core); /* nobody waits for the owner thread yet */
	reading_work(&reading->job);
	reading_apply(reading);
	reading_free(reading);
	return 0;
}

void courses_free(struct core *core)
{
	struct course_set *set = core->courses;

	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		pack_free(set->entry[i].pack);
	json_decref(set->problems);
	free(set);
}

const struct pack *course_find(struct core *core, const char *id)
{
	for (size_t i = 0; i < core->courses->count; i++) {
		struct course_entry *entry = &core->courses->entry[i];
		if (entry->active && str_equal(entry->pack->id, id))
			return entry->pack;
	}
	return NULL;
}

size_t course_count(const struct core *core)
{
	size_t count = 0;

	for (size_t i = 0; i < core->courses->count; i++)
		count += core->courses->entry[i].active;
	return count;
}

const struct pack *course_at(const struct core *core, size_t index)
{
	for (size_t i = 0; i < core->courses->count; i++)
		if (core->courses->entry[i].active && index-- == 0)
			return core->courses->entry[i].pack;
	return NULL;
}

const struct pack *course_installed(const struct core *core, size_t index)
{
	for (size_t i = 0; i < core->courses->count; i++)
		if (core->courses->entry[i].current && index-- == 0)
			return core->courses->entry[i].pack;
	return NULL;
}

const struct pack *course_version(const struct core *core, const char *id, const char *version)
{
	const struct pack *pack;

	for (size_t i = 0; !version && (pack = course_at(core, i)); i++)
		if (str_equal(pack->id, id))
			return pack;
	for (size_t i = 0; version && (pack = course_installed(core, i)); i++)
		if (str_equal(pack->id, id) && str_equal(pack->version, version))
			return pack;
	return NULL;
}

static bool is_taught(const struct core *core, const struct pack *pack)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (class->pack == pack && class->state != CLASS_CLOSED)
			return true;
	return false;
}

const struct pack *course_needed(const struct core *core, size_t index)
{
	for (size_t i = 0; i < core->courses->count; i++) {
		const struct course_entry *entry = &core->courses->entry[i];
		if ((entry->active || is_taught(core, entry->pack)) && index-- == 0)
			return entry->pack;
	}
	return NULL;
}

/* What the class was made with; kept for it when it is not installed any more. A version that was edited
 * in its place comes last: better than no class. */
struct pack *course_of_class(struct core *core, const char *id, const char *version, const char *digest)
{
	struct course_set *set = core->courses;
	struct course_entry *known = find_digest(set, digest);
	struct pack *kept = known || set->count == COURSES_MAX ? NULL : packs_kept(core, digest);

	if (known)
		return known->pack;
	if (kept) {
		set->entry[set->count++] = (struct course_entry){ .pack = kept };
		return kept;
	}
	return (struct pack *)course_version(core, id, version);
}

json_t *course_problems(const struct core *core)
{
	return json_deep_copy(core->courses->problems);
}
