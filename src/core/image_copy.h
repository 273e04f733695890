/* The images that lie on the disk: every build of every recipe, also of recipes that have changed or
 * gone since, and who stands on each. What image.c finds for new machines is one of them. */
#ifndef CORE_IMAGE_COPY_H
#define CORE_IMAGE_COPY_H

#include "core/core.h"

struct image_copy {
	char name[64];       /* the recipe's: "debian-13" */
	char digest[32];     /* "0a1b2c3d4e5f", "0a1b2c3d4e5f-2": which build; unique with the name */
	char directory[112]; /* below <state>/images */
	char recipe[65];     /* digest of the recipe, builder and agent that it was made from; "": not said */
	int64_t built_at;
	uint64_t bytes;      /* on the disk, holes not counted */
	json_t *users;       /* [{"kind": "template"|"class", "name", "id"}]; id 0 for templates */
	char (*stale)[65];   /* keys of templates on it that nothing can be cloned from any more */
	size_t stales;
};

struct image_copies {
	struct image_copy *copy; /* newest first */
	size_t count;
};
/* Looks at images/, templates/ and the pool: some tens of microseconds for each disk. */
void image_copies_look(struct core *core, struct image_copies *copies);
void image_copies_free(struct image_copies *copies);
json_t *view_image_copy(const struct image_copy *copy);

/* err NULL: it is gone. */
typedef void image_removed_fn(void *context, const struct err *err);
/* Removes one image with all that is stale on it. digest: as above, or its beginning; NULL where
 * there is only one of this name. ERR_NOT_FOUND, ERR_INVALID (more than one fits: it names them),
 * ERR_CONFLICT: in use (it names by whom), or machines are being made just now. done is called once,
 * later, and only after 0. actor NULL: the daemon itself. */
int image_remove(struct core *core, const struct actor *actor, const char *name, const char *digest,
		 image_removed_fn *done, void *context, struct err *err);

/* Of the images of this name, those that nobody uses and that are not among the newest two go. */
void image_prune(struct core *core, const char *name);
/* What an earlier run of the daemon had begun to remove. */
void image_sweep(struct core *core);

#endif
