/* libFuzzer on rosters, from bytes to the JSON of the preview. Besides crashes, leaks and hangs it looks for
 * broken promises of core/roster.h: values and words are clean UTF-8 and bounded, what is right when it is
 * read is right when it comes back as people, and nothing makes more rows than a class has seats.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void check_row(const struct roster_row *row)
{
	for (int field = 0; field < ROSTER_FIELDS; field++)
		promise(row->value[field] && strlen(row->value[field]) < 4096 &&
			str_is_clean_utf8(row->value[field], strlen(row->value[field])));
	for (size_t i = 0; i < row->problems; i++)
		promise(row->problem[i].line == row->line && row->problem[i].code < ROSTER_CODES);
}

/* What a class would be made of is right a second time, and the same. */
static void check_again(const struct roster *roster)
{
	struct class_person people[CLASS_SEATS_MAX];
	AUTO(roster) struct roster again = { 0 };

	for (size_t i = 0; i < roster->rows; i++)
		people[i] = (struct class_person){ roster->row[i].value[ROSTER_NAME],
						   roster->row[i].value[ROSTER_MAIL],
						   roster->row[i].value[ROSTER_ORGANISATION],
						   roster->row[i].value[ROSTER_LANGUAGE] };
	roster_of(people, roster->rows, &again);
	promise(roster_is_right(&again));
	for (size_t i = 0; i < roster->rows; i++)
		for (int field = 0; field < ROSTER_FIELDS; field++)
			promise(str_equal(roster->row[i].value[field], again.row[i].value[field]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(roster) struct roster roster = { 0 };
	struct err err = ERR_INIT;

	if (roster_read((const char *)data, size, &roster, &err) < 0) {
		promise(err.kind == ERR_TOO_LARGE && size > ROSTER_BYTES_MAX);
		return 0;
	}
	promise(roster.rows <= CLASS_SEATS_MAX);
	for (size_t i = 0; i < roster.rows; i++)
		check_row(&roster.row[i]);
	json_t *view = view_roster(&roster);
	promise(view);
	json_decref(view);
	if (roster_is_right(&roster))
		check_again(&roster);
	else
		promise(roster_refuse(&roster, &err) < 0 && *err.message);
	return 0;
}
