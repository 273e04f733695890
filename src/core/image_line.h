/* What images/build says while it works: "progress FRACTION TEXT", one line a step. */
#ifndef CORE_IMAGE_LINE_H
#define CORE_IMAGE_LINE_H

#include <stdbool.h>

/* True for such a line with a fraction in [0, 1] and a text that is not empty; *text points into line.
 * Anything else is not progress, and changes nothing. */
bool image_line_parse(const char *line, double *fraction, const char **text);

#endif
