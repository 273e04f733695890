/* Courses that can be taught here, and the images and templates that they stand on. */
#ifndef CORE_COURSE_H
#define CORE_COURSE_H

#include "core/core.h"

/* Valid packs of packs_dir and state_dir/packs, loaded at start and on reload; of each course the version
 * that is active (core/packs.h). */
const struct pack *course_find(struct core *core, const char *id);
/* One that is installed, active or not; version NULL: the active one. */
const struct pack *course_version(const struct core *core, const char *id, const char *version);
size_t course_count(const struct core *core);
const struct pack *course_at(const struct core *core, size_t index);
/* Reads all again, on a lane: done is called when courses are as they are on disk, or the daemon ends. A broken
 * pack is logged and left out, its finding kept for course_problems(). */
typedef void courses_read_fn(void *context);
void courses_read(struct core *core, courses_read_fn *done, void *context);
json_t *course_problems(const struct core *core); /* [{directory, message}] */

/* ---- long work that is watched: building an image, baking a template ------------------------- */

enum work_state { WORK_RUNNING, WORK_DONE, WORK_FAILED };
struct work {
	LIST_ENTRY(work) entry;
	int64_t id;
	int64_t class_id;   /* whose staff hears of it; 0: all staff */
	char kind[16];      /* "image", "template" */
	char object[128];   /* "debian-13", "linux-intro/desk" */
	enum work_state state;
	char step[128];     /* what it is doing now */
	double fraction;    /* 0..1 done, by time of the last run or by steps */
	uint64_t started_mono, left_ms; /* about; 0: unknown */
	char message[512];  /* of a failure */
	uint64_t took_ms;
};
LIST_HEAD(work_list, work);
struct work_list *core_works(struct core *core);
struct work *core_work(struct core *core, int64_t id); /* NULL: none, or one that ended long ago */
json_t *view_work(const struct work *work);

/* Starts one, or gives the one that is under way, or *work NULL when it is there already and force is
 * false. Told on the bus as "job". */
int image_build(struct core *core, const char *name, bool force, struct work **work, struct err *err);
json_t *image_list(struct core *core);
/* One of them, with what its recipe says (core/image_recipe.h), where that lies, what beside it goes into the digest,
 * and which machines of courses are made from it. NULL with err: no such recipe. */
json_t *image_show(struct core *core, const char *name, struct err *err);
/* What the newest build of this name has printed since (core/image_log.h). NULL with err: no such recipe. */
json_t *image_log(struct core *core, const char *name, uint64_t after, struct err *err);
/* All templates of a course's version (NULL: the active one); builds missing images first. */
int template_bake(struct core *core, const char *course, const char *version, bool force,
		  struct work **work, struct err *err);
json_t *template_list(struct core *core);

/* ---- the seam to core/image.c: a recipe as a child process ----------------------------------- */

struct image {
	char name[64], digest[65];
	char *disk, *kernel, *initrd, *cmdline; /* absolute paths; cmdline is text */
	uint64_t disk_bytes, virtual_bytes;
};
/* The built image of this name whose digest fits the recipe as it is now; ERR_NOT_FOUND else. */
int image_find(struct core *core, const char *name, struct image *image, struct err *err);
void image_free(struct image *image);

#endif
