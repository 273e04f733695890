/* Tables for spreadsheets (RFC 4180): UTF-8 with a byte order mark, which Excel wants; every text in quotes.
 * A text that a spreadsheet would take for a formula is written after an apostrophe, so that what a
 * student calls themselves runs nowhere. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdint.h>

#include "base/buf.h"

void csv_begin(struct buf *out);
void csv_text(struct buf *out, const char *text);
void csv_number(struct buf *out, int64_t number);
/* ms since 1970 as "2026-11-23 14:05:00", so many minutes east of UTC; an empty cell for 0. */
void csv_time(struct buf *out, int64_t ms, int east);
void csv_end_row(struct buf *out);

#endif
