/* QR codes as shapes: what is dark of one, as the path of an SVG. */
#ifndef HTTP_QR_H
#define HTTP_QR_H

#include <jansson.h>

/* {"size": modules on a side, "path": "M0 0h7v1h-7z..."}; null for a text that no code holds (over 2 kB).
 * Correction level M: a code stays readable with a seventh of it dirty. The quiet zone is the page's. */
json_t *view_qr(const char *text);

#endif
