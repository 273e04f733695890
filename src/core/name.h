/* The names that people give themselves. */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include <stdbool.h>

#include "base/err.h"

#define NAME_CHARACTERS 60
#define NAME_BYTES      (4 * NAME_CHARACTERS + 1)

/* Cleans what was typed: blanks (the ideographic one too) around it go, runs of them inside become
 * one space; else it stays as it is, composed or not. ERR_INVALID when nothing is left, when it is
 * longer than NAME_CHARACTERS, not UTF-8, or holds control characters or invisible ones
 * (zero-width, direction marks), with which one name could look like another. */
int name_clean(const char *typed, char name[NAME_BYTES], struct err *err);

/* What names are compared by: unicode_fold() without blanks, for 青木 葵 and 青木葵 are one. The caller frees. */
char *name_key(const char *name);

/* Holds characters that cannot be seen or turn the direction of writing. Clean UTF-8. */
bool name_has_invisible(const char *text);

#endif
