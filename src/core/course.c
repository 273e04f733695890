/* The courses that are installed. A pack, once read, stays in memory until the daemon ends: a class that
 * is open goes on with the pack it started with when a newer one takes its place. */
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
	bool current; /* found on disk by the last reading */
};

struct course_set {
	struct course_entry entry[COURSES_MAX];
	size_t count;
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

static void read_one(struct course_set *set, const char *directory)
{
	struct err err = ERR_INIT;
	struct pack *pack = pack_open(directory, NULL, &err);

	if (!pack) {
		add_problem(set, directory, err.message);
		return;
	}
	struct course_entry *known = find_digest(set, pack->digest);
	if (known) {
		known->current = true;
		pack_free(pack);
	} else if (set->count == COURSES_MAX) {
		add_problem(set, directory, "too many courses were read since the start; restart the daemon");
		pack_free(pack);
	} else {
		set->entry[set->count++] = (struct course_entry){ pack, true };
		log_info("course %s %s: %zu labs", pack->id, pack->version, pack->labs);
	}
}

static void read_all(struct course_set *set, const char *parent)
{
	struct dirent **names;
	int count = scandir(parent, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		AUTO_FREE char *directory = str_fmt("%s/%s", parent, names[i]->d_name);
		AUTO_FREE char *course = str_fmt("%s/course.xml", directory);
		struct stat status;
		if (names[i]->d_name[0] != '.' && stat(course, &status) == 0)
			read_one(set, directory);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

void course_reload(struct core *core)
{
	struct course_set *set = core->courses;
	AUTO_FREE char *own = str_fmt("%s/packs", core->config.state_dir);

	for (size_t i = 0; i < set->count; i++)
		set->entry[i].current = false;
	json_array_clear(set->problems);
	read_all(set, core->config.packs_dir);
	read_all(set, own);
	templates_refresh(core);
}

int courses_open(struct core *core, struct err *err)
{
	struct stat status;

	if (stat(core->config.packs_dir, &status) < 0)
		return err_errno(err, "the courses cannot be read from %s", core->config.packs_dir);
	core->courses = mem_alloc(sizeof(*core->courses));
	core->courses->problems = json_array();
	course_reload(core);
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
		if (entry->current && str_equal(entry->pack->id, id))
			return entry->pack;
	}
	return NULL;
}

size_t course_count(const struct core *core)
{
	size_t count = 0;

	for (size_t i = 0; i < core->courses->count; i++)
		count += core->courses->entry[i].current;
	return count;
}

const struct pack *course_at(const struct core *core, size_t index)
{
	for (size_t i = 0; i < core->courses->count; i++)
		if (core->courses->entry[i].current && index-- == 0)
			return core->courses->entry[i].pack;
	return NULL;
}

struct pack *course_of_class(struct core *core, const char *id, const char *version)
{
	struct pack *found = NULL;

	for (size_t i = 0; i < core->courses->count; i++) {
		struct course_entry *entry = &core->courses->entry[i];
		bool fits = str_equal(entry->pack->id, id) && str_equal(entry->pack->version, version);
		if (fits && (!found || entry->current))
			found = entry->pack;
	}
	return found;
}

json_t *course_problems(const struct core *core)
{
	return json_deep_copy(core->courses->problems);
}
