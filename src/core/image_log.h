/* What a build of an image prints, line by line, for whoever watches: kept in memory until the next build of
 * that name begins. On T0. */
#ifndef CORE_IMAGE_LOG_H
#define CORE_IMAGE_LOG_H

#include <jansson.h>
#include <stdint.h>

#include "loop/loop.h"

#define IMAGE_LOG_LINES 1000 /* the last so many */

struct image_log;

struct image_log *image_log_new(struct loop *loop);
void image_log_free(struct image_log *log); /* NULL-safe */

/* Forgets what was there, and follows the file at this path from now on: it need not be there yet, and may be
 * begun anew at any time. */
void image_log_begin(struct image_log *log, const char *path);
/* A line of the build's own, between those of the file. */
void image_log_add(struct image_log *log, const char *line);
/* The build has ended: takes what is left in the file. */
void image_log_end(struct image_log *log);

/* {next, lines}: the lines that have come since `next` was `after` (0: all that are kept). Numbers never go down
 * while the daemon runs, so that who asks again misses nothing and sees nothing twice. */
json_t *image_log_view(const struct image_log *log, uint64_t after);

#endif
