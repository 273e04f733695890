/* What an image's recipe says, for people to read: nothing in it is run here, and nothing is changed. On T0. */
#ifndef CORE_IMAGE_RECIPE_H
#define CORE_IMAGE_RECIPE_H

#include <jansson.h>

#define RECIPE_FILES_MAX 200         /* listed; the others are counted */
#define RECIPE_TEXT_MAX  (64 << 10)  /* bytes of a file whose text is given */
#define RECIPE_TEXTS_MAX (256 << 10) /* of all of them together */

/* {words: [{name, value}], packages: [name], shelf: [name], files: [file], left_out: how many files are not in
 * the list}, of the recipe in this directory. A file is {path, kind: "words" | "packages" | "shelf" | "script" |
 * "overlay" | "other", bytes, executable, link: where it points | null, text: null where it is no UTF-8 or too
 * long}; links are told, and never followed. What cannot be read is left out. */
json_t *image_recipe_view(const char *directory);

#endif
