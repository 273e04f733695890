#include "pack/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"

static void finding_append(struct pack_findings *findings, const char *file, int line,
			   char *message)
{
	findings->item = mem_grow(findings->item, findings->count + 1, sizeof(*findings->item));
	findings->item[findings->count++] =
		(struct pack_finding){ .file = str_copy(file), .line = line, .message = message };
}

static __attribute__((format(printf, 4, 0))) void
finding_add_v(struct reader *reader, const char *file, int line, const char *format, va_list args)
{
	char *message;

	if (reader->findings->count > PACK_FINDINGS_MAX)
		return;
	if (reader->findings->count == PACK_FINDINGS_MAX) {
		finding_append(reader->findings, file, 0,
			       str_copy("there are more findings; mend these first"));
		return;
	}
	if (vasprintf(&message, format, args) < 0)
		abort();
	finding_append(reader->findings, file, line, message);
}

void finding_add(struct reader *reader, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding_add_v(reader, file, line, format, args);
	va_end(args);
}

void finding_at(struct reader *reader, const void *thing, const char *format, ...)
{
	const struct place *place = reader_place(reader, thing);
	va_list args;

	va_start(args, format);
	finding_add_v(reader, place ? place->file : "course.xml", place ? place->line : 0, format,
		      args);
	va_end(args);
}

void reader_note(struct reader *reader, const void *thing, const char *file, const xmlNode *node)
{
	if (reader->places == reader->place_room) {
		reader->place_room = reader->place_room ? reader->place_room * 2 : 64;
		reader->place = mem_grow(reader->place, reader->place_room, sizeof(*reader->place));
	}
	reader->place[reader->places++] =
		(struct place){ .thing = thing, .file = file, .line = (int)xmlGetLineNo(node) };
}

const struct place *reader_place(const struct reader *reader, const void *thing)
{
	for (size_t i = 0; i < reader->places; i++)
		if (reader->place[i].thing == thing)
			return &reader->place[i];
	return NULL;
}

int findings_to_err(const struct pack_findings *findings, struct err *err)
{
	const struct pack_finding *first = &findings->item[0];

	if (first->line)
		return err_set(err, ERR_INVALID, "%s:%d: %s", first->file, first->line,
			       first->message);
	return err_set(err, ERR_INVALID, "%s: %s", first->file, first->message);
}

void pack_findings_free(struct pack_findings *findings)
{
	if (!findings)
		return;
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->item[i].file);
		free(findings->item[i].message);
	}
	free(findings->item);
	*findings = (struct pack_findings){ 0 };
}
